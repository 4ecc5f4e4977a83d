//! Finds other crates' types in a crate's public signatures, using rustdoc's JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::shell::cmd;
use crate::workspace::Workspace;

/// Set when cargo runs xtask instead of rustdoc.
const STAND_IN: &str = "XTASK_STANDS_IN_FOR_RUSTDOC";

/// Writes the JSON; lints are left to the step `docs`. The form is unstable, so rustdoc needs a
/// variable that the compiler must not see: build scripts would notice it and rebuild everything.
pub(crate) fn document(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    Ok(cmd!(workspace.shell, "cargo doc {packages...} --all-features --no-deps --locked")
        .env("RUSTDOC", std::env::current_exe()?)
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow")
        .env(STAND_IN, "1")
        .run()?)
}

/// Runs rustdoc, if cargo called this program instead of it.
pub(crate) fn stand_in_for_rustdoc() -> Option<ExitCode> {
    std::env::var_os(STAND_IN)?;
    let mut rustdoc = Command::new("rustdoc");
    let status = rustdoc.args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(if status.is_ok_and(|status| status.success()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Each type, with an item that names it.
pub(crate) fn of_other_crates(docs: &Value) -> Result<BTreeMap<String, String>> {
    let items = docs.get("index").and_then(Value::as_object).context("rustdoc wrote no index")?;
    // The methods of a trait implementation have the trait's signatures.
    let inherited: BTreeSet<String> = items
        .values()
        .filter_map(|item| item.pointer("/inner/impl"))
        .filter(|implementation| implementation.get("trait").is_some_and(|it| !it.is_null()))
        .filter_map(|implementation| implementation.get("items")?.as_array())
        .flatten()
        .map(Value::to_string)
        .collect();
    let mut found = BTreeMap::new();
    for (id, item) in items {
        let Some(inner) = item.get("inner") else { continue };
        let is_ours = item.get("crate_id").and_then(Value::as_u64) == Some(0);
        let is_inherited = inherited.contains(id) && inner.get("assoc_type").is_none();
        let is_for_all = inner.pointer("/impl/blanket_impl").is_some_and(|it| !it.is_null());
        if !is_ours || is_inherited || is_for_all {
            continue;
        }
        let by = item.get("name").and_then(Value::as_str).unwrap_or("an implementation");
        let mut ids = Vec::new();
        collect(inner, &mut ids);
        for name in ids.into_iter().filter_map(|id| foreign(docs, id)) {
            found.entry(name).or_insert_with(|| by.to_owned());
        }
    }
    Ok(found)
}

/// The path and id by which a type or trait is named. A re-export has a source.
fn collect(value: &Value, ids: &mut Vec<u64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Object(fields) => {
            if fields.contains_key("path") || fields.contains_key("source") {
                ids.extend(fields.get("id").and_then(Value::as_u64));
            }
            fields.values().for_each(|value| collect(value, ids));
        }
        _ => {}
    }
}

/// The path, unless it is ours or the standard library's.
fn foreign(docs: &Value, id: u64) -> Option<String> {
    let named = docs.get("paths")?.get(id.to_string())?;
    let home = named.get("crate_id")?.to_string();
    let home = docs.get("external_crates")?.get(home)?.get("name")?.as_str()?;
    if matches!(home, "alloc" | "core" | "std") {
        return None;
    }
    let path: Vec<&str> = named.get("path")?.as_array()?.iter().filter_map(Value::as_str).collect();
    Some(path.join("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_crates_type_is_found_anywhere_in_a_signature() {
        let named = |id: u64| serde_json::json!({ "resolved_path": { "path": "x", "id": id } });
        let method = |id: u64| {
            serde_json::json!({
                "function": { "sig": { "inputs": [["a", { "borrowed_ref": { "type": named(id) } }]] } }
            })
        };
        let item =
            |inner: Value| serde_json::json!({ "crate_id": 0, "name": "send", "inner": inner });
        let of_trait = serde_json::json!({ "path": "Stream", "id": 11 });
        let docs = serde_json::json!({
            "index": {
                "1": item(method(10)),
                "2": item(serde_json::json!({ "impl": { "trait": of_trait, "items": [3, 4] } })),
                "3": item(method(12)),
                "4": item(serde_json::json!({ "assoc_type": { "type": named(13) } })),
                "5": item(serde_json::json!({ "impl": {
                    "trait": { "path": "Instrument", "id": 12 }, "items": [], "blanket_impl": { "generic": "T" }
                } })),
                "6": item(serde_json::json!({ "use": { "source": "http::Method", "id": 14 } })),
                "7": item(named(15)),
                "8": { "crate_id": 7, "name": "theirs", "inner": named(12) },
            },
            "paths": {
                "10": { "crate_id": 7, "path": ["http", "Request"] },
                "11": { "crate_id": 8, "path": ["futures_core", "Stream"] },
                "12": { "crate_id": 7, "path": ["http", "Unseen"] },
                "13": { "crate_id": 7, "path": ["http", "Response"] },
                "14": { "crate_id": 7, "path": ["http", "Method"] },
                "15": { "crate_id": 1, "path": ["std", "String"] },
            },
            "external_crates": {
                "1": { "name": "std" }, "7": { "name": "http" }, "8": { "name": "futures_core" },
            },
        });
        let found = of_other_crates(&docs).unwrap();
        let found: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(
            found,
            ["futures_core::Stream", "http::Method", "http::Request", "http::Response"]
        );
    }
}
