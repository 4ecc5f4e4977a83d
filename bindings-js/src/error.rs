//! A failed call as plain data.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use js_sys::Array;
use openrouter_keys_core::error::{
    ApiErrorKind, BoxError, BuildErrorKind, DecodeErrorKind, ErrorBody, TimeoutPhase,
    TransportErrorKind,
};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::{Effect, Error, ErrorKind, KeyHash};
use wasm_bindgen::JsValue;

use crate::tape::Tape;
use crate::thrown::thrown;

/// Everything that the facade's error classes have, in the order in which
/// `js/errors.js` reads it.
pub(crate) fn write(error: &Error) -> Array {
    let mut tape = Tape::default();
    tape.bool(false);
    let name = camel_case(error.operation());
    let text = error.to_string();
    let rest = text.strip_prefix(error.operation()).unwrap_or(&text);
    let rest = match error.kind() {
        ErrorKind::Build(_) => in_javascript(rest),
        _ => rest.to_owned(),
    };
    tape.text(code(error.kind()));
    tape.text(&[&*name, &rest].concat());
    tape.text(&name);
    tape.text(match error.effect() {
        Effect::MayHaveChanged => "may_have_changed",
        Effect::MayHaveTakenEffect => "may_have_taken_effect",
        Effect::MayHaveCreated(_) => "may_have_created",
        Effect::PartlyDone(_) => "partly_done",
        // Nothing that JavaScript calls converts errors of its own: `NoRequest`.
        _ => "nothing",
    });
    tape.bool(error.is_retryable());
    tape.number(error.attempts());
    tape.number_if(error.status().map(|status| status.as_u16()));
    tape.number_if(error.retry_after().map(milliseconds));
    tape.text_if(error.request_id());
    match error.may_have_created() {
        Some(orphan) => {
            tape.bool(true);
            tape.list(orphan.names().count());
            for name in orphan.names() {
                tape.text(name);
            }
            tape.text_if(orphan.hash.as_ref().map(KeyHash::as_str));
            tape.text_if(orphan.workspace_id.as_deref());
            tape.number_if(orphan.from.map(since_1970));
            tape.number_if(orphan.until.map(since_1970));
        }
        None => tape.bool(false),
    }
    let mut cause = JsValue::UNDEFINED;
    match error.kind() {
        ErrorKind::Build(error) => tape.text(argument(error.kind())),
        ErrorKind::Credentials(source) => cause = caused(&mut tape, source),
        ErrorKind::KeyHolder { method, cause: source } => {
            tape.text(&camel_case(method));
            cause = caused(&mut tape, source);
        }
        ErrorKind::WrongKeyKind { is, needed } => {
            tape.text(is.as_str());
            tape.text(needed.as_str());
        }
        ErrorKind::Unverified { problem } => tape.text(problem),
        ErrorKind::Transport(error) => {
            tape.text_if(error.source().map(ToString::to_string).as_deref());
            cause = error.source().and_then(thrown).unwrap_or_default();
        }
        ErrorKind::Api(api) => {
            tape.text_if(api.message.as_deref());
            tape.number_if(api.code.and_then(|code| i32::try_from(code).ok()));
            tape.json_if(api.metadata.as_ref());
            tape.text_if(api.user_id.as_deref());
            tape.json_if(api.openrouter_metadata.as_ref());
            tape.text(match api.body {
                ErrorBody::Documented => "documented",
                ErrorBody::OtherJson => "other_json",
                ErrorBody::Html => "html",
                ErrorBody::Empty => "empty",
                _ => "other",
            });
            tape.text_if(api.key_kind.map(KeyKind::as_str));
        }
        ErrorKind::Decode(error) => {
            tape.text(error.path());
            tape.text(decode_kind(error.kind()));
        }
        ErrorKind::UnexpectedRedirect { origin, .. } => tape.text_if(origin.as_deref()),
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "nobody has 2^53 keys"
        )]
        ErrorKind::PaginationStalled { offset: number }
        | ErrorKind::TooManyPages { requests: number } => tape.number(*number as f64),
        ErrorKind::SeveralKeys { keys, .. } => {
            tape.list(keys.len());
            for key in keys {
                tape.object(key);
            }
        }
        _ => {}
    }
    let parts = tape.finish();
    parts.push(&cause);
    parts
}

/// What the caller's function threw, or else the error's text.
fn caused(tape: &mut Tape, source: &BoxError) -> JsValue {
    let thrown = thrown(source.as_ref()).filter(|it| !it.is_undefined());
    thrown.unwrap_or_else(|| {
        tape.text(&source.to_string());
        JsValue::UNDEFINED
    })
}

/// The core's text with its names of functions and fields as JavaScript has them. What
/// it quotes is somebody else's.
fn in_javascript(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut is_quoted = false;
    let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | ':');
    for piece in text.split_inclusive(|char| !is_name(char)) {
        let (word, end) = piece.split_at(piece.trim_end_matches(|char| !is_name(char)).len());
        let last = word.rsplit("::").next().unwrap_or_default();
        // A lone underscore is a character that is named, not part of a name.
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

/// A name as JavaScript writes it.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut joined = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        joined.push_str(&first.to_ascii_uppercase());
        joined.push_str(rest);
    }
    joined
}

/// Whole milliseconds, at most what JavaScript can say exactly.
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
        ErrorKind::KeyHolder { .. } => "key_holder",
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

/// The argument or option by its name in JavaScript.
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
