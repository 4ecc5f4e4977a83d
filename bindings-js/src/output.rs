//! Writes the results of calls as plain data, each object by its fields' names; `js/internal/values.js` turns some into instances of its classes.

use js_sys::Array;
use openrouter_keys_core::error::DecodeErrorKind;
use openrouter_keys_core::internal::{ReadHeaders, ValueRef};
use openrouter_keys_core::operation::{AnyOutput, Created};
use openrouter_keys_core::workflow::Progress;
use openrouter_keys_core::{Field, Key, Meta, Response};
use wasm_bindgen::JsValue;

use crate::error::decode_kind;
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

pub(crate) fn write_created(reply: &mut Reply, created: &Created) {
    let mut record = reply.record("Created");
    created_fields(&mut record, created);
    record.extra(&created.extra);
}

pub(crate) fn created_fields(record: &mut Record<'_>, created: &Created) {
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
