//! Writes the results of workflows as plain data, as `../output.rs` does those of calls.

use js_sys::Array;
use openrouter_keys_core::internal::ValueRef;
use openrouter_keys_core::operation::Created;
use openrouter_keys_core::workflow::{
    AuditFinding, AuditReport, Ensured, FoundBySecret, Reconciled, Rotated, Rotation, Spend, Swept,
    TemporaryKeyInfo,
};
use openrouter_keys_core::{CurrentKey, Timestamp};

use crate::error::{self, camel_case};
use crate::output::{created_fields, write_created};
use crate::reply::Reply;

pub(super) fn write_reconciled(reconciled: &Reconciled, reply: &mut Reply) {
    let mut record = reply.record("CreateReconciled");
    write_created(record.field("created"), &reconciled.created);
    record.field("name").text(&reconciled.name);
    record.field("swept").keys(reconciled.swept.iter());
    texts(record.field("unconfirmed"), &reconciled.unconfirmed);
}

pub(super) fn write_temporary_key(info: &TemporaryKeyInfo, reply: &mut Reply) {
    let mut record = reply.record("TemporaryKey");
    created_fields(&mut record, &info.created);
    record.field("name").text(&info.name);
    record.field("swept").keys(info.swept.iter());
    texts(record.field("unconfirmed"), &info.unconfirmed);
    record.field("expiresAt").text(info.expires_at.as_str());
    record.field("workspaceId").text_if(info.workspace_id.as_deref());
    record.extra(&info.created.extra);
}

pub(super) fn write_ensured(ensured: &Ensured, reply: &mut Reply) {
    let mut record = reply.record("Ensured");
    match ensured {
        Ensured::Created { created, unsettled } => {
            record.field("outcome").text("created");
            write_created(record.field("created"), created);
            if let Some(unsettled) = unsettled {
                error::write_failure(record.field("unsettled"), unsettled);
            }
        }
        Ensured::Existing { key, changed } => {
            record.field("outcome").text("existing");
            record.field("key").object(&**key);
            names(record.field("changed"), changed);
        }
        _ => {}
    }
}

fn texts(reply: &mut Reply, texts: &[String]) {
    reply.texts(texts.iter().map(String::as_str));
}

/// The fields' names in JavaScript.
fn names(reply: &mut Reply, names: &[impl AsRef<str>]) {
    let names: Vec<String> = names.iter().map(|name| camel_case(name.as_ref())).collect();
    texts(reply, &names);
}

/// The new key of a rotation, with its secret.
pub(super) fn write_new(created: &Created) -> Array {
    let mut reply = Reply::part();
    write_created(&mut reply, created);
    reply.finish()
}

pub(super) fn write_rotation(state: &Rotation) -> Array {
    let mut reply = Reply::part();
    rotation(&mut reply, state);
    reply.finish()
}

fn rotation(reply: &mut Reply, state: &Rotation) {
    let mut record = reply.record("Rotation");
    record.field("old").text(state.old.as_str());
    record.field("step").text(state.step.as_str());
    record.field("new").hash_if(state.new.as_ref());
    record.field("newLabel").text_if(state.new_label.as_deref());
    record.field("name").text_if(state.name.as_deref());
    texts(record.field("unconfirmed"), &state.unconfirmed);
    record.field("since").value_ref(&state.since.map_or(ValueRef::Absent, ValueRef::Whole));
    let quiet_since = state.quiet_since.map_or(ValueRef::Absent, ValueRef::Whole);
    record.field("quietSince").value_ref(&quiet_since);
    record.field("leaked").bool(state.leaked);
    record.field("remaining").bool(state.remaining);
    record.field("full").bool(state.full);
    record.field("carried").number_if(state.carried);
    record.field("oldKey").object_if(state.old_key.as_deref());
    record.field("graceMs").count(state.grace_ms);
    record.field("quietMs").count(state.quiet_ms);
    record.field("watchMs").count(state.watch_ms);
}

pub(super) fn write_rotated(rotated: &Rotated, reply: &mut Reply) {
    let mut record = reply.record("Rotated");
    match rotated {
        Rotated::Done { new, old, carried, unconfirmed, .. } => {
            record.field("outcome").text("done");
            record.field("new").text(new.as_str());
            record.field("old").object_if(old.as_deref());
            record.field("carried").number_if(*carried);
            texts(record.field("unconfirmed"), unconfirmed);
        }
        Rotated::StillInUse { old, state, .. } => {
            record.field("outcome").text("still_in_use");
            record.field("old").object(&**old);
            rotation(record.field("state"), state);
        }
        Rotated::Waiting { left, state, .. } => {
            record.field("outcome").text("waiting");
            record.field("leftMs").number_if(Some(left.as_secs_f64() * 1000.0));
            rotation(record.field("state"), state);
        }
        _ => {}
    }
}

pub(super) fn write_found(found: &FoundBySecret, reply: &mut Reply) {
    let mut record = reply.record("FoundBySecret");
    record.field("key").object_if(found.key.as_ref());
    record.field("current").object_if(found.current.as_ref());
}

pub(super) fn write_current(current: &CurrentKey, reply: &mut Reply) {
    reply.object(current);
}

pub(super) fn write_swept(swept: &Swept, reply: &mut Reply) {
    let mut record = reply.record("Swept");
    record.field("deleted").keys(swept.deleted.iter());
    texts(record.field("absent"), &swept.absent);
    let failed = record.field("failed");
    failed.list(swept.failed.len());
    for (key, error) in &swept.failed {
        let mut record = failed.record("NotSwept");
        record.field("key").object(key);
        error::write_failure(record.field("error"), error);
    }
    record.field("endless").keys(swept.endless.iter());
}

pub(super) fn write_audit(report: &AuditReport, reply: &mut Reply) {
    let table = report.table(false, &reply.known_keys());
    let mut record = reply.record("AuditReport");
    record.field("at").text_if(report.at.as_ref().map(Timestamp::as_str));
    let keys = record.field("keys");
    keys.list(report.keys.len());
    for audited in &report.keys {
        let mut record = keys.record("AuditedKey");
        record.field("key").object(&audited.key);
        let findings = record.field("findings");
        findings.list(audited.findings.len());
        for finding in &audited.findings {
            write_finding(findings, finding);
        }
    }
    write_spend(record.field("spend"), &report.spend);
    write_spend(record.field("byokSpend"), &report.byok_spend);
    record
        .field("unexpectedRows")
        .number(u32::try_from(report.unexpected_rows).unwrap_or(u32::MAX));
    record.field("table").text(&table);
}

fn write_spend(reply: &mut Reply, spend: &Spend) {
    let mut record = reply.record("Spend");
    record.field("daily").number(spend.daily);
    record.field("weekly").number(spend.weekly);
    record.field("monthly").number(spend.monthly);
    record.field("total").number(spend.total);
}

fn write_finding(reply: &mut Reply, finding: &AuditFinding) {
    let mut record = reply.record("AuditFinding");
    record.field("kind").text(finding.kind());
    match finding {
        AuditFinding::Expired { days }
        | AuditFinding::Disabled { days: Some(days) }
        | AuditFinding::Unused { days }
        | AuditFinding::NeverUsed { days }
        | AuditFinding::ExpiresSoon { days } => record.field("days").number(*days),
        AuditFinding::NearLimit { share } => record.field("share").number(*share),
        AuditFinding::DuplicateName { keys } => record.field("keys").number(*keys),
        AuditFinding::Unreadable { fields } if !fields.is_empty() => {
            names(record.field("fields"), fields);
        }
        _ => {}
    }
}
