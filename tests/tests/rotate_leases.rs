//! Rotations whose log other machines share: every change is made within a lease, and a rotation
//! that was taken over changes nothing more.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use http::Method;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::test_util::{FakeTransport, VirtualClock};
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{
    BlockingRotationStore, BlockingSecretSink, Delivery, PutError, Rotate, Rotated, Rotation,
    RotationEntry, RotationStep, StoredRotation,
};
use openrouter_keys_core::{ApiKey, Config, Error, blocking};
use openrouter_keys_tests::model::{Server, ServerKey};

const OLD: &str = "sk-or-v1-old0000000000000000000000000000000000000000000000000000000001d";
const LEASE: Duration = Duration::from_secs(300);
const TIMEOUT: Duration = Duration::from_secs(60);

/// The server, the log and the sink, and when what happened.
#[derive(Clone)]
struct World(Arc<Mutex<Inner>>);

struct Inner {
    server: Server,
    clock: Arc<OnceLock<VirtualClock>>,
    log: Vec<RotationEntry>,
    /// When each entry was appended.
    appended: Vec<Duration>,
    /// When each change was received.
    changes: Vec<(Method, Duration)>,
    secret: String,
    /// Before this many appends of ours, another machine takes the rotation over.
    taken_before: Option<usize>,
    /// What the sink says, if not that it stored the secret.
    put: Option<fn(BoxError) -> PutError>,
    /// Whether the store appends, and then fails.
    loses_responses: bool,
    /// What the sink says that it has, if it can be asked.
    has: Option<bool>,
    /// Whether the sink cannot store a secret.
    is_unusable: bool,
}

impl World {
    fn new() -> Self {
        let mut server = Server::without_faults();
        server.keys.push(ServerKey::new("production", OLD.to_owned(), Duration::ZERO));
        Self(Arc::new(Mutex::new(Inner {
            server,
            clock: Arc::default(),
            log: Vec::new(),
            appended: Vec::new(),
            changes: Vec::new(),
            secret: OLD.to_owned(),
            taken_before: None,
            put: None,
            loses_responses: false,
            has: None,
            is_unusable: false,
        })))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    /// One run, which continues what the log has.
    fn run(&self, owner: &str) -> Result<Rotated, Error> {
        let world = self.clone();
        let transport = FakeTransport::answering(move |_, request| {
            world.with(|inner| {
                let now = inner.now();
                if request.method() != Method::GET {
                    inner.changes.push((request.method().clone(), now));
                }
                inner.server.receive(request, now).into()
            })
        });
        transport.set_entropy(self.with(|inner| inner.log.len()).try_into().unwrap());
        let before = self.with(|inner| inner.now());
        transport.clock().advance(before);
        self.with(|inner| inner.clock = Arc::new(OnceLock::from(transport.clock())));
        let key = ApiKey::new("sk-or-v1-management").unwrap();
        let config = Config::new().timeout(TIMEOUT);
        let client = blocking::Client::with_config(transport, key, config).unwrap();
        let new = Rotation::new(format!("{:064x}", 0).parse().unwrap());
        let newest = self.with(|inner| inner.log.last().cloned());
        let newest = newest.unwrap_or_else(|| RotationEntry::before(new, "vault"));
        let stored =
            StoredRotation::claim_blocking(self.clone(), self.clone(), newest, owner, LEASE);
        let stored = stored.unwrap().expect("nobody else is there");
        let rotate = Rotate::resume(stored.rotation().clone()).lease(LEASE);
        client.rotate(rotate.grace(Duration::from_secs(3600)), stored).finish()
    }

    fn working(&self) -> usize {
        self.with(|inner| {
            let now = inner.now();
            inner.server.keys.iter().filter(|key| key.works(now)).count()
        })
    }
}

impl Inner {
    fn now(&self) -> Duration {
        self.clock.get().map_or(Duration::from_secs(1000), VirtualClock::now)
    }
}

impl BlockingRotationStore for World {
    fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        // Parsers of numbers may be a little off.
        Ok(self.with(|inner| inner.log.last().cloned()).map(|mut entry| {
            entry.rotation.carried =
                entry.rotation.carried.map(|usd| f64::from_bits(usd.to_bits() + 1));
            entry
        }))
    }

    fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        self.with(|inner| {
            if inner.taken_before == Some(inner.log.len()) {
                let mut theirs = inner.log.last().unwrap_or(entry).clone();
                theirs.sequence = entry.sequence;
                "another machine".clone_into(&mut theirs.owner);
                inner.log.push(theirs);
            }
            if inner.log.iter().any(|known| known.sequence == entry.sequence) {
                return Ok(false);
            }
            inner.appended.push(inner.now());
            inner.log.push(entry.clone());
            if inner.loses_responses { Err("the response was lost".into()) } else { Ok(true) }
        })
    }
}

impl BlockingSecretSink for World {
    fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        assert_eq!((key.name.as_str(), key.hash.as_str()), ("production", ""));
        assert_eq!(key.replaces, format!("{:064x}", 0));
        assert!(Secret::new(OLD).has_label(key.old_label.as_deref().unwrap()));
        let is_unusable = self.with(|inner| inner.is_unusable);
        if is_unusable { Err("the sink cannot be written to".into()) } else { Ok(()) }
    }

    fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        assert_eq!(key.name, "production");
        assert!(key.is_secret(secret.reveal()), "{key:?}");
        self.with(|inner| {
            if let Some(problem) = inner.put {
                return Err(problem("the sink failed".into()));
            }
            secret.reveal().clone_into(&mut inner.secret);
            Ok(())
        })
    }

    fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        self.with(|inner| match (inner.has, inner.put) {
            (None, Some(_)) => Ok(None),
            (has, _) => Ok(Some(has.unwrap_or_else(|| key.is_secret(&inner.secret)))),
        })
    }
}

#[test]
fn every_change_ends_within_the_lease() {
    let world = World::new();
    assert!(matches!(world.run("a").unwrap(), Rotated::Done { .. }));
    let (changes, appended) = world.with(|inner| (inner.changes.clone(), inner.appended.clone()));
    let methods: Vec<&Method> = changes.iter().map(|(method, _)| method).collect();
    assert_eq!(methods, [Method::POST, Method::PATCH, Method::DELETE, Method::PATCH]);
    for (method, at) in &changes {
        let newest = appended.iter().rfind(|entry| *entry <= at).unwrap();
        assert!(*at + TIMEOUT <= *newest + LEASE, "{method} at {at:?}, claimed at {newest:?}");
    }
    // The grace period is longer than the lease, so the rotation was claimed again after it.
    let steps = world.with(|inner| {
        inner.log.iter().map(|entry| entry.rotation.step).collect::<Vec<RotationStep>>()
    });
    assert_eq!(steps.iter().filter(|step| **step == RotationStep::HandedOver).count(), 2);
    world.with(|inner| {
        for entry in &inner.log {
            let text = serde_json::to_string(entry).unwrap();
            assert!(!text.contains(&inner.secret) && !text.contains(OLD), "{text}");
        }
    });
}

