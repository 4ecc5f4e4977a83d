//! A failed call as plain data.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use js_sys::Array;
use openrouter_keys_core::error::{
    ApiErrorKind, BoxError, BuildErrorKind, DecodeErrorKind, ErrorBody, TimeoutPhase,
    TransportErrorKind,
};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::{Effect, Error, ErrorKind};

use crate::reply::{Record, Reply};
use crate::thrown::thrown;

/// The reply of a failed call.
pub(crate) fn write(error: &Error) -> Array {
    let mut reply = Reply::new(false);
    write_failure(&mut reply, error);
    reply.finish()
}

/// The fields of JavaScript's error classes, and those from which `js/internal/errors.js`
/// builds the error and its cause.
pub(crate) fn write_failure(reply: &mut Reply, error: &Error) {
    let mut record = reply.record("Failure");
    let name = camel_case(error.operation());
    let text = error.to_string();
    let rest = text.strip_prefix(error.operation()).unwrap_or(&text);
    let rest = match error.kind() {
        ErrorKind::Build(_) => in_javascript(rest),
        _ => rest.to_owned(),
    };
    record.field("code").text(code(error.kind()));
    record.field("message").text(&[&*name, &rest].concat());
    record.field("operation").text(&name);
    record.field("effect").text(match error.effect() {
        Effect::MayHaveChanged => "may_have_changed",
        Effect::MayHaveTakenEffect => "may_have_taken_effect",
        Effect::MayHaveCreated(_) => "may_have_created",
        Effect::PartlyDone(_) => "partly_done",
        // `NoRequest` too: no operation that JavaScript calls returns it.
        _ => "nothing",
    });
    record.field("isRetryable").bool(error.is_retryable());
    record.field("attempts").number(error.attempts());
    record.field("status").number_if(error.status().map(|status| status.as_u16().into()));
    record.field("retryAfterMs").number_if(error.retry_after().map(milliseconds));
    record.field("requestId").text_if(error.request_id());
    if let Some(orphan) = error.may_have_created() {
        let mut record = record.field("mayHaveCreated").record("MayHaveCreated");
        let names: Vec<&str> = orphan.names().collect();
        record.field("names").texts(names.into_iter());
        record.field("hash").hash_if(orphan.hash.as_ref());
        record.field("workspaceId").text_if(orphan.workspace_id.as_deref());
        record.field("from").number_if(orphan.from.map(since_1970));
        record.field("until").number_if(orphan.until.map(since_1970));
    }
    match error.kind() {
        ErrorKind::Build(error) => record.field("argument").text(argument(error.kind())),
        ErrorKind::Credentials(source) => write_cause(&mut record, source),
        ErrorKind::RotationHandler { method, cause } => {
            record.field("method").text(&camel_case(method));
            write_cause(&mut record, cause);
        }
        ErrorKind::WrongKeyKind { is, needed } => {
            record.field("keyKind").text(is.as_str());
            record.field("needed").text(needed.as_str());
        }
        ErrorKind::Unverified { problem } => record.field("problem").text(problem),
        ErrorKind::Transport(error) => {
            if let Some(source) = error.source() {
                record.field("reason").text(&source.to_string());
                if let Some(thrown) = thrown(source) {
                    record.field("thrown").value(thrown);
                }
            }
        }
        ErrorKind::Api(api) => {
            record.field("apiMessage").text_if(api.message.as_deref());
            let code = api.code.and_then(|code| i32::try_from(code).ok());
            record.field("apiCode").number_if(code.map(f64::from));
            record.field("metadata").json_if(api.metadata.as_ref());
            record.field("userId").text_if(api.user_id.as_deref());
            record.field("openrouterMetadata").json_if(api.openrouter_metadata.as_ref());
            record.field("body").text(match api.body {
                ErrorBody::Documented => "documented",
                ErrorBody::OtherJson => "other_json",
                ErrorBody::Html => "html",
                ErrorBody::Empty => "empty",
                _ => "other",
            });
            record.field("keyKind").text_if(api.key_kind.map(KeyKind::as_str));
        }
        ErrorKind::Decode(error) => {
            let mut record = record.field("unreadable").record("Problem");
            record.field("path").text(error.path());
            record.field("kind").text(decode_kind(error.kind()));
        }
        ErrorKind::UnexpectedRedirect { origin, .. } => {
            record.field("origin").text_if(origin.as_deref());
        }
        ErrorKind::PaginationStalled { offset } => record.field("offset").count(*offset),
        ErrorKind::TooManyPages { requests } => record.field("requests").count(*requests),
        ErrorKind::SeveralKeys { keys, .. } => record.field("keys").keys(keys.iter()),
        _ => {}
    }
}

