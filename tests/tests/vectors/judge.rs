//! Checks the outcome of a call against its vector.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use openrouter_keys_core::error::BuildErrorKind;
use openrouter_keys_tests::vectors::{
    DEFAULT_API_KEY, Failure, OperationName, Pause, Refusal, Success, Vector,
};
use serde_json::Value;

use crate::call::{Came, Outcome};
use crate::seen::{SeenError, SeenValue};

/// Everything that differs from the vector.
pub(crate) fn problems(vector: &Vector, came: &Came) -> Vec<String> {
    let mut judge = Judge(Vec::new());
    judge.form(vector);
    judge.outcome(vector, came);
    judge.wire(vector, came);
    judge.0
}

struct Judge(Vec<String>);

impl Judge {
    fn problem(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    fn equal<T: PartialEq + Debug>(&mut self, what: &str, came: &T, expected: &T) {
        if came != expected {
            self.problem(format!("{what}: expected {expected:?}, came {came:?}"));
        }
    }

    /// Compares without regard to order.
    fn same_set(&mut self, what: &str, came: &[String], expected: &[String]) {
        let set = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
        self.equal(what, &set(came), &set(expected));
    }

    fn says(&mut self, text: &str, says: &[String]) {
        for part in says.iter().filter(|part| !text.contains(*part)) {
            self.problem(format!("the message does not say {part:?}: {text}"));
        }
    }

    fn hides(&mut self, what: &str, text: &str, hides: &[String]) {
        for part in hides.iter().filter(|part| text.contains(*part)) {
            self.problem(format!("{what} shows {part:?}: {text}"));
        }
    }

    /// Whether the vector states exactly one expectation.
    fn form(&mut self, vector: &Vector) {
        let Vector { request, refusal, success, error, .. } = vector;
        let given = [request.is_some(), refusal.is_some(), success.is_some(), error.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            self.problem("not exactly one of request, refusal, success and error is given");
        }
        let is_about_answers = success.is_some() || error.is_some();
        if is_about_answers == vector.responses.is_empty()
            || is_about_answers != vector.requests_seen.is_some()
        {
            self.problem("success and error, and no others, need responses and requests_seen");
        }
    }

    fn outcome(&mut self, vector: &Vector, came: &Came) {
        match (&came.outcome, vector) {
            (Outcome::Value(_), Vector { request: Some(_), .. }) => {}
            (Outcome::Refused { kind, text }, Vector { refusal: Some(refusal), .. }) => {
                self.refusal(vector, refusal, *kind, text);
            }
            (Outcome::Value(seen), Vector { success: Some(success), .. }) => {
                self.value(vector, success, seen);
            }
            (Outcome::Error(seen), Vector { error: Some(failure), .. }) => {
                self.error(vector, failure, seen);
            }
            (Outcome::Refused { text, .. }, _) => self.problem(format!("it was refused: {text}")),
            (Outcome::Value(seen), _) => self.problem(format!("it succeeded: {}", seen.text)),
            (Outcome::Error(seen), _) => self.problem(format!("it failed: {}", seen.text)),
        }
    }

    fn refusal(&mut self, vector: &Vector, expected: &Refusal, kind: BuildErrorKind, text: &str) {
        self.equal("kind", &name(kind), &expected.kind.as_str());
        self.says(text, &expected.says);
        self.hides("the message", text, &expected.hides);
        if expected.kind != "api_key" {
            self.hides("the message", text, &secrets(vector));
        }
    }

    fn value(&mut self, vector: &Vector, expected: &Success, seen: &SeenValue) {
        let details = &seen.details;
        self.equal("status", &seen.status, &expected.status);
        self.equal("attempts", &usize::try_from(seen.attempts).ok(), &vector.requests_seen);
        self.equal("request_id", &seen.request_id, &expected.request_id);
        self.equal("rate_limit", &seen.rate_limit, &expected.rate_limit);
        self.equal("secret", &details.secret, &expected.secret);
        self.equal("problem", &details.problem, &expected.problem);
        self.equal("unexpected_rows", &details.unexpected_rows, &expected.unexpected_rows);
        self.same_set("envelope", &seen.envelope, &expected.envelope);
        self.same_set("odd", &details.unexpected, &expected.unexpected);
        self.same_set("extra", &details.extra, &expected.extra);
        if !seen.reads_back {
            self.problem("the serialised value does not read back as the same value");
        }

        let value: Value = serde_json::from_str(&seen.text).unwrap_or_default();
        match (&expected.value, expected.same_as_sent) {
            (Some(expected), false) => self.same_json("value", &value, expected),
            (None, true) => match sent(vector) {
                Ok(sent) => self.same_json("value", &value, &sent),
                Err(problem) => self.problem(problem),
            },
            _ => self.problem("not exactly one of value and same_as_sent is given"),
        }
        for pointer in &expected.absent {
            let (parent, _) = pointer.rsplit_once('/').unwrap_or_default();
            if value.pointer(parent).is_none() {
                self.problem(format!("absent: nothing is at {parent}"));
            }
            self.equal(pointer, &value.pointer(pointer), &None);
        }
        for pointer in &expected.null {
            self.equal(pointer, &value.pointer(pointer), &Some(&Value::Null));
        }
        for part in expected.text_has.iter().filter(|part| !seen.text.contains(*part)) {
            self.problem(format!("the serialised value lacks {part}: {}", seen.text));
        }

        let mut secrets = secrets(vector);
        secrets.extend(details.secret.clone());
        self.hides("the serialised value", &seen.text, &secrets);
        self.hides("the value's debug text", &seen.debug, &secrets);
    }

    fn error(&mut self, vector: &Vector, expected: &Failure, seen: &SeenError) {
        self.equal("kind", &seen.kind, &expected.kind.as_str());
        self.equal("effect", &seen.effect, &expected.effect.as_str());
        self.equal("retryable", &seen.retryable, &expected.retryable);
        self.equal("attempts", &seen.attempts, &expected.attempts);
        self.equal("status", &seen.status, &expected.status);
        self.equal("message", &seen.message, &expected.message);
        self.equal("code", &seen.code, &expected.code);
        self.equal("user_id", &seen.user_id, &expected.user_id);
        self.equal("body", &seen.body, &expected.body.as_deref());
        self.equal("retry_after_ms", &seen.retry_after_ms, &expected.retry_after_ms);
        self.equal("request_id", &seen.request_id, &expected.request_id);
        self.equal("transport", &seen.transport, &expected.transport.as_deref());
        self.equal("unreadable", &seen.unreadable, &expected.unreadable);
        self.equal("origin", &seen.origin, &expected.origin);
        self.equal("look_for", &seen.look_for, &expected.look_for);
        let json = |value: &Option<Value>| value.clone().unwrap_or_default();
        self.same_json("metadata", &json(&seen.metadata), &json(&expected.metadata));
        self.same_json(
            "openrouter_metadata",
            &json(&seen.openrouter_metadata),
            &json(&expected.openrouter_metadata),
        );
        self.says(&seen.text, &expected.says);
        for shown in &seen.everything {
            self.hides("the error", shown, &expected.hides);
            self.hides("the error", shown, &secrets(vector));
        }
    }

    fn wire(&mut self, vector: &Vector, came: &Came) {
        let Came { requests, pauses, .. } = came;
        let expected = match (&vector.request, &vector.refusal) {
            (Some(_), _) => Some(1),
            (_, Some(_)) => Some(0),
            _ => vector.requests_seen,
        };
        self.equal("requests_seen", &Some(requests.len()), &expected);
        if let (Some(expected), Some(first)) = (&vector.request, requests.first()) {
            self.equal("request", first, expected);
        }
        // Every attempt sends the same request.
        for (first, next) in requests.iter().zip(requests.iter().skip(1)) {
            self.equal("the next request", next, first);
        }
        if let Some(expected) = &vector.pauses_ms {
            let fits = expected.len() == pauses.len()
                && expected.iter().zip(pauses).all(|(expected, pause)| is_within(*pause, expected));
            if !fits {
                self.problem(format!("pauses: expected {expected:?}, came {pauses:?}"));
            }
        }
    }

    /// Numbers are compared by value: in JSON, 25 and 25.0 are the same.
    fn same_json(&mut self, at: &str, came: &Value, expected: &Value) {
        match (came, expected) {
            (Value::Object(came), Value::Object(expected)) => {
                for (name, value) in expected {
                    match came.get(name) {
                        Some(other) => self.same_json(&format!("{at}/{name}"), other, value),
                        None => {
                            self.problem(format!("{at}/{name}: expected {value}, came nothing"));
                        }
                    }
                }
                for (name, value) in came.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                    self.problem(format!("{at}/{name}: expected nothing, came {value}"));
                }
            }
            (Value::Array(came), Value::Array(expected)) if came.len() == expected.len() => {
                for (index, (came, expected)) in came.iter().zip(expected).enumerate() {
                    self.same_json(&format!("{at}/{index}"), came, expected);
                }
            }
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
            _ => self.equal(at, came, expected),
        }
    }
}