#[test]
fn a_rotation_that_is_taken_over_changes_nothing_more_and_the_other_completes_it() {
    let entries = {
        let world = World::new();
        world.run("a").unwrap();
        world.with(|inner| inner.log.len())
    };
    for taken in 1..entries {
        let world = World::new();
        world.with(|inner| inner.taken_before = Some(taken));
        let error = world.run("a").expect_err("it was taken over");
        assert!(error.to_string().contains("rotation handler"), "{taken}: {error}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "another program has continued it: another machine", "{taken}");
        let is_lost = world.with(|inner| {
            inner.taken_before = None;
            inner.server.keys.len() > 1 && inner.secret == OLD
        });
        // A key that was created is not deleted: it is the other machine's now.
        let deletes = world.with(|inner| {
            inner.changes.iter().filter(|(method, _)| *method == Method::DELETE).count()
        });
        let is_deleted = world.with(|inner| inner.server.keys[0].deleted_at.is_some());
        assert_eq!(deletes, usize::from(is_deleted), "{taken}");
        assert_eq!(error.may_have_created().is_some(), is_lost, "{taken}: {error}");
        assert!(matches!(world.run("another machine").unwrap(), Rotated::Done { .. }), "{taken}");
        assert_eq!(world.working(), 1, "{taken}");
        world.with(|inner| {
            let now = inner.now();
            let works = inner.server.keys.iter().find(|key| key.works(now)).unwrap();
            assert_eq!(works.secret, inner.secret, "{taken}");
        });
    }
}

#[test]
fn a_secret_that_may_be_stored_is_kept_until_the_sink_says() {
    for has in [true, false] {
        let world = World::new();
        world.with(|inner| inner.put = Some(PutError::Unknown));
        let error = world.run("a").expect_err("the sink failed");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the sink failed");
        assert!(error.may_have_created().is_some(), "{error}");
        assert_eq!(world.working(), 2);
        // Still nobody can say.
        world.run("b").expect_err("the sink cannot be asked");
        assert_eq!(world.working(), 2);
        world.with(|inner| {
            let new = inner.server.keys.last().unwrap().secret.clone();
            (inner.put, inner.has) = (None, Some(has));
            if has {
                inner.secret = new;
            }
        });
        assert!(matches!(world.run("c").unwrap(), Rotated::Done { .. }));
        assert_eq!(world.with(|inner| inner.server.keys.len()), if has { 2 } else { 3 });
        assert_eq!(world.working(), 1);
    }
}

#[test]
fn a_secret_that_was_not_stored_is_deleted() {
    let world = World::new();
    world.with(|inner| inner.put = Some(PutError::NotStored));
    world.run("a").expect_err("the sink failed");
    assert_eq!(world.working(), 1);
}

#[test]
fn a_sink_that_cannot_store_a_secret_is_noticed_before_a_key_is_created() {
    let world = World::new();
    world.with(|inner| inner.is_unusable = true);
    let error = world.run("a").expect_err("the sink cannot be written to");
    assert!(error.may_have_created().is_none(), "{error}");
    assert!(world.with(|inner| inner.changes.is_empty()));
    world.with(|inner| inner.is_unusable = false);
    assert!(matches!(world.run("b").unwrap(), Rotated::Done { .. }));
}

#[test]
fn a_lease_that_ends_before_a_call_does_is_refused() {
    let transport = FakeTransport::never();
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    let config = Config::new().timeout(TIMEOUT);
    let client = blocking::Client::with_config(transport.clone(), key, config).unwrap();
    let rotate = Rotate::new("0").lease(TIMEOUT);
    let world = World::new();
    let newest = RotationEntry::before(Rotation::new("0".parse().unwrap()), "vault");
    let stored = StoredRotation::claim_blocking(world.clone(), world, newest, "a", LEASE);
    let refused = client.rotate(rotate, stored.unwrap().unwrap()).finish().unwrap_err();
    assert!(refused.to_string().contains("the lease must be longer"), "{refused}");
    assert!(transport.requests().is_empty());
}

#[test]
fn another_machine_waits_for_the_lease_and_for_a_call_on_its_way() {
    let world = World::new();
    world.run("a").unwrap();
    let entry = world.with(|inner| inner.log.last().cloned().unwrap());
    assert_eq!(entry.takeover_after(TIMEOUT), LEASE + TIMEOUT);
    let untouched = RotationEntry::before(entry.rotation, "vault");
    assert_eq!(untouched.takeover_after(TIMEOUT), Duration::ZERO);
}

#[test]
fn an_entry_that_is_in_the_log_counts_as_appended() {
    let world = World::new();
    world.with(|inner| inner.loses_responses = true);
    assert!(matches!(world.run("a").unwrap(), Rotated::Done { .. }));
    assert!(world.with(|inner| inner.log.iter().any(|entry| entry.rotation.carried.is_some())));
    assert_eq!(world.working(), 1);
}
