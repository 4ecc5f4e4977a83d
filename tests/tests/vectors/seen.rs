//! A call's value or error in the terms of the vectors' format.

use std::error::Error as _;
use std::fmt::Debug;

use openrouter_keys_core::error::{
    ApiErrorKind, DecodeError, DecodeErrorKind, ErrorBody, MayHaveCreated, TimeoutPhase,
    TransportErrorKind,
};
use openrouter_keys_core::operation::{Created, Deleted, Page};
use openrouter_keys_core::types::{Budget, Extra, FreeModelRequests, Json, RateLimitNote};
use openrouter_keys_core::{CurrentKey, Effect, Error, ErrorKind, Field, Key, Response};
use openrouter_keys_tests::vectors::{LookFor, Unreadable};
use serde_json::{Value, json};

/// The longest time in milliseconds that a JavaScript number represents exactly.
const LONGEST: u64 = 9_007_199_254_740_991;

/// A value with the metadata of its response.
pub(crate) struct SeenValue {
    pub(crate) status: u16,
    pub(crate) attempts: u32,
    pub(crate) request_id: Option<String>,
    pub(crate) rate_limit: (Option<f64>, Option<f64>, Option<f64>),
    pub(crate) envelope: Vec<String>,
    pub(crate) text: String,
    pub(crate) debug: String,
    pub(crate) details: Details,
    /// Whether the serialised value reads back as the same value, if it can be read.
    pub(crate) reads_back: bool,
}

/// Special properties of a value.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) unexpected: Vec<String>,
    pub(crate) extra: Vec<String>,
    pub(crate) unexpected_rows: Vec<Value>,
    pub(crate) secret: Option<String>,
    pub(crate) problem: Option<Unreadable>,
}

/// The output of an operation.
pub(crate) trait Output: Debug {
    fn to_text(&self) -> serde_json::Result<String>;
    fn reads_back(&self, text: &str) -> bool;
    fn look(&self, details: &mut Details);
}

impl SeenValue {
    pub(crate) fn of<T: Output>(response: &Response<T>) -> Self {
        let Response { output, meta, .. } = response;
        let mut details = Details::default();
        output.look(&mut details);
        let text = output.to_text().unwrap_or_default();
        let limit = meta.rate_limit();
        Self {
            status: meta.status.as_u16(),
            attempts: meta.attempts,
            request_id: meta.request_id().map(str::to_owned),
            rate_limit: (limit.limit, limit.remaining, limit.reset),
            envelope: meta.envelope.iter().map(|(name, _)| name.to_owned()).collect(),
            reads_back: output.reads_back(&text),
            text,
            debug: format!("{response:?}\n{response:#?}"),
            details,
        }
    }
}

impl Details {
    fn unexpected(&mut self, at: &str, names: impl Iterator<Item = &'static str>) {
        self.unexpected.extend(names.map(|name| format!("{at}/{name}")));
    }

    fn extra(&mut self, at: &str, extra: &Extra) {
        let pointers = extra.iter().map(|(name, _)| {
            let token = name.replace('~', "~0").replace('/', "~1");
            format!("{at}/{token}")
        });
        self.extra.extend(pointers);
    }

    fn key(&mut self, at: &str, key: &Key) {
        self.unexpected(at, key.unexpected_fields());
        self.extra(at, &key.extra);
    }

    fn budget(&mut self, at: &str, budget: &Budget) {
        self.unexpected(at, budget.unexpected_fields());
        self.extra(at, &budget.extra);
    }
}

fn value_of(json: &Json) -> Value {
    json.parse().unwrap_or_default()
}

impl Output for Key {
    fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn reads_back(&self, text: &str) -> bool {
        serde_json::from_str::<Self>(text).is_ok_and(|read| read == *self)
    }

    fn look(&self, details: &mut Details) {
        details.key("", self);
    }
}

impl Output for Page {
    fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn reads_back(&self, text: &str) -> bool {
        serde_json::from_str::<Self>(text).is_ok_and(|read| read == *self)
    }

    fn look(&self, details: &mut Details) {
        for (row, key) in self.data.iter().enumerate() {
            details.key(&format!("/data/{row}"), key);
        }
        details.unexpected_rows = self.unexpected.iter().map(value_of).collect();
        details.extra("", &self.extra);
    }
}

