//! The advice in an error's message. It agrees with the error's methods: exactly the retryable
//! errors say "try again".

use std::fmt;

use super::{DuplicateBy, Effect, Error, ErrorKind, MayHaveCreated};
use crate::types::{BuildError, BuildErrorKind, DecodeErrorKind};

impl Error {
    /// Writes the last part of the message.
    pub(super) fn advise(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.effect(), self.is_retryable()) {
            (Effect::MayHaveCreated(orphan), is_retryable) => {
                f.write_str(if is_retryable { "try again, or " } else { "" })?;
                f.write_str(self.search(orphan))
            }
            (Effect::PartlyDone(_), false) if self.operation() == "rotate" => {
                f.write_str("resume the rotation from its saved state")
            }
            (Effect::MayHaveTakenEffect, false) => {
                f.write_str("check whether the request took effect before sending it again")
            }
            (Effect::MayHaveChanged, false) => {
                f.write_str("check the key to see whether it was; ")?;
                f.write_str(self.remedy())
            }
            (_, false) => f.write_str(self.remedy()),
            (_, true) => match self.remedy() {
                "" => f.write_str("try again later"),
                remedy => write!(f, "{remedy}, then try again"),
            },
        }
    }

    /// How to find the key that may have been created.
    fn search(&self, orphan: &MayHaveCreated) -> &'static str {
        const MARKING: [&str; 4] = ["create_reconciled", "temporary", "close_temporary", "rotate"];
        match &orphan.hash {
            Some(_) if orphan.others.is_empty() => "delete the key with this hash",
            Some(_) => "delete the key with this hash, and pass the other names to `sweep` later",
            None if MARKING.contains(&self.operation()) => "pass these names to `sweep` later",
            None => {
                "list all keys to find it, and delete it (its secret cannot be recovered) before creating it again"
            }
        }
    }

    /// The advice, apart from trying again; may be empty.
    fn remedy(&self) -> &'static str {
        match self.kind() {
            ErrorKind::Build(error) if error.kind() == BuildErrorKind::Transport => {
                "check the transport"
            }
            ErrorKind::Build(_) => "correct the argument",
            ErrorKind::Credentials(cause) if cause.is::<BuildError>() => {
                "correct what the key provider returns"
            }
            ErrorKind::Credentials(_) => "see the key provider's error",
            ErrorKind::Api(error) => error.remedy(self.is_retryable()),
            ErrorKind::Transport(error) => error.remedy(self.is_retryable()),
            ErrorKind::Decode(error) if error.kind() == DecodeErrorKind::Encoded => {
                "turn off compression in the proxy or gateway in front of the API"
            }
            ErrorKind::Decode(error) if error.lacks_hash() => {
                "list the keys and find it by its name"
            }
            ErrorKind::Decode(_) => "check the base URL, then whether this version is up to date",
            ErrorKind::UnexpectedRedirect { .. } => "check the base URL",
            ErrorKind::Cancelled => "make a new call if you still need the result",
            ErrorKind::PaginationStalled { .. } => {
                "check the base URL; the server seems to ignore the offset"
            }
            ErrorKind::SeveralKeys { by: DuplicateBy::Name(_), .. } => {
                "delete or rename all but one, or say which one to use"
            }
            ErrorKind::SeveralKeys { by: DuplicateBy::Label(_), .. } => {
                "compare them with the metadata that the API returns for this secret"
            }
            ErrorKind::WrongKeyKind { is, .. } => is.advice(),
            ErrorKind::Unverified { .. } => "compare the settings of the old and the new key",
            ErrorKind::RotationHandler { .. } => "see the rotation handler's error",
            ErrorKind::TooManyPages { .. } => {
                "allow more requests if you have that many keys; otherwise the list may be endless"
            }
        }
    }
}
