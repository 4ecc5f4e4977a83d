//! The API's errors: a status with the documented body.

use std::fmt;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A refused request; nothing was changed.
#[derive(Debug, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// The request has no bearer key.
    pub(crate) fn no_credentials() -> Self {
        let message = "Missing Authentication header".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, message }
    }

    /// The bearer key is not valid, or no longer.
    pub(crate) fn unauthorized() -> Self {
        Self::of(StatusCode::UNAUTHORIZED)
    }

    pub(crate) fn management_key_required() -> Self {
        Self::of(StatusCode::FORBIDDEN)
    }

    pub(crate) fn key_not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "There is no such key.".to_owned() }
    }

    pub(crate) fn workspace_not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "There is no such workspace.".to_owned() }
    }

    pub(crate) fn foreign_host(host: &str) -> Self {
        let message = format!(
            "The emulator does not accept the host {}; `--allow-host` or \
             `Builder::allow_host` adds a name.",
            quoted(host)
        );
        Self { status: StatusCode::FORBIDDEN, message }
    }

    pub(crate) fn foreign_origin(origin: &str) -> Self {
        let message = format!(
            "The emulator does not accept web pages of {}; `--allow-origin` or `Builder::allow_origin` \
             adds one, `--cors` or `Builder::cors` opens the API to all.",
            quoted(origin)
        );
        Self { status: StatusCode::FORBIDDEN, message }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }

    /// The documented error for a status.
    pub(crate) fn of(status: StatusCode) -> Self {
        let message = match status {
            StatusCode::UNAUTHORIZED => "User not found.",
            StatusCode::FORBIDDEN => "Only management keys can perform this operation",
            StatusCode::CONFLICT => "The resource is in conflict. Please try again later.",
            StatusCode::PAYLOAD_TOO_LARGE => "The request is too large.",
            StatusCode::TOO_MANY_REQUESTS => "Too many requests; slow down.",
            _ => status.canonical_reason().unwrap_or("Something went wrong"),
        };
        Self { status, message: message.to_owned() }
    }

    pub(crate) fn body(&self) -> Value {
        json!({"error": {"code": self.status.as_u16(), "message": self.message}})
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.status.as_u16(), self.message)
    }
}

/// Quotes untrusted input, shortened to 100 characters.
fn quoted(text: &str) -> String {
    format!("`{}`", text.chars().take(100).flat_map(char::escape_debug).collect::<String>())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
