//! What is said to a contestant, and what it answers: one line of JSON each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The management key that every contestant sends.
pub(crate) const API_KEY: &str = "sk-or-v1-the-management-key-of-the-benchmark";
/// The key that every contestant gets.
pub(crate) const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

/// The first line of a contestant.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    /// Of its runtime and its libraries.
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
    /// Reads a body that is at hand; only in JavaScript.
    Decode,

    // Only in Rust:
    /// Makes the client, with the system's trusted certificates.
    Construct,
    /// The same with one trusted certificate, which is handed over.
    ConstructWithoutRoots,
    /// The same over a reqwest client that is there.
    ConstructOverReqwest,

    // Only in Rust, over the allocator that counts:
    /// Keeps calls in flight and tells what each takes.
    Hold,
    /// Clones the client and tells what each clone takes.
    Clones,
    /// Builds requests and tells what is allocated.
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
    /// How many keys the body to decode has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<u32>,
    /// A certificate to trust, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<String>,
    /// Where the server can be told to let go what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
}

impl Request {
    /// Calls one after the other.
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

/// How it went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) wall_ns: u64,
    pub(crate) cpu_ns: u64,
    /// How many keys were received in all.
    pub(crate) checked: u64,
    /// What the tasks about memory tell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) figures: BTreeMap<String, f64>,
}

/// What a line of a contestant says.
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
    fn a_request_says_no_more_than_it_has_to() {
        let request = Request::new(Task::ListAll, "http://127.0.0.1:1/api/v1", 2).prefetch(8);
        let line = serde_json::to_string(&request).unwrap();
        let base = r#""base":"http://127.0.0.1:1/api/v1""#;
        assert_eq!(
            line,
            format!(r#"{{"task":"list_all",{base},"calls":2,"at_once":1,"prefetch":8}}"#)
        );
    }

    #[test]
    fn a_failure_is_told_from_an_answer() {
        let failed = serde_json::from_str(r#"{"error":"no"}"#).unwrap();
        assert!(matches!(failed, Reply::Failed { error } if error == "no"));
        let done = serde_json::from_str(r#"{"wall_ns":3,"cpu_ns":2,"checked":1}"#).unwrap();
        assert!(matches!(done, Reply::Done(Measurement { wall_ns: 3, cpu_ns: 2, checked: 1, .. })));
        assert!(serde_json::from_str::<Reply>(r#"{"wall_ns":3}"#).is_err());
    }
}
