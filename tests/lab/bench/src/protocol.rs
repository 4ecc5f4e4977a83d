//! The requests to a contestant and its responses: one line of JSON each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The management key that every contestant sends.
pub(crate) const API_KEY: &str = "sk-or-v1-the-management-key-of-the-benchmark";
/// The key that every contestant gets.
pub(crate) const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

/// The first line that a contestant writes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    /// The versions of its runtime and libraries.
    #[serde(default)]
    pub(crate) versions: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Gets one key.
    #[default]
    Get,
    /// Reads the first page.
    List,
    /// Reads every key once.
    ListAll,
    /// Decodes a body in memory; only in JavaScript.
    Decode,

    // Only in Rust:
    /// Constructs the client with the system's trusted certificates.
    Construct,
    /// Constructs the client with one given trusted certificate.
    ConstructWithoutRoots,
    /// Constructs the client over an existing reqwest client.
    ConstructOverReqwest,

    // Only in Rust, with the counting allocator:
    /// Keeps calls in flight and reports the memory of each.
    Hold,
    /// Clones the client and reports the memory of each clone.
    Clones,
    /// Builds requests and reports their allocations.
    Build,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) task: Task,
    /// The base URL up to and including `/api/v1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) base: String,
    pub(crate) calls: u32,
    /// How many calls are in flight at the same time.
    pub(crate) at_once: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefetch: Option<u32>,
    /// The number of keys in the body to decode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<u32>,
    /// A certificate to trust, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<String>,
    /// The URL of the server's control endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
}

impl Request {
    /// Makes one call after another.
    pub(crate) fn new(task: Task, base: impl Into<String>, calls: u32) -> Self {
        Self { task, base: base.into(), calls, at_once: 1, ..Self::default() }
    }

    pub(crate) fn at_once(self, at_once: u32) -> Self {
        Self { at_once, ..self }
    }

    pub(crate) fn prefetch(self, pages: u32) -> Self {
        Self { prefetch: Some(pages), ..self }
    }
}

/// The result of a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) wall_ns: u64,
    pub(crate) cpu_ns: u64,
    /// The number of keys received by all calls.
    pub(crate) checked: u64,
    /// The results of the memory tasks, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) figures: BTreeMap<String, f64>,
}

/// A contestant's response to a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    Failed { error: String },
    Done(Measurement),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_omits_what_is_not_set() {
        let request = Request::new(Task::ListAll, "http://127.0.0.1:1/api/v1", 2).prefetch(8);
        let line = serde_json::to_string(&request).unwrap();
        let base = r#""base":"http://127.0.0.1:1/api/v1""#;
        assert_eq!(
            line,
            format!(r#"{{"task":"list_all",{base},"calls":2,"at_once":1,"prefetch":8}}"#)
        );
    }

    #[test]
    fn failures_and_measurements_are_distinguished() {
        let failed = serde_json::from_str(r#"{"error":"no"}"#).unwrap();
        assert!(matches!(failed, Reply::Failed { error } if error == "no"));
        let done = serde_json::from_str(r#"{"wall_ns":3,"cpu_ns":2,"checked":1}"#).unwrap();
        assert!(matches!(done, Reply::Done(Measurement { wall_ns: 3, cpu_ns: 2, checked: 1, .. })));
        assert!(serde_json::from_str::<Reply>(r#"{"wall_ns":3}"#).is_err());
    }
}
