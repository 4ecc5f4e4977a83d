//! `PATCH /keys/{hash}`: absent leaves a setting, null clears it, a value sets it.
//!
//! Moving a key to the workspace it is already in does not count as a change.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::Committed;
use super::caller::ManagementKey;
use crate::api_error::ApiError;
use crate::input::{self, Body, Nullable};
use crate::key::Key;
use crate::record::Record;
use crate::reset::Reset;
use crate::server::Server;

pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    Path(hash): Path<String>,
    body: Body,
) -> Result<Response, ApiError> {
    let update = Update::parse(&body)?;
    if let Some(workspace) = &update.workspace_id {
        server.knows_workspace(workspace)?;
    }
    let now = server.clock.now();
    let (key, is_changed) = server.change(|store| {
        let record = store.find_mut(&hash).ok_or_else(ApiError::key_not_found)?;
        let is_changed = !update.only_stays_in(&record.workspace_id);
        if is_changed {
            update.apply(record);
            record.updated_at = Some(now);
        }
        Ok((Key::of(record, now), is_changed))
    })?;
    let updated = Json(json!({"data": key}));
    let committed = is_changed.then_some(Extension(Committed));
    Ok((committed, updated).into_response())
}

#[derive(PartialEq)]
struct Update {
    name: Option<String>,
    disabled: Option<bool>,
    limit: Nullable<f64>,
    limit_reset: Nullable<Reset>,
    include_byok_in_limit: Option<bool>,
    workspace_id: Option<String>,
}

impl Update {
    fn parse(body: &Body) -> Result<Self, ApiError> {
        let update = Self {
            name: body.optional("name", input::filled_text)?,
            disabled: body.optional("disabled", input::boolean)?,
            limit: body.nullable("limit", input::amount)?,
            limit_reset: body.nullable("limit_reset", input::reset)?,
            include_byok_in_limit: body.optional("include_byok_in_limit", input::boolean)?,
            workspace_id: body.optional("workspace_id", input::uuid)?,
        };
        if update == Self::nothing() {
            return Err(ApiError::bad_request("No update fields provided"));
        }
        Ok(update)
    }

    fn nothing() -> Self {
        Self {
            name: None,
            disabled: None,
            limit: Nullable::Absent,
            limit_reset: Nullable::Absent,
            include_byok_in_limit: None,
            workspace_id: None,
        }
    }

    fn only_stays_in(&self, workspace_id: &str) -> bool {
        *self == Self { workspace_id: Some(workspace_id.to_owned()), ..Self::nothing() }
    }

    fn apply(self, record: &mut Record) {
        set(&mut record.name, self.name);
        set(&mut record.disabled, self.disabled);
        self.limit.change(&mut record.limit);
        self.limit_reset.change(&mut record.limit_reset);
        set(&mut record.include_byok_in_limit, self.include_byok_in_limit);
        set(&mut record.workspace_id, self.workspace_id);
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}
