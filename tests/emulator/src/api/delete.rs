//! `DELETE /keys/{hash}`: removes the key and its history.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Committed;
use super::caller::ManagementKey;
use crate::api_error::ApiError;
use crate::server::Server;

pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    Path(hash): Path<String>,
) -> Result<(Extension<Committed>, Json<Value>), ApiError> {
    server.change(|store| store.delete(&hash).ok_or_else(ApiError::key_not_found))?;
    Ok((Extension(Committed), Json(json!({"deleted": true}))))
}
