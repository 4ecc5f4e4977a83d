//! All operations as one type, for code that chooses among them at run time: workflows, and
//! bindings to other languages.

use super::create::{Create, Created};
use super::definition::{Idempotency, Operation, Orphan};
use super::delete::{Delete, Deleted};
use super::get::Get;
use super::get_current_key_metadata::GetCurrentKeyMetadata;
use super::list::{List, Page};
use super::parsed::Parsed;
use super::parts::Parts;
use super::request::ApiRequest;
use super::update::Update;
use crate::types::{BuildError, CurrentKey, DecodeError, Json, Key};

/// Any of the six operations, or any other request.
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
    /// The page of a [`List`]; empty for any other output.
    pub(crate) fn into_page(self) -> Page {
        match self {
            Self::Page(page) => page,
            _ => Page::default(),
        }
    }
}

/// One of the API's six operations.
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
    /// The part that does not depend on its output.
    fn erased(&self) -> &dyn Erased {
        match self {
            Self::List(operation) => operation,
            Self::Create(operation) => operation,
            Self::Get(operation) => operation,
            Self::Update(operation) => operation,
            Self::Delete(operation) => operation,
            Self::GetCurrentKeyMetadata(operation) => operation,
            Self::Request(operation) => operation,
        }
    }
}

/// An operation without its output.
trait Erased {
    fn name(&self) -> &'static str;
    fn idempotency(&self) -> Idempotency;
    fn parts(&self) -> Result<Parts, BuildError>;
    fn may_leave(&self) -> Option<Orphan<'_>>;
    fn request_secret(&self) -> Option<&str>;
}

impl<O: Operation> Erased for O {
    fn name(&self) -> &'static str {
        Operation::name(self)
    }

    fn idempotency(&self) -> Idempotency {
        Operation::idempotency(self)
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Operation::parts(self)
    }

    fn may_leave(&self) -> Option<Orphan<'_>> {
        Operation::may_leave(self)
    }

    fn request_secret(&self) -> Option<&str> {
        Operation::request_secret(self)
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
        self.erased().name()
    }

    fn idempotency(&self) -> Idempotency {
        self.erased().idempotency()
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        self.erased().parts()
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

    fn created_secret<'a>(&self, output: &'a AnyOutput) -> Option<&'a str> {
        match (self, output) {
            (Self::Create(operation), AnyOutput::Created(created)) => {
                operation.created_secret(created)
            }
            (Self::Request(operation), AnyOutput::Json(json)) => operation.created_secret(json),
            _ => None,
        }
    }

    fn may_leave(&self) -> Option<Orphan<'_>> {
        self.erased().may_leave()
    }

    fn request_secret(&self) -> Option<&str> {
        self.erased().request_secret()
    }

    fn on_not_found(&self) -> Option<AnyOutput> {
        match self {
            Self::Delete(operation) => operation.on_not_found().map(AnyOutput::Deleted),
            _ => None,
        }
    }
}
