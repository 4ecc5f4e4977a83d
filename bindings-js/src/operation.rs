//! The six operations as one type, so that the machine around them is compiled
//! once.

use openrouter_keys_core::{
    BuildError, Create, Created, CurrentKey, DecodeError, Delete, Deleted, Get,
    GetCurrentKeyMetadata, Key, List, Operation, Orphan, Page, Parsed, Parts, Replay, Update,
};

/// Any of the operations, or the reason why it cannot be one.
pub(crate) enum AnyOperation {
    List(List),
    Create(Create),
    Get(Get),
    Update(Update),
    Delete(Delete),
    GetCurrentKeyMetadata(GetCurrentKeyMetadata),
    Refused(&'static str, BuildError),
}

/// What any of them returns.
pub(crate) enum AnyOutput {
    Page(Page),
    Created(Created),
    Key(Key),
    Deleted(Deleted),
    CurrentKey(CurrentKey),
}

impl AnyOperation {
    fn inner(&self) -> Option<&dyn Named> {
        Some(match self {
            Self::List(operation) => operation,
            Self::Create(operation) => operation,
            Self::Get(operation) => operation,
            Self::Update(operation) => operation,
            Self::Delete(operation) => operation,
            Self::GetCurrentKeyMetadata(operation) => operation,
            Self::Refused(..) => return None,
        })
    }
}

/// What of an operation does not depend on its output.
trait Named {
    fn name(&self) -> &'static str;
    fn replay(&self) -> Replay;
    fn parts(&self) -> Result<Parts, BuildError>;
    fn orphan(&self) -> Option<Orphan<'_>>;
    fn secret(&self) -> Option<&str>;
}

impl<O: Operation> Named for O {
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
        match self {
            Self::GetCurrentKeyMetadata(_) => "getCurrentKeyMetadata",
            Self::Refused(name, _) => name,
            _ => self.inner().map_or("call", Named::name),
        }
    }

    fn replay(&self) -> Replay {
        self.inner().map_or(Replay::Duplicates, Named::replay)
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        match (self, self.inner()) {
            (Self::Refused(_, error), _) => Err(error.clone()),
            (_, Some(operation)) => operation.parts(),
            (_, None) => Err(BuildError::new(
                openrouter_keys_core::BuildErrorKind::Other,
                "there is no such operation",
            )),
        }
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
            // Never sent, so that no answer comes.
            Self::Refused(..) => any(List::new().parse(body), AnyOutput::Page),
        }
    }

    fn made<'a>(&self, output: &'a AnyOutput) -> Option<&'a str> {
        match (self, output) {
            (Self::Create(operation), AnyOutput::Created(created)) => operation.made(created),
            _ => None,
        }
    }

    fn orphan(&self) -> Option<Orphan<'_>> {
        self.inner().and_then(Named::orphan)
    }

    fn secret(&self) -> Option<&str> {
        self.inner().and_then(Named::secret)
    }

    fn gone(&self) -> Option<AnyOutput> {
        match self {
            Self::Delete(operation) => operation.gone().map(AnyOutput::Deleted),
            _ => None,
        }
    }
}
