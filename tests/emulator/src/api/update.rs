//! `PATCH /keys/{hash}`: absent leaves a setting, null clears it, a value sets it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Committed;
use super::caller::ManagementKey;
use crate::api_error::ApiError;
use crate::input::{self, Body, Nullable};
use crate::key::Key;
use crate::record::Record;
use crate::reset::Reset;
use crate::server::Server;

pub(super) async fn answer(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    Path(hash): Path<String>,
    body: Body,
) -> Result<(Extension<Committed>, Json<Value>), ApiError> {
    let update = Update::parse(&body)?;
    let now = server.clock.now();
    let key = server.change(|store| {
        let record = store.find_mut(&hash).ok_or_else(ApiError::key_not_found)?;
        update.apply(record);
        record.updated_at = Some(now);
        Ok(Key::of(record, now))
    })?;
    Ok((Extension(Committed), Json(json!({"data": key}))))
}

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
        Ok(Self {
            name: body.optional("name", input::filled_text)?,
            disabled: body.optional("disabled", input::boolean)?,
            limit: body.nullable("limit", input::amount)?,
            limit_reset: body.nullable("limit_reset", input::reset)?,
            include_byok_in_limit: body.optional("include_byok_in_limit", input::boolean)?,
            workspace_id: body.optional("workspace_id", input::uuid)?,
        })
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
