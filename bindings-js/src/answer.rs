//! A successful call as plain data.

use http::HeaderMap;
use js_sys::Array;
use openrouter_keys_core::error::DecodeErrorKind;
use openrouter_keys_core::internal::View;
use openrouter_keys_core::operation::{AnyOutput, Created};
use openrouter_keys_core::workflow::{
    AuditReport, Ensured, Finding, FoundBySecret, Lent, Reconciled, Rotated, Rotation, Spend, Swept,
};
use openrouter_keys_core::{CurrentKey, Field, Key, KeyHash, Response, Timestamp};
use wasm_bindgen::JsValue;

use crate::error::{self, decode_kind};
use crate::tape::Tape;

/// The value, then the response; the created key's secret stays apart.
pub(crate) fn write(response: &Response<AnyOutput>) -> Array {
    let mut tape = Tape::default();
    let Response { output, meta, .. } = response;
    tape.bool(true);
    let mut secret = JsValue::UNDEFINED;
    match output {
        AnyOutput::Page(page) => {
            list_keys(&mut tape, page.data.iter());
            tape.list(page.odd.len());
            for row in &page.odd {
                tape.json_if(Some(row));
            }
            tape.extra(&page.extra);
        }
        AnyOutput::Created(created) => secret = write_created(&mut tape, created),
        AnyOutput::Key(key) => tape.object(key),
        AnyOutput::CurrentKey(key) => tape.object(key),
        AnyOutput::Deleted(deleted) => tape.bool(deleted.already_gone),
        AnyOutput::Json(json) => tape.json_if(json.as_ref()),
        _ => {}
    }
    tape.number(meta.status.as_u16());
    tape.number(meta.attempts);
    tape.text_if(meta.request_id());
    let limit = meta.rate_limit();
    for part in [limit.limit, limit.remaining, limit.reset] {
        tape.number_if(part);
    }
    tape.text(&lines(&meta.headers));
    tape.extra(&meta.envelope);
    with(tape, &secret, &[])
}

/// The headers, a line each.
fn lines(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        text.extend([name.as_str(), ":", &String::from_utf8_lossy(value.as_bytes()), "\n"]);
    }
    text
}

/// The created key without its secret, which is returned.
fn write_created(tape: &mut Tape, created: &Created) -> JsValue {
    tape.view(&View::from(&created.data));
    let problem = match (&created.problem, &created.data) {
        (Some(problem), _) => Some((problem.path(), decode_kind(problem.kind()))),
        (None, Field::Value(_)) => None,
        (None, Field::Absent) => Some(("$.data", decode_kind(DecodeErrorKind::Missing))),
        (None, _) => Some(("$.data", decode_kind(DecodeErrorKind::WrongType))),
    };
    tape.text_if(problem.map(|(path, _)| path));
    tape.text_if(problem.map(|(_, kind)| kind));
    tape.extra(&created.extra);
    JsValue::from_str(created.key().reveal())
}

/// What is written, the secret, and the errors that are part of it.
fn with(tape: Tape, secret: &JsValue, errors: &[Array]) -> Array {
    let parts = tape.finish();
    parts.push(secret);
    parts.push(&errors.iter().collect::<Array>());
    parts
}

fn list_keys<'a>(tape: &mut Tape, keys: impl ExactSizeIterator<Item = &'a Key>) {
    tape.reserve_keys(keys.len());
    tape.list(keys.len());
    for key in keys {
        tape.object(key);
    }
}

fn list_texts(tape: &mut Tape, texts: &[String]) {
    tape.list(texts.len());
    for text in texts {
        tape.text(text);
    }
}

pub(crate) fn write_keys(keys: &[Key]) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    list_keys(&mut tape, keys.iter());
    tape.finish()
}

pub(crate) fn write_reconciled(reconciled: &Reconciled) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    let secret = write_created(&mut tape, &reconciled.created);
    tape.text(&reconciled.name);
    list_keys(&mut tape, reconciled.swept.iter());
    list_texts(&mut tape, &reconciled.unconfirmed);
    with(tape, &secret, &[])
}

pub(crate) fn write_lent(lent: &Lent) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    let secret = write_created(&mut tape, &lent.created);
    tape.text(&lent.name);
    list_keys(&mut tape, lent.swept.iter());
    list_texts(&mut tape, &lent.unconfirmed);
    tape.text(lent.expires_at.as_str());
    tape.text_if(lent.workspace_id.as_deref());
    with(tape, &secret, &[])
}

/// A workflow that gives nothing.
pub(crate) fn write_done() -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    with(tape, &JsValue::UNDEFINED, &[])
}

