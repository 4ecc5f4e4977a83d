//! The refusals of the API, as status and documented body.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A refusal: nothing was changed.
#[derive(Debug, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::of(StatusCode::UNAUTHORIZED)
    }

    pub(crate) fn management_key_required() -> Self {
        let message = "Only a management key may manage keys.".to_owned();
        Self { status: StatusCode::FORBIDDEN, message }
    }

    pub(crate) fn key_not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "There is no such key.".to_owned() }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }

    /// The refusal that a status is documented to mean.
    pub(crate) fn of(status: StatusCode) -> Self {
        let message = match status {
            StatusCode::UNAUTHORIZED => "No valid key was presented.",
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
