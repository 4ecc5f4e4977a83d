//! Writes the results of calls and workflows as plain data, each object by its fields'
//! names; `js/internal/values.js` turns some into instances of its classes.

use js_sys::Array;
use openrouter_keys_core::error::DecodeErrorKind;
use openrouter_keys_core::internal::{ReadHeaders, ValueRef};
use openrouter_keys_core::operation::{AnyOutput, Created};
use openrouter_keys_core::workflow::{
    AuditFinding, AuditReport, Ensured, FoundBySecret, Progress, Reconciled, Rotated, Rotation,
    Spend, Swept, TemporaryKeyInfo,
};
use openrouter_keys_core::{CurrentKey, Field, Key, Meta, Response, Timestamp};
use wasm_bindgen::JsValue;

use crate::error::{self, camel_case, decode_kind};
use crate::reply::{Record, Reply};

/// The value, then the response, which is read only on request.
pub(crate) fn write(response: &Response<AnyOutput>) -> Array {
    let mut reply = Reply::new(true);
    let Response { output, meta, .. } = response;
    match output {
        AnyOutput::Page(page) => {
            let mut record = reply.record("Page");
            record.field("data").keys(page.data.iter());
            if !page.unexpected.is_empty() {
                let rows = record.field("unexpectedRows");
                rows.list(page.unexpected.len());
                for row in &page.unexpected {
                    rows.json_if(Some(row));
                }
            }
            record.extra(&page.extra);
        }
        AnyOutput::Created(created) => write_created(&mut reply, created),
        AnyOutput::Key(key) => reply.object(key),
        AnyOutput::CurrentKey(key) => reply.object(key),
        AnyOutput::Deleted(deleted) => {
            let mut record = reply.record("Deleted");
            record.field("deleted").bool(true);
            record.field("alreadyGone").bool(deleted.already_gone);
        }
        AnyOutput::Json(json) => reply.json_if(json.as_ref()),
        _ => reply.absent(),
    }
    write_meta(&mut reply, meta);
    reply.finish()
}

fn write_meta(reply: &mut Reply, meta: &Meta) {
    let mut record = reply.record("ResponseInfo");
    record.field("status").number(meta.status.as_u16());
    record.field("attempts").number(meta.attempts);
    record.field("requestId").text_if(meta.request_id());
    let limit = meta.rate_limit();
    {
        let mut record = record.field("rateLimit").record("RateLimit");
        record.field("limit").number_if(limit.limit);
        record.field("remaining").number_if(limit.remaining);
        record.field("reset").number_if(limit.reset);
    }
    record.field("headers").text(&meta.headers.lines());
    record.extra(&meta.envelope);
}

fn write_created(reply: &mut Reply, created: &Created) {
    let mut record = reply.record("Created");
    created_fields(&mut record, created);
    record.extra(&created.extra);
}

fn created_fields(record: &mut Record<'_>, created: &Created) {
    record.field("key").value(JsValue::from_str(created.key().reveal()));
    record.field("data").value_ref(&ValueRef::from(&created.data));
    let problem = match (&created.problem, &created.data) {
        (Some(problem), _) => Some((problem.path(), decode_kind(problem.kind()))),
        (None, Field::Value(_)) => None,
        (None, Field::Absent) => Some(("$.data", decode_kind(DecodeErrorKind::Missing))),
        (None, _) => Some(("$.data", decode_kind(DecodeErrorKind::WrongType))),
    };
    if let Some((path, kind)) = problem {
        let mut record = record.field("problem").record("Problem");
        record.field("path").text(path);
        record.field("kind").text(kind);
    }
}

fn texts(reply: &mut Reply, texts: &[String]) {
    reply.texts(texts.iter().map(String::as_str));
}

pub(crate) fn write_keys(keys: &[Key]) -> Array {
    let mut reply = Reply::new(true);
    reply.keys(keys.iter());
    reply.finish()
}

pub(crate) fn write_progress(progress: Progress) -> Array {
    let mut reply = Reply::part();
    {
        let mut record = reply.record("Progress");
        record.field("requests").count(progress.requests);
        record.field("pages").count(progress.pages);
        record.field("keys").count(progress.keys);
    }
    reply.finish()
}

pub(crate) fn write_reconciled(reconciled: &Reconciled, reply: &mut Reply) {
    let mut record = reply.record("CreateReconciled");
    write_created(record.field("created"), &reconciled.created);
    record.field("name").text(&reconciled.name);
    record.field("swept").keys(reconciled.swept.iter());
    texts(record.field("unconfirmed"), &reconciled.unconfirmed);
}

pub(crate) fn write_temporary_key(info: &TemporaryKeyInfo, reply: &mut Reply) {
    let mut record = reply.record("TemporaryKey");
    created_fields(&mut record, &info.created);
    record.field("name").text(&info.name);
    record.field("swept").keys(info.swept.iter());
    texts(record.field("unconfirmed"), &info.unconfirmed);
    record.field("expiresAt").text(info.expires_at.as_str());
    record.field("workspaceId").text_if(info.workspace_id.as_deref());
    record.extra(&info.created.extra);
}

pub(crate) fn write_ensured(ensured: &Ensured, reply: &mut Reply) {
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

/// The fields' names in JavaScript.
fn names(reply: &mut Reply, names: &[impl AsRef<str>]) {
    let names: Vec<String> = names.iter().map(|name| camel_case(name.as_ref())).collect();
    texts(reply, &names);
}

/// The new key of a rotation, with its secret.
pub(crate) fn write_new(created: &Created) -> Array {
    let mut reply = Reply::part();
    write_created(&mut reply, created);
    reply.finish()
}

pub(crate) fn write_rotation(state: &Rotation) -> Array {
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

pub(crate) fn write_rotated(rotated: &Rotated, reply: &mut Reply) {
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

pub(crate) fn write_found(found: &FoundBySecret, reply: &mut Reply) {
    let mut record = reply.record("FoundBySecret");
    record.field("key").object_if(found.key.as_ref());
    record.field("current").object_if(found.current.as_ref());
}

pub(crate) fn write_current(current: &CurrentKey, reply: &mut Reply) {
    reply.object(current);
}

pub(crate) fn write_swept(swept: &Swept, reply: &mut Reply) {
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

pub(crate) fn write_audit(report: &AuditReport, reply: &mut Reply) {
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