impl Output for Created {
    fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// It cannot be read, because the secret is not serialised.
    fn reads_back(&self, _: &str) -> bool {
        true
    }

    fn look(&self, details: &mut Details) {
        match &self.data {
            Field::Value(key) => details.key("/data", key),
            Field::Unexpected(_) => details.unexpected.push("/data".to_owned()),
            Field::Null | Field::Absent => {}
        }
        details.extra("", &self.extra);
        details.secret = Some(self.key().reveal().to_owned());
        details.problem = self.problem.as_ref().map(unreadable);
    }
}

impl Output for CurrentKey {
    fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn reads_back(&self, text: &str) -> bool {
        serde_json::from_str::<Self>(text).is_ok_and(|read| read == *self)
    }

    fn look(&self, details: &mut Details) {
        details.unexpected("", self.unexpected_fields());
        details.extra("", &self.extra);
        if let Some(note) = self.rate_limit.get() {
            let note: &RateLimitNote = note;
            details.unexpected("/rate_limit", note.unexpected_fields());
            details.extra("/rate_limit", &note.extra);
        }
        if let Some(allowance) = self.free_model_daily_requests.get() {
            let allowance: &FreeModelRequests = allowance;
            details.unexpected("/free_model_daily_requests", allowance.unexpected_fields());
            details.extra("/free_model_daily_requests", &allowance.extra);
        }
        for (at, budget) in self.budgets.get().into_iter().flatten().enumerate() {
            details.budget(&format!("/budgets/{at}"), budget);
        }
        if let Some(budget) = self.effective_budget.get() {
            details.budget("/effective_budget", budget);
        }
    }
}

/// It has no JSON form; this is the format's.
impl Output for Deleted {
    fn to_text(&self) -> serde_json::Result<String> {
        Ok(json!({ "already_gone": self.already_gone }).to_string())
    }

    fn reads_back(&self, _: &str) -> bool {
        true
    }

    fn look(&self, _: &mut Details) {}
}

/// An error in the terms of the format.
pub(crate) struct SeenError {
    pub(crate) kind: &'static str,
    pub(crate) effect: &'static str,
    pub(crate) retryable: bool,
    pub(crate) attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) message: Option<String>,
    pub(crate) code: Option<i64>,
    pub(crate) metadata: Option<Value>,
    pub(crate) user_id: Option<String>,
    pub(crate) openrouter_metadata: Option<Value>,
    pub(crate) body: Option<&'static str>,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) request_id: Option<String>,
    pub(crate) transport: Option<&'static str>,
    pub(crate) unreadable: Option<Unreadable>,
    pub(crate) origin: Option<String>,
    pub(crate) look_for: Option<LookFor>,
    /// The error's message.
    pub(crate) text: String,
    /// Everything the error and its causes show.
    pub(crate) everything: Vec<String>,
}