/// What the caller's function threw, or else the error's message.
fn write_cause(record: &mut Record<'_>, source: &BoxError) {
    match thrown(source.as_ref()).filter(|it| !it.is_undefined()) {
        Some(thrown) => record.field("thrown").value(thrown),
        None => record.field("reason").text(&source.to_string()),
    }
}

/// The core's message with names of functions and fields as in JavaScript, except in
/// quotation marks.
fn in_javascript(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut is_quoted = false;
    let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | ':');
    for piece in text.split_inclusive(|char| !is_name(char)) {
        let (word, end) = piece.split_at(piece.trim_end_matches(|char| !is_name(char)).len());
        let last = word.rsplit("::").next().unwrap_or_default();
        // A lone underscore stands for the character, not for a name.
        if is_quoted || word == "_" || (last == word && !word.contains('_')) {
            written.push_str(word);
        } else {
            written.push_str(&camel_case(last));
        }
        is_quoted ^= end == "\"" && !written.ends_with('\\');
        written.push_str(end);
    }
    written
}

/// A name in JavaScript's spelling.
pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut joined = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        joined.push_str(&first.to_ascii_uppercase());
        joined.push_str(rest);
    }
    joined
}

/// Whole milliseconds, at most JavaScript's largest exact integer.
fn milliseconds(time: Duration) -> f64 {
    const LONGEST: f64 = 9_007_199_254_740_991.0;
    (time.as_secs_f64() * 1000.0).floor().min(LONGEST)
}

fn since_1970(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map(|time| time.as_secs_f64() * 1000.0)
        .unwrap_or_default()
}

pub(crate) fn decode_kind(kind: DecodeErrorKind) -> &'static str {
    match kind {
        DecodeErrorKind::Empty => "empty",
        DecodeErrorKind::Syntax => "syntax",
        DecodeErrorKind::Truncated => "truncated",
        DecodeErrorKind::Missing => "missing",
        DecodeErrorKind::WrongType => "wrong_type",
        DecodeErrorKind::NotConfirmed => "not_confirmed",
        DecodeErrorKind::Encoded => "encoded",
        _ => "other",
    }
}

fn code(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Build(_) => "invalid_argument",
        ErrorKind::Credentials(_) => "credentials",
        ErrorKind::Cancelled => "aborted",
        ErrorKind::PaginationStalled { .. } => "pagination_stalled",
        ErrorKind::TooManyPages { .. } => "too_many_pages",
        ErrorKind::SeveralKeys { .. } => "several_keys",
        ErrorKind::WrongKeyKind { .. } => "wrong_key_kind",
        ErrorKind::Unverified { .. } => "unverified",
        ErrorKind::RotationHandler { .. } => "rotation_handler",
        ErrorKind::UnexpectedRedirect { .. } => "unexpected_redirect",
        ErrorKind::Decode(_) => "unreadable",
        ErrorKind::Transport(error) => match error.kind() {
            TransportErrorKind::Dns => "dns",
            TransportErrorKind::Connect => "connect",
            TransportErrorKind::Tls => "tls",
            TransportErrorKind::Proxy => "proxy",
            TransportErrorKind::Timeout(TimeoutPhase::Connect) => "connect_timeout",
            TransportErrorKind::Timeout(TimeoutPhase::Attempt) => "attempt_timeout",
            TransportErrorKind::Timeout(TimeoutPhase::Idle) => "idle_timeout",
            TransportErrorKind::Timeout(_) => "call_timeout",
            TransportErrorKind::Disconnected => "disconnected",
            TransportErrorKind::Refused => "refused",
            TransportErrorKind::Protocol => "protocol",
            TransportErrorKind::BodyTooLarge(_) => "body_too_large",
            TransportErrorKind::Setup => "setup",
            _ => "connection",
        },
        ErrorKind::Api(error) => match error.kind {
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
            _ => "other_status",
        },
        _ => "unknown",
    }
}

/// The JavaScript name of the argument or option.
fn argument(kind: BuildErrorKind) -> &'static str {
    match kind {
        BuildErrorKind::ApiKey => "apiKey",
        BuildErrorKind::BaseUrl => "baseUrl",
        BuildErrorKind::CreatorUserId => "creatorUserId",
        BuildErrorKind::EmptyUpdate => "changes",
        BuildErrorKind::External => "external",
        BuildErrorKind::Hash => "hash",
        BuildErrorKind::Header => "headers",
        BuildErrorKind::Lifetime => "lifetimeMs",
        BuildErrorKind::Limit => "limit",
        BuildErrorKind::LimitReset => "limitReset",
        BuildErrorKind::Name => "name",
        BuildErrorKind::NearLimit => "nearLimit",
        BuildErrorKind::RetryPolicy => "retry",
        BuildErrorKind::Timeout => "timeoutMs",
        BuildErrorKind::Timestamp => "expiresAt",
        BuildErrorKind::WorkspaceId => "workspaceId",
        _ => "options",
    }
}
