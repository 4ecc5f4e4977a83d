//! What a pass does with a rotation that it finds, and with keys that are gone.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use object_store::memory::InMemory;
use openrouter_keys_core::error::{BoxError, TransportError};
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_core::workflow::{RotationEntry, RotationStore as _, SecretSink};
use openrouter_keys_core::{ApiKey, Config, CurrentKey, KeyHash};
use serde_json::{Value, json};

use super::{Scripted, list, text};
use crate::{Account, Fleet, Log, Outcome, Store, Work};

/// While the machine waits for another one's lease, that one appends an entry.
struct Meanwhile {
    fake: FakeTransport,
    log: Log,
    entry: Mutex<Option<RotationEntry>>,
}

#[async_trait]
impl Transport for Meanwhile {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.fake.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        let entry = self.entry.lock().unwrap().take_if(|_| duration >= LEASE);
        if let Some(entry) = entry {
            assert!(self.log.clone().append(&entry).await.unwrap());
        }
        self.fake.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.fake.now()
    }

    fn entropy(&self) -> u64 {
        self.fake.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.fake.wall_clock()
    }
}

const LEASE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn a_pass_does_with_a_rotation_what_javascript_does() {
    for vector in list("passes") {
        let old = KeyHash::new("key-1").unwrap();
        let store = Store::new(Arc::new(InMemory::new()), "");
        let mut log = store.log(&old);
        for entry in vector["log"].as_array().unwrap() {
            let entry = serde_json::from_value(entry.clone()).unwrap();
            assert!(log.append(&entry).await.unwrap());
        }
        let missing: Vec<String> = serde_json::from_value(vector["missing"].clone()).unwrap();
        let fake = FakeTransport::answering(move |_, request| {
            let hash = request.uri().path().rsplit('/').next().unwrap_or_default();
            let status = if missing.iter().any(|one| one == hash) { 404 } else { 403 };
            Reply::api_error(status, "no")
        });
        let meanwhile = serde_json::from_value(vector["meanwhile"].clone()).unwrap();
        let transport = Meanwhile { fake, log: log.clone(), entry: Mutex::new(meanwhile) };
        let was_put = vector["was_put"].as_bool().unwrap_or(true);
        let opened = Arc::new(Mutex::new(Value::Null));
        let seen = Arc::clone(&opened);
        let sinks = move |sink: &str, _: &KeyHash| -> Result<Box<dyn SecretSink>, BoxError> {
            *seen.lock().unwrap() = sink.into();
            Ok(Box::new(Scripted { vector: json!({"was_put": was_put}), taken: 0 }))
        };
        let key = ApiKey::new("sk-or-v1-the-management-key").unwrap();
        let fleet = Fleet::new(transport, key, Config::new(), store.clone(), sinks).unwrap();
        let fleet = fleet.account(Account::of("", &CurrentKey::default()));
        let is_due = vector["is_due"].as_bool().unwrap();
        let work = Work::keys(is_due.then(|| old.clone())).into_sink(text(&vector["sink"]));
        let grace = vector["grace_ms"].as_u64();
        let work = work.settings(move |rotation| {
            rotation.grace_ms = grace.unwrap_or(rotation.grace_ms);
        });
        let report = fleet.run(work).await.unwrap();
        let outcome = match &report.rows.first().unwrap().outcome {
            Outcome::Gone => "gone",
            Outcome::Failed(_) => "failed",
            Outcome::Busy { .. } => "busy",
            Outcome::Done { .. } => "done",
            other => panic!("{vector}: {other:?}"),
        };
        let newest = log.load().await.unwrap().unwrap();
        let found = store.scan().await.unwrap().remove(&old).unwrap();
        let then = json!({"outcome": outcome, "sink": *opened.lock().unwrap(),
            "is_done": found.is_done, "is_late": found.is_late, "grace_ms": newest.rotation.grace_ms});
        assert_eq!(then, vector["then"], "{vector}");
    }
}
