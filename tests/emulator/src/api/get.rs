//! `GET /keys/{hash}`: one key.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::caller::ManagementKey;
use crate::api_error::ApiError;
use crate::key::Key;
use crate::server::Server;

pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    Path(hash): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let now = server.clock.now();
    let key = server.read(|store| store.find(&hash).map(|record| Key::of(record, now)));
    let key = key.ok_or_else(ApiError::key_not_found)?;
    Ok(Json(json!({"data": key})))
}