/// The content of the last response, in the form of the operation's value.
fn sent(vector: &Vector) -> Result<Value, String> {
    let last = vector.responses.last().ok_or("there is no response")?;
    let body = last.bytes()?.ok_or("the last response has no body")?;
    let mut sent: Value = serde_json::from_slice(&body)
        .map_err(|error| format!("same_as_sent needs a response of JSON: {error}"))?;
    Ok(match vector.operation {
        OperationName::List => sent,
        OperationName::Create => {
            if let Some(fields) = sent.as_object_mut() {
                fields.remove("key");
            }
            sent
        }
        OperationName::Get | OperationName::Update | OperationName::GetCurrentKeyMetadata => {
            sent.get_mut("data").map(Value::take).ok_or("the last response has no data")?
        }
        OperationName::Delete => return Err("delete returns nothing that was sent".to_owned()),
    })
}

/// Secrets that no error or value may show, whatever the vector.
fn secrets(vector: &Vector) -> Vec<String> {
    let signs = vector.settings.api_key.as_deref().unwrap_or(DEFAULT_API_KEY);
    let external = vector
        .arguments
        .get("external")
        .and_then(|external| external.get("api_key"))
        .and_then(Value::as_str);
    [Some(signs), external]
        .into_iter()
        .flatten()
        .filter(|secret| !secret.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_within(pause: Duration, expected: &Pause) -> bool {
    match expected {
        Pause::Exactly(ms) => pause == Duration::from_millis(*ms),
        Pause::Between(from, to) => {
            (Duration::from_millis(*from)..=Duration::from_millis(*to)).contains(&pause)
        }
    }
}

fn name(kind: BuildErrorKind) -> &'static str {
    match kind {
        BuildErrorKind::ApiKey => "api_key",
        BuildErrorKind::BaseUrl => "base_url",
        BuildErrorKind::CreatorUserId => "creator_user_id",
        BuildErrorKind::EmptyUpdate => "empty_update",
        BuildErrorKind::External => "external",
        BuildErrorKind::Hash => "hash",
        BuildErrorKind::Header => "header",
        BuildErrorKind::Limit => "limit",
        BuildErrorKind::LimitReset => "limit_reset",
        BuildErrorKind::Name => "name",
        BuildErrorKind::RetryPolicy => "retry_policy",
        BuildErrorKind::Timeout => "timeout",
        BuildErrorKind::Timestamp => "timestamp",
        BuildErrorKind::WorkspaceId => "workspace_id",
        _ => "unknown",
    }
}
