//! The six operations, one file each, and their routes.

mod caller;
mod create;
mod current;
mod delete;
mod get;
mod list;
mod update;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;

use crate::api_error::ApiError;
use crate::server::Server;

pub(crate) use create::Create;

/// The API's base path.
pub(crate) const BASE_PATH: &str = "/api/v1";

/// Marks the response of a request that changed something.
#[derive(Clone, Copy)]
pub(crate) struct Committed;

pub(crate) fn routes() -> Router<Arc<Server>> {
    let api = Router::new()
        .route("/key", get(current::handle))
        .route("/keys", get(list::handle).post(create::handle))
        // The older spellings, which the real server still accepts. Other methods on `/keys/` are
        // not found, to catch clients that forget the hash.
        .route("/auth/key", get(current::handle))
        .route("/keys/", post(create::handle).fallback(not_found))
        .route("/keys/{hash}", get(get::handle).patch(update::handle).delete(delete::handle));
    Router::new()
        .nest(BASE_PATH, api)
        .fallback(not_found)
        .method_not_allowed_fallback(async || ApiError::of(StatusCode::METHOD_NOT_ALLOWED))
}

async fn not_found() -> ApiError {
    ApiError::of(StatusCode::NOT_FOUND)
}
