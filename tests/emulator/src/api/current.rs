//! `GET /key`: the metadata of the key the request is made with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::caller::AnyKey;
use crate::current_key::CurrentKey;
use crate::server::Server;

pub(super) async fn handle(State(server): State<Arc<Server>>, caller: AnyKey) -> Json<Value> {
    let now = server.clock.now();
    Json(json!({"data": CurrentKey::of(&caller.record, caller.is_management_key, now)}))
}
