//! The decisions that Rust and JavaScript machines share, `tests/vectors/fleet`;
//! `bindings-js/test/unit/fleet-vectors.test.mjs` reads the same file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod passes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::operation::Operation as _;
use openrouter_keys_core::workflow::{
    Delivery, PutError, Rotation, RotationEntry, RotationHandler as _, RotationStore, SecretSink,
    Stop, StoredRotation,
};
use openrouter_keys_core::{BaseUrl, Create, CurrentKey, Key, KeyHash, Limit, Secret, Timestamp};
use serde_json::{Value, json};

use crate::{Account, Rule, Shard, Store};

fn vectors(part: &str) -> Value {
    let text = include_str!("../../../tests/vectors/fleet/logs.json");
    serde_json::from_str::<Value>(text).unwrap()[part].take()
}

fn list(part: &str) -> Vec<Value> {
    serde_json::from_value(vectors(part)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn before(hash: &str) -> RotationEntry {
    RotationEntry::before(Rotation::new(KeyHash::new(hash).unwrap()), "")
}

#[tokio::test]
async fn objects_have_the_names_that_javascript_gives_them() {
    for vector in list("names") {
        let objects = Arc::new(InMemory::new());
        let hash = KeyHash::new(text(&vector["hash"])).unwrap();
        let store = Store::new(objects.clone(), text(&vector["prefix"]));
        let mut log = store.log(&hash);
        let mut entry = before(&hash);
        entry.sequence = vector["sequence"].as_u64().unwrap();
        assert!(log.append(&entry).await.unwrap());
        log.finish().await.unwrap();
        store.require_account(&Account::of("", &CurrentKey::default())).await.unwrap();
        let found: Vec<_> = objects.list(None).try_collect().await.unwrap();
        let found: BTreeSet<String> = found.iter().map(|one| one.location.to_string()).collect();
        let expected = ["entry", "done", "account"].map(|name| text(&vector[name]).to_owned());
        assert_eq!(found, BTreeSet::from(expected));
        assert_eq!(store.list().await.unwrap().into_keys().collect::<Vec<_>>(), [hash]);
    }
}

#[test]
fn a_key_is_in_the_shard_in_which_javascript_has_it() {
    for vector in list("shards") {
        let number = |name: &str| u32::try_from(vector[name].as_u64().unwrap()).unwrap();
        let shard = Shard::new(number("index"), number("of")).unwrap();
        assert!(shard.has(&KeyHash::new(text(&vector["hash"])).unwrap()), "{vector}");
    }
}

#[test]
fn entries_have_the_text_that_javascript_writes() {
    for vector in list("entries") {
        let entry: RotationEntry = serde_json::from_str(text(&vector["text"])).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), text(&vector["text"]));
        assert_eq!(serde_json::to_string(&entry.released()).unwrap(), text(&vector["released"]));
        let milliseconds = |name: &str| Duration::from_millis(vector[name].as_u64().unwrap());
        let wait = entry.takeover_after(milliseconds("timeout_ms"));
        assert_eq!(wait, milliseconds("takeover_after_ms"));
        let Delivery { name, hash, label, replaces, old_label, fence, .. } = Delivery::of(&entry);
        let delivery = json!({"name": name, "hash": hash, "label": label, "replaces": replaces,
            "old_label": old_label, "fence": fence});
        assert_eq!(delivery, vector["delivery"]);
    }
}

/// A store and a sink that respond as a vector says, after the store has taken so many entries.
struct Scripted {
    vector: Value,
    taken: u64,
}

impl Scripted {
    fn response(&self, name: &str) -> Result<&Value, BoxError> {
        match &self.vector[name] {
            Value::String(text) if text == "fails" => Err("it failed".into()),
            response => Ok(response),
        }
    }
}

#[async_trait]
impl RotationStore for Scripted {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        let newest = self.response("newest")?;
        Ok(newest.as_object().map(|newest| {
            let mut entry = before("key-1");
            entry.sequence = newest["sequence"].as_u64().unwrap() + self.taken;
            text(&newest["owner"]).clone_into(&mut entry.owner);
            entry
        }))
    }

    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        if entry.sequence < 5 + self.taken {
            return Ok(true);
        }
        Ok(self.response("append")?.as_bool().unwrap())
    }
}

#[async_trait]
impl SecretSink for Scripted {
    async fn put(&mut self, _: &Secret, _: &Delivery) -> Result<(), PutError> {
        match text(&self.vector["put"]) {
            "stored" => Ok(()),
            "not_stored" => Err(PutError::NotStored("refused".into())),
            _ => Err(PutError::Unknown("the connection broke".into())),
        }
    }