pub(crate) fn write_ensured(ensured: &Ensured) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    match ensured {
        Ensured::Created { created, unsettled } => {
            tape.bool(true);
            let secret = write_created(&mut tape, created);
            let errors: Vec<Array> = unsettled.iter().map(error::write).collect();
            with(tape, &secret, &errors)
        }
        Ensured::Existing { key, changed } => {
            tape.bool(false);
            tape.object(&**key);
            tape.list(changed.len());
            for name in changed {
                tape.text(name);
            }
            with(tape, &JsValue::UNDEFINED, &[])
        }
        _ => tape.finish(),
    }
}

/// The new key of a rotation, with its secret.
pub(crate) fn write_new(created: &Created) -> Array {
    let mut tape = Tape::default();
    let secret = write_created(&mut tape, created);
    with(tape, &secret, &[])
}

pub(crate) fn write_rotation(state: &Rotation) -> Array {
    let mut tape = Tape::default();
    rotation(&mut tape, state);
    tape.finish()
}

/// In the order in which `js/rotation.js` reads it.
fn rotation(tape: &mut Tape, state: &Rotation) {
    tape.text(state.old.as_str());
    tape.text(state.step.as_str());
    tape.text_if(state.new.as_ref().map(KeyHash::as_str));
    tape.text_if(state.new_label.as_deref());
    tape.text_if(state.name.as_deref());
    list_texts(tape, &state.unconfirmed);
    tape.view(&state.since.map_or(View::Absent, View::Whole));
    tape.bool(state.leaked);
    tape.bool(state.remaining);
    tape.bool(state.full);
    tape.number_if(state.carried);
    tape.object_if(state.old_key.as_deref());
    for ms in [state.grace_ms, state.quiet_ms, state.watch_ms] {
        tape.view(&View::Whole(i64::try_from(ms).unwrap_or(i64::MAX)));
    }
}

pub(crate) fn write_rotated(rotated: &Rotated) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    match rotated {
        Rotated::Done { new, old, carried, unconfirmed, .. } => {
            tape.bool(true);
            tape.text(new.as_str());
            tape.object_if(old.as_deref());
            tape.number_if(*carried);
            list_texts(&mut tape, unconfirmed);
        }
        Rotated::StillInUse { old, state, .. } => {
            tape.bool(false);
            tape.object(&**old);
            rotation(&mut tape, state);
        }
        _ => {}
    }
    with(tape, &JsValue::UNDEFINED, &[])
}

pub(crate) fn write_found(found: &FoundBySecret) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    tape.object_if(found.key.as_ref());
    tape.object_if(found.current.as_ref());
    with(tape, &JsValue::UNDEFINED, &[])
}

pub(crate) fn write_current(current: &CurrentKey) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    tape.object(current);
    with(tape, &JsValue::UNDEFINED, &[])
}

pub(crate) fn write_swept(swept: &Swept) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    list_keys(&mut tape, swept.deleted.iter());
    list_texts(&mut tape, &swept.absent);
    list_keys(&mut tape, swept.failed.iter().map(|(key, _)| key));
    list_keys(&mut tape, swept.endless.iter());
    let errors: Vec<Array> = swept.failed.iter().map(|(_, failed)| error::write(failed)).collect();
    with(tape, &JsValue::UNDEFINED, &errors)
}

pub(crate) fn write_audit(report: &AuditReport) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    tape.text_if(report.at.as_ref().map(Timestamp::as_str));
    list_keys(&mut tape, report.keys.iter().map(|audited| &audited.key));
    tape.list(report.keys.len());
    for audited in &report.keys {
        tape.list(audited.findings.len());
        for finding in &audited.findings {
            write_finding(&mut tape, finding);
        }
    }
    for Spend { daily, weekly, monthly, total, .. } in [report.spend, report.byok_spend] {
        for sum in [daily, weekly, monthly, total] {
            tape.number(sum);
        }
    }
    tape.number(u32::try_from(report.odd_rows).unwrap_or(u32::MAX));
    let table = report.table(false, &tape.keys());
    tape.text(&table);
    with(tape, &JsValue::UNDEFINED, &[])
}

/// The finding's name, and the name and the value of what it tells.
fn write_finding(tape: &mut Tape, finding: &Finding) {
    let (name, number) = match finding {
        Finding::Expired { days }
        | Finding::Disabled { days: Some(days) }
        | Finding::Unused { days }
        | Finding::NeverUsed { days }
        | Finding::ExpiresSoon { days } => ("days", f64::from(*days)),
        Finding::NearLimit { share } => ("share", *share),
        Finding::DuplicateName { keys } => ("keys", f64::from(*keys)),
        other => {
            let fields: &[&str] = match other {
                Finding::Unreadable { fields } => fields,
                _ => &[],
            };
            tape.list(if fields.is_empty() { 1 } else { 3 });
            tape.text(other.kind());
            if !fields.is_empty() {
                tape.text("fields");
                tape.list(fields.len());
                for field in fields {
                    tape.text(field);
                }
            }
            return;
        }
    };
    tape.list(3);
    tape.text(finding.kind());
    tape.text(name);
    tape.number(number);
}
