//! The parameters of workflows.

use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::operation::{Get, Operation};
use openrouter_keys_core::workflow::{
    Audit, CloseTemporary, Ensure, OnDuplicate, Rotation, RotationStep,
};
use openrouter_keys_core::{Create, Key, KeyHash};

use crate::params::{Params, capped};

/// The state of a rotation.
pub(super) fn rotation(params: &Params) -> Result<Rotation, BuildError> {
    let mut state = Rotation::new(KeyHash::new(params.required("old"))?);
    let step = params.text("step").and_then(|name| RotationStep::named(&name));
    state.step = step.unwrap_or_default();
    state.new = params.text("new").map(KeyHash::new).transpose()?;
    state.new_label = params.text("newLabel");
    state.name = params.text("name");
    state.unconfirmed = params.texts("unconfirmed").unwrap_or_default();
    let time = |name| params.whole(name).and_then(|since| i64::try_from(since).ok());
    (state.since, state.quiet_since) = (time("since"), time("quietSince"));
    state.leaked = params.bool("leaked").unwrap_or_default();
    state.remaining = params.bool("remaining").unwrap_or_default();
    state.full = params.bool("full").unwrap_or_default();
    state.carried = params.number("carried");
    state.old_key = params.text("oldKey").and_then(|json| old_key(&json));
    state.grace_ms = params.whole("graceMs").unwrap_or(state.grace_ms);
    state.quiet_ms = params.whole("quietMs").unwrap_or(state.quiet_ms);
    state.watch_ms = params.whole("watchMs").unwrap_or(state.watch_ms);
    Ok(state)
}

/// An unreadable key is only missing from the result.
fn old_key(json: &str) -> Option<Box<Key>> {
    let body = [r#"{"data":"#, json, "}"].concat();
    let parsed = Get::new("").parse(body.as_bytes()).ok()?;
    Some(Box::new(parsed.output))
}

pub(super) fn ensure(create: Create, params: &Params) -> Ensure {
    let mut ensure = Ensure::new(create);
    // `null` means never, for an existing key too.
    if params.value("limitReset").is_null() {
        ensure = ensure.no_limit_reset();
    }
    if let Some(disabled) = params.bool("disabled") {
        ensure = ensure.disabled(disabled);
    }
    if params.text("onDuplicate").as_deref() == Some("newest") {
        ensure = ensure.on_duplicate(OnDuplicate::Newest);
    }
    if let Some(time) = params.time("settleMs") {
        ensure = ensure.settle(time);
    }
    capped(ensure, params, Ensure::max_requests)
}

pub(super) fn audit(params: &Params) -> Audit {
    let mut audit = Audit::new();
    if let Some(share) = params.number("nearLimit") {
        audit = audit.near_limit(share);
    }
    if let Some(days) = params.small("unusedForDays") {
        audit = audit.unused_for(days);
    }
    if let Some(days) = params.small("expiringWithinDays") {
        audit = audit.expiring_within(days);
    }
    if let Some(days) = params.small("disabledForDays") {
        audit = audit.disabled_for(days);
    }
    audit = audit.workspaces(params.texts("workspaceIds").unwrap_or_default());
    capped(audit, params, Audit::max_requests)
}

pub(super) fn close_temporary(params: &Params) -> CloseTemporary {
    let mut closing = CloseTemporary::named(params.required("name"));
    // From a response: without a valid hash, the key is looked up by its name.
    if let Some(hash) = params.text("hash").and_then(|hash| KeyHash::new(hash).ok()) {
        closing = closing.hash(hash);
    }
    closing = closing.unconfirmed(params.texts("unconfirmed").unwrap_or_default());
    if let Some(id) = params.text("workspaceId") {
        closing = closing.workspace_id(id);
    }
    closing
}
