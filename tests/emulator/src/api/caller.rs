//! The caller: the two levels of access a bearer key can give.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::api_error::ApiError;
use crate::record::Record;
use crate::secret;
use crate::server::Server;

/// Any key that is known, enabled and not expired.
pub(super) struct AnyKey {
    pub(super) record: Record,
    pub(super) is_management_key: bool,
}

/// A caller with a management key.
pub(super) struct ManagementKey;

impl FromRequestParts<Arc<Server>> for AnyKey {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, Self::Rejection> {
        let hash = bearer(parts).map(secret::hash).ok_or_else(ApiError::no_credentials)?;
        let now = server.clock.now();
        server.read(|store| {
            let is_management_key = store.management.hash == hash;
            let record =
                if is_management_key { Some(&store.management) } else { store.find(&hash) };
            record
                .filter(|record| !record.disabled && !record.is_expired(now))
                .map(|record| Self { record: record.clone(), is_management_key })
                .ok_or_else(ApiError::unauthorized)
        })
    }
}

impl FromRequestParts<Arc<Server>> for ManagementKey {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, Self::Rejection> {
        let caller = AnyKey::from_request_parts(parts, server).await?;
        if caller.is_management_key { Ok(Self) } else { Err(ApiError::management_key_required()) }
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let credentials = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = credentials.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}
