//! Error responses, typed by their status.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use super::reason::Status;
use crate::json::{Reader, closed, text_of};
use crate::operation::parse_into;
use crate::redact;
use crate::redact::{OneLine, Quoted};
use crate::types::{Field, Json, KeyKind, object};

/// An error response of the server, or of something in front of it.
///
/// Strings are masked, so that a secret echoed by the server does not show.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The status of the response.
    pub status: StatusCode,
    /// The kind, from the status. An error inside a success is classified by its own
    /// [`code`](Self::code), if that is an error status.
    pub kind: ApiErrorKind,
    /// The API's own message; absent if the body is not the API's.
    pub message: Option<String>,
    /// `error.code`, which usually equals the status.
    pub code: Option<i64>,
    /// `error.metadata`, its strings masked.
    pub metadata: Option<Json>,
    /// `user_id`, if the body names one.
    pub user_id: Option<String>,
    /// `openrouter_metadata`, its strings masked.
    pub openrouter_metadata: Option<Json>,
    /// The kind of the body.
    pub body: ErrorBody,
    /// The kind of the key that the request was made with, if the message says that it is the
    /// wrong kind.
    pub key_kind: Option<KeyKind>,
    meaning: StatusCode,
    is_beside_data: bool,
}

/// The meaning of an error's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// 400: a parameter is invalid.
    BadRequest,
    /// 401: the API key is missing, wrong, disabled or expired.
    Unauthorized,
    /// 402: the account has no credit.
    PaymentRequired,
    /// 403: the API key may not do this.
    Forbidden,
    /// 404: there is no such key.
    NotFound,
    /// 408: the server waited too long for the request.
    RequestTimeout,
    /// 409: the request conflicts with the current state.
    Conflict,
    /// 413: the request is too large.
    PayloadTooLarge,
    /// 422: a parameter is invalid.
    Unprocessable,
    /// 425 and 429: too early, or too many requests.
    TooManyRequests,
    /// 500 to 599: the server, or the edge in front of it, failed.
    Server,
    /// Any other status.
    Other,
}

impl ApiErrorKind {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            402 => Self::PaymentRequired,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            408 => Self::RequestTimeout,
            409 => Self::Conflict,
            413 => Self::PayloadTooLarge,
            422 => Self::Unprocessable,
            425 | 429 => Self::TooManyRequests,
            500..=599 => Self::Server,
            _ => Self::Other,
        }
    }

    /// The advice if the error comes from the API itself.
    fn remedy(self) -> &'static str {
        match self {
            Self::BadRequest | Self::Unprocessable | Self::PayloadTooLarge => {
                "correct the parameters"
            }
            Self::Unauthorized => "check the API key: it may be wrong, disabled or expired",
            Self::PaymentRequired => "add credit to the account",
            Self::Forbidden => "use a management key that is allowed to do this",
            Self::NotFound => "check the base URL and, for single-key calls, the hash",
            Self::Conflict => "check the current state of the keys",
            Self::TooManyRequests => "send fewer requests",
            Self::RequestTimeout | Self::Server => "report it to the server's operator",
            Self::Other => "check the base URL",
        }
    }
}

/// The kind of an error's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorBody {
    /// The API's documented error object.
    Documented,
    /// Other JSON.
    OtherJson,
    /// An HTML page, as proxies and the edge send it.
    Html,
    /// Something else.
    Other,
    /// Nothing.
    Empty,
}

fn is_json(body: &[u8]) -> bool {
    let text = text_of(body);
    let mut reader = Reader::new(&text);
    reader.raw().and_then(|_| reader.end()).is_ok()
}

impl ApiError {
    /// Reads an error's body, whatever it is, and masks the given secrets. If the body is cut
    /// off, its complete fields count.
    pub(crate) fn read(status: StatusCode, body: &[u8], is_cut: bool, secrets: &[&str]) -> Self {
        let closed = is_cut.then(|| closed(&text_of(body)));
        let readable = closed.as_ref().map_or(body, String::as_bytes);
        Self::documented(status, readable, secrets).unwrap_or_else(|| {
            let body = if body.trim_ascii().is_empty() {
                ErrorBody::Empty
            } else if body.trim_ascii_start().starts_with(b"<") {
                ErrorBody::Html
            } else if is_json(body) {
                ErrorBody::OtherJson
            } else {
                ErrorBody::Other
            };
            Self::bare(status, body)
        })
    }

    /// Reads the documented `{"error":{…}}`, if the body has that form.
    pub(crate) fn documented(status: StatusCode, body: &[u8], secrets: &[&str]) -> Option<Self> {
        let mut document = Document::default();
        parse_into(&mut document, body).ok()?;
        let (body, error) = match document.error {
            Field::Value(error) => (ErrorBody::Documented, error),
            // Some gateways send the message instead of the object.
            Field::Unexpected(json) => {
                let message = Field::Value(Reader::new(json.as_str()).text().ok()?);
                (ErrorBody::OtherJson, Described { message, ..Described::default() })
            }
            Field::Null | Field::Absent => return None,
        };
        let text = |field: Field<String>| Some(redact::mask(field.get()?, secrets));
        let json = |field: Field<Json>| {
            let json = field.into_option()?;
            let masked = redact::mask_json(json.as_str(), secrets);
            Some(masked.map_or(json, Json::trusted))
        };
        let message = text(error.message);
        let meaning = meaning(status, &error.code);
        Some(Self {
            meaning,
            kind: ApiErrorKind::of(meaning),
            key_kind: message.as_deref().and_then(|message| KeyKind::told_by(meaning, message)),
            message,
            code: error.code.copied(),
            metadata: json(error.metadata),
            user_id: text(document.user_id),
            openrouter_metadata: json(document.openrouter_metadata),
            is_beside_data: document.extra.get("data").is_some_and(Json::has_fields),
            ..Self::bare(status, body)
        })
    }

