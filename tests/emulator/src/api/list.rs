//! `GET /keys`: a page of keys, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde_json::{Value, json};

use super::caller::ManagementKey;
use crate::account::DEFAULT_WORKSPACE;
use crate::api_error::ApiError;
use crate::input::{invalid, uuid_text};
use crate::key::Key;
use crate::server::Server;

/// Keys per page; a client cannot change it.
const PAGE: usize = 100;

pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let filter = Filter::parse(query.as_deref().unwrap_or_default())?;
    server.knows_workspace(&filter.workspace_id)?;
    let now = server.clock.now();
    let page: Vec<Key> = server.read(|store| {
        let newest_first = store.keys.iter().rev();
        newest_first
            .filter(|key| key.workspace_id == filter.workspace_id)
            .filter(|key| filter.include_disabled || !key.disabled)
            .filter(|key| filter.include_expired || !key.is_expired(now))
            .skip(filter.offset)
            .take(PAGE)
            .map(|key| Key::of(key, now))
            .collect()
    });
    Ok(Json(json!({"data": page})))
}

struct Filter {
    include_disabled: bool,
    include_expired: bool,
    offset: usize,
    workspace_id: String,
}

impl Filter {
    fn parse(query: &str) -> Result<Self, ApiError> {
        let mut filter = Self {
            include_disabled: false,
            include_expired: false,
            offset: 0,
            workspace_id: DEFAULT_WORKSPACE.to_owned(),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "include_disabled" => filter.include_disabled = read(&name, value.parse())?,
                "include_expired" => filter.include_expired = read(&name, value.parse())?,
                "offset" => filter.offset = read(&name, offset(&value).ok_or(()))?,
                "workspace_id" => filter.workspace_id = read(&name, uuid_text(&value).ok_or(()))?,
                _ => {}
            }
        }
        Ok(filter)
    }
}

fn read<T, E>(name: &str, value: Result<T, E>) -> Result<T, ApiError> {
    value.map_err(|_| invalid(name))
}

/// Digits only: Rust's parser would also accept a plus sign.
fn offset(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
