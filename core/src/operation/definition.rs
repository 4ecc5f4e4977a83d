//! What an operation is: data from which a request is built and with which its
//! answer is read.

use serde::de::DeserializeOwned;

use super::parts::Parts;

use crate::json::{ObjectVisitor, Reader, SyntaxError, text_of};
use crate::types::{
    BuildError, BuildErrorKind, DecodeError, DecodeErrorKind, Extra, Field, FieldValue, Json,
};

/// One operation of the API with its arguments.
///
/// It holds data and does nothing: no base URL, no headers, no authorization,
/// so that no operation can forget or override them. The six of the API are
/// [`List`], [`Create`], [`Get`], [`Update`], [`Delete`] and
/// [`GetCurrentKeyMetadata`]; [`ApiRequest`] is any other one, and your own type
/// is as good as those:
///
/// ```
/// use openrouter_keys_core::test_util::{FakeTransport, Reply};
/// use openrouter_keys_core::operation::{Operation, Parsed, Parts, Replay};
/// use openrouter_keys_core::{ApiKey, Client};
/// use openrouter_keys_core::error::{BuildError, DecodeError};
///
/// struct GetCredits;
///
/// #[derive(serde::Deserialize)]
/// struct Credits {
///     total_credits: f64,
///     total_usage: f64,
/// }
///
/// impl Operation for GetCredits {
///     type Output = Credits;
///
///     fn name(&self) -> &'static str {
///         "get_credits"
///     }
///
///     fn replay(&self) -> Replay {
///         Replay::Reads
///     }
///
///     fn parts(&self) -> Result<Parts, BuildError> {
///         Parts::get("/credits")
///     }
///
///     fn parse(&self, body: &[u8]) -> Result<Parsed<Credits>, DecodeError> {
///         Parsed::from_data(body)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fake = FakeTransport::scripted([Reply::status(200).json(r#"{"data":{"total_credits":10,"total_usage":2.5}}"#)]);
/// let client = Client::new(fake, ApiKey::new("sk-or-v1-0123456789abcdef")?);
/// let credits = client.call(GetCredits).await?;
/// assert_eq!(credits.total_credits - credits.total_usage, 7.5);
/// # Ok(()) }
/// ```
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

    /// The same of a response to a request that held these secrets, none of which is
    /// what the server made.
    fn parse_excluding(
        &self,
        body: &[u8],
        own: &[&str],
    ) -> Result<Parsed<Self::Output>, DecodeError> {
        let _ = own;
        self.parse(body)
    }

    /// The secret that the server made, or whatever else of a response must not be lost
    /// because the response does not end. A secret that the request itself held is none,
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

/// Most bodies are not longer.
pub(super) const USUAL_BODY: usize = 128;

/// An answer read.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// What the operation promises.
    pub output: T,
    /// The fields beside it that this version does not know.
    pub envelope: Extra,
}

impl<T: DeserializeOwned> Parsed<T> {
    /// Reads a body as your own type, for your own operations.
    ///
    /// The error names the kind of the mismatch and its position, never the text.
    /// Tokens that only a strict parser rejects (half of a surrogate pair, a number
    /// beyond a double) are repaired first.
    pub fn from_json(body: &[u8]) -> Result<Self, DecodeError> {
        if body.trim_ascii().is_empty() {
            return Err(DecodeError::at("$", DecodeErrorKind::Empty));
        }
        let output = Json::whole(&text_of(body))?.parse()?;
        Ok(Self { output, envelope: Extra::default() })
    }

    /// Reads `{"data": …}`, in which the API wraps most responses, as your own type.
    pub fn from_data(body: &[u8]) -> Result<Self, DecodeError> {
        let Parsed { output: data, envelope } = parse_data::<Json>(body)?;
        Ok(Self { output: data.parse()?, envelope })
    }
}

/// Reads `{"data": …}`, where nothing can be had without `data`.
pub(super) fn parse_data<T: FieldValue>(body: &[u8]) -> Result<Parsed<T>, DecodeError> {
    let mut envelope = Envelope { data: Field::Absent, extra: Extra::default() };
    parse_some(&mut envelope, body)?;
    check_no_error(&envelope.extra)?;
    match envelope.data {
        Field::Value(output) => Ok(Parsed { output, envelope: envelope.extra }),
        Field::Absent => Err(DecodeError::at("$.data", DecodeErrorKind::Missing)),
        Field::Null | Field::Odd(_) => Err(DecodeError::at("$.data", DecodeErrorKind::WrongType)),
    }
}

/// An error beside the data is an error.
pub(super) fn check_no_error(extra: &Extra) -> Result<(), DecodeError> {
    if extra.get("error").is_some_and(Json::has_fields) {
        return Err(DecodeError::at("$.error", DecodeErrorKind::NotConfirmed));
    }
    Ok(())
}

/// `data`, and the fields beside it that this version does not know.
pub(super) struct Envelope<T> {
    pub(super) data: Field<T>,
    pub(super) extra: Extra,
}

impl<T: FieldValue> ObjectVisitor for Envelope<T> {
    fn names(&self) -> &'static [&'static str] {
        &["data"]
    }

    fn field(&mut self, _: usize, reader: &mut Reader<'_>) -> Result<(), SyntaxError> {
        self.data = T::read(reader)?;
        Ok(())
    }

    fn unknown(&mut self, name: String, raw: &str) {
        self.extra.push(name, Json::received(raw));
    }
}

/// Reads a body that must not be empty.
pub(super) fn parse_some(target: &mut dyn ObjectVisitor, body: &[u8]) -> Result<(), DecodeError> {
    if body.trim_ascii().is_empty() {
        return Err(DecodeError::at("$", DecodeErrorKind::Empty));
    }
    parse_into(target, body)
}

/// Reads a body, which is to be an object.
pub(crate) fn parse_into(target: &mut dyn ObjectVisitor, body: &[u8]) -> Result<(), DecodeError> {
    Ok(Reader::new(&text_of(body)).document(target)?)
}

/// A workspace's id is a UUID; anything else would leave the query's value or
/// name nothing.
pub(super) fn check_workspace_id(id: &str) -> Result<(), BuildError> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups = id
        .split('-')
        .map(|group| group.bytes().all(|b| b.is_ascii_hexdigit()).then_some(group.len()));
    if groups.eq(LENGTHS.map(Some)) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::WorkspaceId,
        "the workspace id is not a UUID; it looks like 0df9e665-d932-5740-b2c7-b52af166bc11",
    ))
}

pub(super) fn check_name(name: &str) -> Result<(), BuildError> {
    if name.is_empty() {
        return Err(BuildError::new(
            BuildErrorKind::Name,
            "the key's name is empty; give at least one character",
        ));
    }
    Ok(())
}