    /// The advice, apart from trying again. It mentions the account and its keys only if the
    /// API itself responded.
    pub(super) fn remedy(&self, is_retryable: bool) -> &'static str {
        match (self.key_kind, self.kind) {
            (Some(kind), _) => kind.advice(),
            (_, ApiErrorKind::TooManyRequests) if is_retryable => "wait",
            (_, ApiErrorKind::RequestTimeout | ApiErrorKind::Server | ApiErrorKind::Conflict)
                if is_retryable =>
            {
                ""
            }
            _ if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "check the proxy's address and credentials"
            }
            _ if self.body == ErrorBody::Documented => self.kind.remedy(),
            _ => "check the base URL, and the gateway or proxy that may have sent this",
        }
    }

    /// The effective status: the response's own or, inside a success, the error's code. It
    /// stays a success if that code is not an error status.
    pub(crate) fn meaning(&self) -> StatusCode {
        self.meaning
    }

    /// Whether the response has data as well.
    pub(crate) fn is_beside_data(&self) -> bool {
        self.is_beside_data
    }

    /// Whether the API itself says that the key does not exist.
    pub(crate) fn says_not_found(&self) -> bool {
        self.meaning == StatusCode::NOT_FOUND
            && matches!(self.body, ErrorBody::Documented | ErrorBody::Empty)
    }

    /// Like `says_not_found`, but only in the API's own format: a proxy may send any 404.
    pub(crate) fn says_not_found_itself(&self) -> bool {
        self.meaning == StatusCode::NOT_FOUND && self.body == ErrorBody::Documented
    }

    fn bare(status: StatusCode, body: ErrorBody) -> Self {
        Self {
            status,
            kind: ApiErrorKind::of(status),
            message: None,
            code: None,
            metadata: None,
            user_id: None,
            openrouter_metadata: None,
            body,
            key_kind: None,
            meaning: status,
            is_beside_data: false,
        }
    }
}

/// Some servers send the code as a string, or as a number such as `404.0`.
fn meaning(status: StatusCode, code: &Field<i64>) -> StatusCode {
    if !status.is_success() {
        return status;
    }
    let code = match code {
        Field::Value(code) => u16::try_from(*code).ok(),
        Field::Unexpected(json) => {
            let code = json.as_str().trim_matches('"').trim();
            code.strip_suffix(".0").unwrap_or(code).parse().ok()
        }
        Field::Null | Field::Absent => None,
    };
    let code = code.filter(|code| (400..=599).contains(code));
    code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(status)
}

object! {
    /// The documented body of an error.
    struct Document {
        /// The error itself.
        error: Described,
        /// The user who made the request.
        user_id: String,
        /// The router's additions, unchanged.
        openrouter_metadata: Json,
    }
}

object! {
    /// The API's error object.
    struct Described {
        /// The message.
        message: String,
        /// The status, repeated.
        code: i64,
        /// Any JSON, unchanged.
        metadata: Json,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server returned {}", Status(self.status))?;
        if self.meaning != self.status {
            write!(f, " with error code {}", self.meaning.as_u16())?;
        }
        if let Some(kind) = self.key_kind {
            write!(f, " to {}", kind.described())?;
        }
        match (&self.message, self.body) {
            (Some(message), _) => write!(f, " ({})", OneLine(message)),
            (None, ErrorBody::Documented) => Ok(()),
            (None, ErrorBody::Empty) => f.write_str(" without a body"),
            (None, ErrorBody::Html) => f.write_str(" with an HTML page, not the API's own body"),
            (None, ErrorBody::OtherJson) => f.write_str(" with JSON that is not the API's own"),
            (None, ErrorBody::Other) => f.write_str(" with a body that is not the API's own"),
        }
    }
}

/// Long strings are cut.
impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |json: &Option<Json>| json.as_ref().map(|json| format!("{json:?}"));
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("kind", &self.kind)
            .field("message", &self.message.as_deref().map(OneLine))
            .field("code", &self.code)
            .field("metadata", &json(&self.metadata).as_deref().map(OneLine))
            .field("user_id", &self.user_id.as_deref().map(Quoted))
            .field("openrouter_metadata", &json(&self.openrouter_metadata).as_deref().map(OneLine))
            .field("body", &self.body)
            .field("key_kind", &self.key_kind)
            .field("meaning", &self.meaning)
            .field("is_beside_data", &self.is_beside_data)
            .finish()
    }
}

impl StdError for ApiError {}
