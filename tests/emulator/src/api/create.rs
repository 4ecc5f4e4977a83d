//! `POST /keys`: creates a key and shows its secret once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::Committed;
use super::caller::ManagementKey;
use crate::account::{DEFAULT_WORKSPACE, USER};
use crate::api_error::ApiError;
use crate::input::{self, Body};
use crate::key::Key;
use crate::reset::Reset;
use crate::server::Server;

/// The requested settings of a new key.
pub(crate) struct Create {
    pub(crate) name: String,
    pub(crate) limit: Option<f64>,
    pub(crate) limit_reset: Option<Reset>,
    pub(crate) include_byok_in_limit: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) workspace_id: String,
    pub(crate) creator_user_id: String,
    pub(crate) external_user: Option<String>,
}

pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    _: ManagementKey,
    body: Body,
) -> Result<Response, ApiError> {
    let create = Create::parse(&body)?;
    let now = server.clock.now();
    server.knows_workspace(&create.workspace_id)?;
    let (secret, key) = server.change(|store| {
        let (secret, record) = store.create(create, now);
        Ok((secret, Key::of(&record, now)))
    })?;
    let created = Json(json!({"key": secret, "data": key}));
    Ok((StatusCode::CREATED, Extension(Committed), created).into_response())
}

impl Create {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            limit: None,
            limit_reset: None,
            include_byok_in_limit: false,
            expires_at: None,
            workspace_id: DEFAULT_WORKSPACE.to_owned(),
            creator_user_id: USER.to_owned(),
            external_user: None,
        }
    }

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let name = body.required("name", input::filled_text)?;
        let plain = Self::named(&name);
        Ok(Self {
            limit: body.nullable("limit", input::amount)?.value(),
            limit_reset: body.nullable("limit_reset", input::reset)?.value(),
            include_byok_in_limit: body
                .optional("include_byok_in_limit", input::boolean)?
                .unwrap_or(plain.include_byok_in_limit),
            expires_at: body.nullable("expires_at", input::timestamp)?.value(),
            workspace_id: body.optional("workspace_id", input::uuid)?.unwrap_or(plain.workspace_id),
            creator_user_id: body
                .nullable("creator_user_id", input::filled_text)?
                .value()
                .unwrap_or(plain.creator_user_id),
            external_user: body.optional("external", input::external_user)?,
            name,
        })
    }
}
