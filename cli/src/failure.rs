//! Why a command failed, its exit code, and the command to run next.

use std::fmt::Write as _;
use std::io;

use openrouter_keys_core::internal::is_marked;
use openrouter_keys_native::error::{ApiErrorKind, BuildError, TransportErrorKind};
use openrouter_keys_native::{Error, ErrorKind};

use crate::{suggest, text};

/// The exit codes, as the man page lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Usage,
    /// `audit`, `watch` or `plan` found something.
    Findings,
    NotAuthorized,
    NotFound,
    MayHaveCreated,
    RateLimited,
    StillInUse,
    Cancelled,
    /// `run` ends as its command did.
    Command(u8),
}

impl Exit {
    /// Every code with its meaning.
    pub(crate) const ALL: [(Self, &str); 10] = [
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::Usage, "the command line or the settings are wrong; nothing was sent"),
        (Self::Findings, "audit or watch has findings, or plan has changes"),
        (Self::NotAuthorized, "the management key is missing or was refused"),
        (Self::NotFound, "there is no such key"),
        (Self::MayHaveCreated, "a key may have been created; the message names it"),
        (Self::RateLimited, "the server limits the rate of requests"),
        (Self::StillInUse, "a rotation is open, such as one whose old key is still in use"),
        (Self::Cancelled, "cancelled by a signal, or not confirmed"),
    ];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::NotAuthorized => 4,
            Self::NotFound => 5,
            Self::MayHaveCreated => 6,
            Self::RateLimited => 7,
            Self::StillInUse => 8,
            Self::Cancelled => 130,
            Self::Command(code) => code,
        }
    }
}

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened, what it changed, what to do.
    pub(crate) message: String,
    /// A command that helps, ready to paste.
    pub(crate) next: Option<String>,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next: None }
    }

    /// Something failed that is not about a request.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The user's mistake, noticed before anything was sent.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn next(mut self, command: impl Into<String>) -> Self {
        self.next = Some(suggest::for_this_account(command.into()));
        self
    }

    /// The same failure, after this was done.
    pub(crate) fn although(mut self, done: &str) -> Self {
        self.message = format!("{done}, but {}", self.message);
        self
    }

    /// The same failure, said to be about this.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.message = format!("{}: {}", text::visible(what), self.message);
        self
    }

    /// The message in a row of results, with the next command if the message announces one.
    pub(crate) fn in_one_line(&self) -> String {
        match &self.next {
            Some(next) if self.message.ends_with(':') => format!("{} {next}", self.message),
            _ => self.message.clone(),
        }
    }

    /// The message and the next command, as they are shown.
    pub(crate) fn shown(&self) -> String {
        let mut shown = format!("error: {}\n", self.message);
        if let Some(next) = &self.next {
            let _ = writeln!(shown, "\n  {next}");
        }
        // A secret may have been pasted where a name belongs.
        text::printable(&shown)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        // Only a program can allow it: the command line has no such option.
        let problem = error.problem().trim_end_matches(" or allow_insecure_http");
        Self::usage(format!("{problem}; nothing was sent"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { exit: exit_of(&error), next: next_for(&error), message: message_of(&error) }
    }
}

/// The library's error in the words of the command line.
pub(crate) fn message_of(error: &Error) -> String {
    // The library names the operation first: here, the user has named the command.
    let text = error.to_string();
    let operation = format!("{}: ", error.operation());
    let message = text.strip_prefix(&operation).unwrap_or(&text);
    let ErrorKind::RotationHandler { cause, .. } = error.kind() else { return message.to_owned() };
    // The error only says that saving or storing failed: our own words say why.
    let effect = message.split_once("; ").map_or(message, |(_, effect)| effect);
    format!("{cause}; {}", effect.strip_suffix(HANDLER).unwrap_or(effect))
}

/// Where the library's message sends programs.
const HANDLER: &str = "; see the rotation handler's error";

/// Operations that every server of this API has: a 404 does not mean that a key is absent.
const OF_NO_KEY: [&str; 3] = ["list", "create", "get_current_key_metadata"];

fn exit_of(error: &Error) -> Exit {
    if error.may_have_been_created() {
        return Exit::MayHaveCreated;
    }
    match error.kind() {
        ErrorKind::Build(_) => Exit::Usage,
        ErrorKind::Cancelled => Exit::Cancelled,
        ErrorKind::WrongKeyKind { .. } | ErrorKind::Credentials(_) => Exit::NotAuthorized,
        ErrorKind::Api(api) => match api.kind {
            ApiErrorKind::Unauthorized | ApiErrorKind::Forbidden => Exit::NotAuthorized,
            ApiErrorKind::NotFound if !OF_NO_KEY.contains(&error.operation()) => Exit::NotFound,
            ApiErrorKind::TooManyRequests => Exit::RateLimited,
            _ => Exit::Failed,
        },
        _ => Exit::Failed,
    }
}

fn next_for(error: &Error) -> Option<String> {
    if let Some(left) = error.may_have_created() {
        let names: Vec<_> = left.names().collect();
        let workspace = left.workspace_id.as_deref();
        match names.as_slice() {
            [] => {}
            // A sweep would refuse a name that may be somebody else's.
            [name] if !is_marked(name) => return Some(suggest::find(name, workspace)),
            _ => return Some(suggest::sweep(names, workspace)),
        }
    }
    match (exit_of(error), error.kind()) {
        (Exit::NotAuthorized, _) => Some(suggest::command("doctor")),
        (Exit::NotFound, _) => Some(suggest::command("list --all")),
        (_, ErrorKind::Api(api)) if api.kind == ApiErrorKind::NotFound => {
            Some(suggest::command("doctor"))
        }
        (_, ErrorKind::Transport(transport)) => match transport.kind() {
            TransportErrorKind::Other | TransportErrorKind::BodyTooLarge(_) => None,
            _ => Some(suggest::command("doctor")),
        },
        _ => None,
    }
}