    async fn was_put(&mut self, _: &Delivery) -> Result<Option<bool>, BoxError> {
        let response = self.response("was_put")?;
        assert_ne!(response, "not asked");
        Ok(response.as_bool())
    }
}

async fn claimed(
    vector: &Value,
    taken: u64,
) -> Result<Option<StoredRotation<Scripted, Scripted>>, BoxError> {
    let scripted = || Scripted { vector: vector.clone(), taken };
    let mut newest = before("key-1");
    newest.sequence = 4;
    let lease = Duration::from_secs(1);
    StoredRotation::claim(scripted(), scripted(), newest, "own", lease).await
}

fn outcome<T>(result: Result<T, BoxError>, success: impl FnOnce(T) -> Value) -> Value {
    match result {
        Ok(output) => success(output),
        Err(cause) if cause.is::<Stop>() => "stops".into(),
        Err(_) => "fails".into(),
    }
}

#[tokio::test]
async fn an_entry_counts_as_appended_lost_or_unknown_as_in_javascript() {
    for vector in list("appends") {
        let claim = claimed(&vector, 0).await;
        let claim = outcome(claim, |stored| stored.map_or("other", |_| "appended").into());
        assert_eq!(claim, vector["then"], "{vector}");
        // Once it is claimed, either ends the rotation where it stands.
        let mut stored = claimed(&vector, 1).await.unwrap().unwrap();
        let rotation = stored.rotation().clone();
        let saved = outcome(stored.save(&rotation).await, |()| "appended".into());
        assert_eq!(saved, if claim == "appended" { "appended" } else { "stops" }, "{vector}");
    }
}

#[tokio::test]
async fn a_secret_counts_as_stored_not_stored_or_unknown_as_in_javascript() {
    let body = br#"{"key":"sk-or-v1-new","data":{}}"#;
    let new = Create::new("new", Limit::usd(1.0)).parse(body).unwrap().output;
    for vector in list("puts") {
        let mut stored = claimed(&vector, 1).await.unwrap().unwrap();
        let put = outcome(stored.hand_over(&new).await, |()| "kept".into());
        assert_eq!(put, vector["then"], "{vector}");
    }
    for vector in list("resumes") {
        let mut stored = claimed(&vector, 1).await.unwrap().unwrap();
        let rotation = stored.rotation().clone();
        let was_put = outcome(stored.was_handed_over(&rotation).await, Value::Bool);
        assert_eq!(was_put, vector["then"], "{vector}");
    }
}

#[test]
fn a_rule_selects_the_keys_that_javascript_selects() {
    for case in list("rules") {
        let now: Timestamp = text(&case["now"]).parse().unwrap();
        let mut rule = match &case["created_before"] {
            Value::Null => {
                let age = case["older_than_ms"].as_u64().unwrap();
                Rule::older_than(Duration::from_millis(age))
            }
            moment => Rule::created_before(text(moment).parse().unwrap()),
        };
        if let Some(prefix) = case["name_prefix"].as_str() {
            rule = rule.name_prefix(prefix);
        }
        if let Some(limit) = case["only_limit"].as_f64() {
            rule = rule.only(move |key| key.limit.copied() == Some(limit));
        }
        for vector in case["keys"].as_array().unwrap() {
            let key: Key = serde_json::from_value(vector["key"].clone()).unwrap();
            assert_eq!(rule.selects(&key, Some(&now)), vector["is_selected"], "{vector}");
        }
    }
}

#[tokio::test]
async fn a_store_belongs_to_the_account_that_javascript_reads() {
    for vector in list("accounts") {
        let url = vector["base_url"].as_str().map(|url| BaseUrl::new(url).unwrap());
        let current: CurrentKey = serde_json::from_value(vector["current"].clone()).unwrap();
        let account = Account::of(url.unwrap_or_default().to_string(), &current);
        assert_eq!(serde_json::to_string(&account).unwrap(), text(&vector["text"]), "{vector}");
        let objects = Arc::new(InMemory::new());
        let store = Store::new(objects.clone(), "");
        let path = store.account_path();
        if let Some(stored) = vector["stored"].as_str() {
            objects.put(&path, stored.to_owned().into()).await.unwrap();
        }
        match (store.require_account(&account).await, text(&vector["then"])) {
            (Ok(()), "accepted") => {}
            (Err(error), says) if error.to_string().contains(says) => {}
            (outcome, _) => panic!("{vector}: {outcome:?}"),
        }
        let expected = vector["stored"].as_str().unwrap_or_else(|| text(&vector["text"]));
        assert_eq!(store.content(&path).await.unwrap().unwrap(), expected, "{vector}");
    }
}
