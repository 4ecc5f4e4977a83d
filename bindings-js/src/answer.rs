//! A successful call as plain data.

use js_sys::Array;
use openrouter_keys_core::{DecodeErrorKind, Field, Response, View};
use wasm_bindgen::JsValue;

use crate::error::decode_kind;
use crate::operation::AnyOutput;
use crate::tape::Tape;

/// The response, then the value; the created key's secret stays apart.
pub(crate) fn write(response: &Response<AnyOutput>) -> Array {
    let mut tape = Tape::default();
    let Response { output, meta, .. } = response;
    tape.bool(true);
    tape.number(meta.status.as_u16());
    tape.number(meta.attempts);
    tape.text_if(meta.request_id());
    let limit = meta.rate_limit();
    for part in [limit.limit, limit.remaining, limit.reset] {
        tape.number_if(part);
    }
    tape.list(meta.headers.len().saturating_mul(2));
    for (name, value) in &meta.headers {
        tape.text(name.as_str());
        tape.text(&String::from_utf8_lossy(value.as_bytes()));
    }
    tape.extra(&meta.envelope);
    let mut secret = JsValue::UNDEFINED;
    match output {
        AnyOutput::Page(page) => {
            tape.list(page.data.len());
            for key in &page.data {
                tape.object(key);
            }
            tape.list(page.odd.len());
            for row in &page.odd {
                tape.json_if(Some(row));
            }
            tape.extra(&page.extra);
        }
        AnyOutput::Created(created) => {
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
            secret = JsValue::from_str(created.key().reveal());
        }
        AnyOutput::Key(key) => tape.object(key),
        AnyOutput::CurrentKey(key) => tape.object(key),
        AnyOutput::Deleted(deleted) => tape.bool(deleted.already_gone),
    }
    let parts = tape.finish();
    parts.push(&secret);
    parts
}
