//! The parameters of workflows.

use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::operation::{Get, Operation};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::{
    Audit, CheckKey, CloseTemporary, Ensure, FindBySecret, OnDuplicate, Rotate, Rotation,
    RotationStep, Sweep,
};
use openrouter_keys_core::{Create, Key, KeyHash};

use crate::params::{Params, capped};
use crate::secrets::note;

pub(super) fn sweep(params: &Params) -> Sweep {
    // The facade ensures that either is given.
    let sweep = params.texts("names").map_or_else(Sweep::temporary, Sweep::new);
    sweep.workspaces(params.texts("workspaceIds").unwrap_or_default())
}

pub(super) fn find_by_secret(params: &Params) -> FindBySecret {
    let secret = params.required("secret");
    note(&secret);
    FindBySecret::new(secret).workspaces(params.texts("workspaceIds").unwrap_or_default())
}

pub(super) fn check_key(params: &Params) -> CheckKey {
    let is_inference = params.text("kind").as_deref() == Some("inference");
    CheckKey::new(if is_inference { KeyKind::Inference } else { KeyKind::Management })
}

pub(super) fn rotate(params: &Params) -> Result<Rotate, BuildError> {
    let mut rotate = Rotate::resume(rotation(params)?);
    if let Some(lease) = params.time("leaseMs") {
        rotate = rotate.lease(lease);
    }
    if let Some(pause) = params.time("longestPauseMs") {
        rotate = rotate.longest_pause(pause);
    }
    Ok(rotate)
}

/// The state of a rotation.
fn rotation(params: &Params) -> Result<Rotation, BuildError> {
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
