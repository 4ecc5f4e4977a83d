//! All operations as one type, for what chooses among them as it runs: a
//! workflow, or a binding to another language.

use super::create::{Create, Created};
use super::definition::{Operation, Orphan, Replay};
use super::delete::{Delete, Deleted};
use super::get::Get;
use super::get_current_key_metadata::GetCurrentKeyMetadata;
use super::list::{List, Page};
use super::parsed::Parsed;
use super::parts::Parts;
use super::request::ApiRequest;
use super::update::Update;
use crate::types::{BuildError, CurrentKey, DecodeError, Json, Key};

/// Any of the six operations, any other request, or the reason why it cannot be one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyOperation {
    /// Lists one page of keys.
    List(List),
    /// Creates a key.
    Create(Create),
    /// Gets a key.
    Get(Get),
    /// Changes a key.
    Update(Update),
    /// Deletes a key.
    Delete(Delete),
    /// Returns metadata about the key this request is made with.
    GetCurrentKeyMetadata(GetCurrentKeyMetadata),
    /// Any other request.
    Request(ApiRequest),
    /// Arguments that were refused before they became an operation: the call of
    /// this name fails with this error, and nothing is sent.
    Refused(&'static str, BuildError),
}

/// The output of any operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "it is passed on at once")]
pub enum AnyOutput {
    /// Of [`List`].
    Page(Page),
    /// Of [`Create`].
    Created(Created),
    /// Of [`Get`] and [`Update`].
    Key(Key),
    /// Of [`Delete`].
    Deleted(Deleted),
    /// Of [`GetCurrentKeyMetadata`].
    CurrentKey(CurrentKey),
    /// Of [`ApiRequest`]: the whole body.
    Json(Option<Json>),
}

impl AnyOutput {
    /// The page of a [`List`]; an empty one of anything else.
    pub(crate) fn into_page(self) -> Page {
        match self {
            Self::Page(page) => page,
            _ => Page::default(),
        }
    }
}

/// One of the six.
pub(crate) trait OneOfSix: Operation {
    /// Its output.
    fn output_of(any: AnyOutput) -> Option<Self::Output>;
}

macro_rules! one_of_six {
    ($($Operation:ident => $Output:ident;)*) => {
        $(
            impl From<$Operation> for AnyOperation {
                fn from(operation: $Operation) -> Self {
                    Self::$Operation(operation)
                }
            }

            impl OneOfSix for $Operation {
                fn output_of(any: AnyOutput) -> Option<Self::Output> {
                    match any {
                        AnyOutput::$Output(output) => Some(output),
                        _ => None,
                    }
                }
            }
        )*
    };
}

one_of_six! {
    List => Page;
    Create => Created;
    Get => Key;
    Update => Key;
    Delete => Deleted;
    GetCurrentKeyMetadata => CurrentKey;
}

impl From<ApiRequest> for AnyOperation {
    fn from(request: ApiRequest) -> Self {
        Self::Request(request)
    }
}

impl AnyOperation {
    /// The part that does not depend on its output; the error if it is refused.
    fn erased(&self) -> Result<&dyn Erased, (&'static str, &BuildError)> {
        Ok(match self {
            Self::List(operation) => operation,
            Self::Create(operation) => operation,
            Self::Get(operation) => operation,
            Self::Update(operation) => operation,
            Self::Delete(operation) => operation,
            Self::GetCurrentKeyMetadata(operation) => operation,
            Self::Request(operation) => operation,
            Self::Refused(name, error) => return Err((name, error)),
        })
    }
}

/// An operation without its output.
trait Erased {
    fn name(&self) -> &'static str;
    fn replay(&self) -> Replay;
    fn parts(&self) -> Result<Parts, BuildError>;
    fn orphan(&self) -> Option<Orphan<'_>>;
    fn secret(&self) -> Option<&str>;
}

impl<O: Operation> Erased for O {
    fn name(&self) -> &'static str {
        Operation::name(self)
    }

    fn replay(&self) -> Replay {
        Operation::replay(self)
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Operation::parts(self)
    }

    fn orphan(&self) -> Option<Orphan<'_>> {
        Operation::orphan(self)
    }

    fn secret(&self) -> Option<&str> {
        Operation::secret(self)
    }
}

fn any<T>(
    parsed: Result<Parsed<T>, DecodeError>,
    wrap: fn(T) -> AnyOutput,
) -> Result<Parsed<AnyOutput>, DecodeError> {
    parsed.map(|Parsed { output, envelope }| Parsed { output: wrap(output), envelope })
}

impl Operation for AnyOperation {
    type Output = AnyOutput;

    fn name(&self) -> &'static str {
        self.erased().map_or_else(|(name, _)| name, Erased::name)
    }

    fn replay(&self) -> Replay {
        self.erased().map_or(Replay::Reads, Erased::replay)
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        self.erased().map_err(|(_, error)| error.clone())?.parts()
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<AnyOutput>, DecodeError> {
        match self {
            Self::List(operation) => any(operation.parse(body), AnyOutput::Page),
            Self::Create(operation) => any(operation.parse(body), AnyOutput::Created),
            Self::Get(operation) => any(operation.parse(body), AnyOutput::Key),
            Self::Update(operation) => any(operation.parse(body), AnyOutput::Key),
            Self::Delete(operation) => any(operation.parse(body), AnyOutput::Deleted),
            Self::GetCurrentKeyMetadata(operation) => {
                any(operation.parse(body), AnyOutput::CurrentKey)
            }
            Self::Request(operation) => any(operation.parse(body), AnyOutput::Json),
            // Never sent, so no response arrives.
            Self::Refused(..) => any(List::new().parse(body), AnyOutput::Page),
        }
    }

    fn parse_excluding(&self, body: &[u8], own: &[&str]) -> Result<Parsed<AnyOutput>, DecodeError> {
        match self {
            Self::Create(operation) => {
                any(operation.parse_excluding(body, own), AnyOutput::Created)
            }
            _ => self.parse(body),
        }
    }

    fn made<'a>(&self, output: &'a AnyOutput) -> Option<&'a str> {
        match (self, output) {
            (Self::Create(operation), AnyOutput::Created(created)) => operation.made(created),
            (Self::Request(operation), AnyOutput::Json(json)) => operation.made(json),
            _ => None,
        }
    }

    fn orphan(&self) -> Option<Orphan<'_>> {
        self.erased().ok()?.orphan()
    }

    fn secret(&self) -> Option<&str> {
        self.erased().ok()?.secret()
    }

    fn gone(&self) -> Option<AnyOutput> {
        match self {
            Self::Delete(operation) => operation.gone().map(AnyOutput::Deleted),
            _ => None,
        }
    }
}
