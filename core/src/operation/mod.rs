//! What an operation is: data from which a request is built and with which its
//! answer is read.

mod any;
mod create;
mod delete;
mod get;
mod get_current_key_metadata;
mod list;
mod salvage;
mod update;

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

pub(crate) use any::OneOfSix;
pub use any::{AnyOperation, AnyOutput};
pub use create::{Create, Created, External};
pub use delete::{Delete, Deleted};
pub use get::Get;
pub use get_current_key_metadata::GetCurrentKeyMetadata;
pub use list::{List, PAGE_SIZE, Page};
pub use update::Update;

use crate::error::{BuildError, BuildErrorKind, DecodeError, DecodeErrorKind};
use crate::field::{Field, FieldValue};
use crate::json::{Extra, Json};
use crate::reader::{Reader, Target};
use crate::repair::text_of;

/// One operation of the API with its arguments.
///
/// It holds data and does nothing: no base URL, no headers, no authorization,
/// so that no operation can forget or override them. The six of the API are
/// [`List`], [`Create`], [`Get`], [`Update`], [`Delete`] and
/// [`GetCurrentKeyMetadata`]; a caller may add operations of other endpoints.
pub trait Operation {
    /// What a successful answer holds.
    type Output;

    /// The operation's name in errors and traces.
    fn name(&self) -> &'static str;

    /// What sending the request twice would do.
    fn replay(&self) -> Replay;

    /// Checks the arguments and writes them down as a request.
    fn parts(&self) -> Result<Parts, BuildError>;

    /// Reads the body of a 2xx answer.
    fn parse(&self, body: &[u8]) -> Result<Parsed<Self::Output>, DecodeError>;

    /// The secret that the server made. One that the request itself held is none,
    /// and its answer counts as one that cannot be read.
    fn made<'a>(&self, output: &'a Self::Output) -> Option<&'a str> {
        let _ = output;
        None
    }

    /// What to look for if a request of unknown effect was sent.
    fn orphan(&self) -> Option<Orphan<'_>> {
        None
    }

    /// A text of the arguments that must not surface, if there is one.
    fn secret(&self) -> Option<&str> {
        None
    }

    /// The output if the server says 404 after an earlier attempt of the same
    /// call may have been processed.
    fn gone(&self) -> Option<Self::Output> {
        None
    }
}

/// What sending the same request twice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// It only reads.
    Reads,
    /// The second changes nothing that the first did not: its body is absolute.
    ChangesOnce,
    /// The second makes one more.
    Duplicates,
}

impl Replay {
    /// Whether a request of unknown effect may be sent again.
    pub fn is_safe(self) -> bool {
        match self {
            Self::Reads | Self::ChangesOnce => true,
            Self::Duplicates => false,
        }
    }
}

/// The key that a create of unknown effect may have left.
#[derive(Clone, Copy, Debug)]
pub struct Orphan<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its workspace; `None` means the default one.
    pub workspace_id: Option<&'a str>,
}

/// An operation written down: everything of a request that is its own.
#[derive(Clone)]
pub struct Parts {
    /// The method.
    pub method: Method,
    /// The path below the base URL with its query, beginning with a slash.
    pub path: Cow<'static, str>,
    /// The JSON body.
    pub body: Option<Bytes>,
}

impl Parts {
    fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self { method, path: path.into(), body: None }
    }

    /// Adds a body of about this length. One that outgrows it leaves a copy of
    /// its beginning in memory.
    fn with_json<T: Serialize>(self, body: &T, length: usize) -> Result<Self, BuildError> {
        let mut json = Vec::with_capacity(length);
        serde_json::to_writer(&mut json, body).map_err(|_| {
            BuildError::new(BuildErrorKind::Name, "the arguments cannot be written as JSON")
        })?;
        Ok(Self { body: Some(json.into()), ..self })
    }
}

/// Most bodies are not longer.
const USUAL_BODY: usize = 128;

/// An answer read.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// What the operation promises.
    pub output: T,
    /// The fields beside it that this version does not know.
    pub envelope: Extra,
}

/// Reads `{"data": …}`, where nothing can be had without `data`.
fn parse_data<T: FieldValue>(body: &[u8]) -> Result<Parsed<T>, DecodeError> {
    let mut envelope = Envelope { data: Field::Absent, extra: Extra::default() };
    parse_some(&mut envelope, body)?;
    match envelope.data {
        Field::Value(output) => Ok(Parsed { output, envelope: envelope.extra }),
        Field::Absent => Err(DecodeError::at("$.data", DecodeErrorKind::Missing)),
        Field::Null | Field::Odd(_) => Err(DecodeError::at("$.data", DecodeErrorKind::WrongType)),
    }
}

/// `data`, and the fields beside it that this version does not know.
struct Envelope<T> {
    data: Field<T>,
    extra: Extra,
}

impl<T: FieldValue> Target for Envelope<T> {
    fn names(&self) -> &'static [&'static str] {
        &["data"]
    }

    fn field(&mut self, _: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.data = T::read(reader)?;
        Ok(())
    }

    fn unknown(&mut self, name: String, json: Json) {
        self.extra.push(name, json);
    }
}

/// Reads a body that must not be empty.
fn parse_some(target: &mut dyn Target, body: &[u8]) -> Result<(), DecodeError> {
    if body.trim_ascii().is_empty() {
        return Err(DecodeError::at("$", DecodeErrorKind::Empty));
    }
    parse_into(target, body)
}

/// Reads a body, which is to be an object.
pub(crate) fn parse_into(target: &mut dyn Target, body: &[u8]) -> Result<(), DecodeError> {
    Reader::new(&text_of(body)).document(target)
}

/// A workspace's id is a UUID; anything else would leave the query's value or
/// name nothing.
fn check_workspace_id(id: &str) -> Result<(), BuildError> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups = id
        .split('-')
        .map(|group| group.bytes().all(|b| b.is_ascii_hexdigit()).then_some(group.len()));
    if groups.eq(LENGTHS.map(Some)) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::WorkspaceId,
        "the workspace id is no UUID; it looks like 0df9e665-d932-5740-b2c7-b52af166bc11",
    ))
}

fn check_name(name: &str) -> Result<(), BuildError> {
    if name.is_empty() {
        return Err(BuildError::new(
            BuildErrorKind::Name,
            "the key's name is empty; give at least one character",
        ));
    }
    Ok(())
}