impl SeenError {
    pub(crate) fn of(error: &Error) -> Self {
        let text = error.to_string();
        let mut everything = vec![format!("{text}\n{error:?}\n{error:#?}")];
        let mut cause = error.source();
        while let Some(next) = cause {
            everything.push(format!("{next}\n{next:?}\n{next:#?}"));
            cause = next.source();
        }
        let mut seen = Self {
            kind: "",
            effect: match error.effect() {
                Effect::Nothing => "nothing",
                Effect::MayHaveChanged => "may_have_changed",
                Effect::MayHaveTakenEffect => "may_have_taken_effect",
                Effect::MayHaveCreated(_) => "may_have_created",
                _ => "unknown",
            },
            retryable: error.is_retryable(),
            attempts: error.attempts(),
            status: error.status().map(|status| status.as_u16()),
            message: None,
            code: None,
            metadata: None,
            user_id: None,
            openrouter_metadata: None,
            body: None,
            retry_after_ms: error
                .retry_after()
                .map(|time| u64::try_from(time.as_millis()).map_or(LONGEST, |ms| ms.min(LONGEST))),
            request_id: error.request_id().map(str::to_owned),
            transport: None,
            unreadable: None,
            origin: None,
            look_for: error.may_have_created().map(look_for),
            text,
            everything,
        };
        seen.kind = match error.kind() {
            ErrorKind::Build(_) => "refused",
            ErrorKind::Credentials(_) => "credentials",
            ErrorKind::PaginationStalled { .. } => "pagination_stalled",
            ErrorKind::Transport(error) => {
                seen.transport = Some(transport(error.kind()));
                "transport"
            }
            ErrorKind::Decode(error) => {
                seen.unreadable = Some(unreadable(error));
                "unreadable"
            }
            ErrorKind::UnexpectedRedirect { origin, .. } => {
                seen.origin = origin.as_deref().map(str::to_owned);
                "unexpected_redirect"
            }
            ErrorKind::Api(error) => {
                seen.message.clone_from(&error.message);
                seen.code = error.code;
                seen.metadata = error.metadata.as_ref().map(value_of);
                seen.user_id.clone_from(&error.user_id);
                seen.openrouter_metadata = error.openrouter_metadata.as_ref().map(value_of);
                seen.body = Some(match error.body {
                    ErrorBody::Documented => "documented",
                    ErrorBody::OtherJson => "other_json",
                    ErrorBody::Html => "html",
                    ErrorBody::Other => "other",
                    ErrorBody::Empty => "empty",
                    _ => "unknown",
                });
                for shown in [&seen.metadata, &seen.openrouter_metadata].into_iter().flatten() {
                    seen.everything.push(shown.to_string());
                }
                api(error.kind)
            }
            _ => "unknown",
        };
        seen
    }
}

fn look_for(orphan: &MayHaveCreated) -> LookFor {
    let window = orphan
        .until
        .zip(orphan.from)
        .and_then(|(until, from)| until.duration_since(from).ok())
        .and_then(|window| u64::try_from(window.as_millis()).ok());
    LookFor {
        name: orphan.name.clone(),
        workspace_id: orphan.workspace_id.clone(),
        window_ms: window.unwrap_or(LONGEST),
    }
}

fn unreadable(error: &DecodeError) -> Unreadable {
    let kind = match error.kind() {
        DecodeErrorKind::Empty => "empty",
        DecodeErrorKind::Syntax => "syntax",
        DecodeErrorKind::Truncated => "truncated",
        DecodeErrorKind::Missing => "missing",
        DecodeErrorKind::WrongType => "wrong_type",
        DecodeErrorKind::NotConfirmed => "not_confirmed",
        DecodeErrorKind::Encoded => "encoded",
        _ => "unknown",
    };
    Unreadable { path: error.path().to_owned(), kind: kind.to_owned() }
}

fn transport(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Dns => "dns",
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Proxy => "proxy",
        TransportErrorKind::Timeout(TimeoutPhase::Connect) => "connect_timeout",
        TransportErrorKind::Timeout(TimeoutPhase::Attempt) => "attempt_timeout",
        TransportErrorKind::Timeout(TimeoutPhase::Idle) => "idle_timeout",
        TransportErrorKind::Timeout(TimeoutPhase::Call) => "call_timeout",
        TransportErrorKind::Disconnected => "disconnected",
        TransportErrorKind::Refused => "refused",
        TransportErrorKind::Protocol => "protocol",
        TransportErrorKind::BodyTooLarge(_) => "body_too_large",
        TransportErrorKind::Setup => "setup",
        TransportErrorKind::Other => "other",
        _ => "unknown",
    }
}

fn api(kind: ApiErrorKind) -> &'static str {
    match kind {
        ApiErrorKind::BadRequest => "bad_request",
        ApiErrorKind::Unauthorized => "unauthorized",
        ApiErrorKind::PaymentRequired => "payment_required",
        ApiErrorKind::Forbidden => "forbidden",
        ApiErrorKind::NotFound => "not_found",
        ApiErrorKind::RequestTimeout => "request_timeout",
        ApiErrorKind::Conflict => "conflict",
        ApiErrorKind::PayloadTooLarge => "payload_too_large",
        ApiErrorKind::Unprocessable => "unprocessable",
        ApiErrorKind::TooManyRequests => "too_many_requests",
        ApiErrorKind::Server => "server",
        ApiErrorKind::Other => "other_status",
        _ => "unknown",
    }
}
