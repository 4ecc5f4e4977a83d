//! A rotation that is killed at any moment and resumed from its saved state.
//!
//! Each request, pause and question has a moment before and a moment after it. A kill drops the
//! future there: what has been done stays done, and nobody is notified.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a model for tests"
)]

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::error::{BoxError, TransportError};
use openrouter_keys_core::operation::Created;
use openrouter_keys_core::test_util::{FakeTransport, VirtualClock};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_core::workflow::{Rotate, Rotated, Rotation, RotationHandler};
use openrouter_keys_core::{ApiKey, Client, Error};

use super::fault::Schedule;
use super::server::{Server, ServerKey};
use super::wire::serve;

/// The name of the key that is rotated.
const NAME: &str = "production";
const OLD: &str = "sk-or-v1-old0000000000000000000000000000000000000000000000000000000001d";

/// Which key the services use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Users {
    /// The one handed over last, from that moment on.
    Follow,
    /// The original key, as long as it works.
    Stay,
}

/// A rotation from its first run to its last.
#[derive(Debug)]
pub struct Story {
    /// The server at the end.
    pub server: Server,
    /// The secret the services received last.
    pub vault: String,
    /// The result of the last run; `None` if it was killed.
    pub result: Option<Result<Rotated, Error>>,
    /// The time at the end.
    pub now: Duration,
    /// How many moments each run had.
    pub moments: Vec<usize>,
    /// The most keys that worked at any moment.
    pub most: usize,
    /// The moments at which none of the keys that the services had worked.
    pub outages: usize,
    /// Keys that were deleted after being handed over, except the original one.
    pub wasted: usize,
    /// Everything that was saved.
    pub saved: Vec<String>,
}

struct World {
    server: Arc<Mutex<Server>>,
    clock: VirtualClock,
    users: Users,
    vault: String,
    handed_over: Vec<String>,
    saved: Vec<String>,
    /// Moments left until the kill.
    until_kill: Option<usize>,
    moments: usize,
    most: usize,
    outages: usize,
}

#[derive(Clone)]
struct Stage {
    world: Arc<Mutex<World>>,
    wire: FakeTransport,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// Lets the services work, checks the keys, and ends here if it is time for the kill.
    async fn moment(&self) {
        if lock(&self.world).passes() {
            return;
        }
        pending::<()>().await;
    }

    fn is_killed(&self) -> bool {
        lock(&self.world).until_kill == Some(0)
    }
}

impl World {
    fn passes(&mut self) -> bool {
        if self.until_kill == Some(0) {
            return false;
        }
        self.moments += 1;
        self.until_kill = self.until_kill.map(|left| left - 1);
        let now = self.clock.now();
        let mut server = lock(&self.server);
        let used = match self.users {
            Users::Follow => self.vault.as_str(),
            Users::Stay => OLD,
        };
        if let Some(key) = server.keys.iter_mut().find(|key| key.secret == used && key.works(now)) {
            key.usage += 0.01;
        }
        let works: Vec<&ServerKey> = server.keys.iter().filter(|key| key.works(now)).collect();
        self.most = self.most.max(works.len());
        self.outages += usize::from(!works.iter().any(|key| key.secret == self.vault));
        self.until_kill != Some(0)
    }
}

#[async_trait]
impl Transport for Stage {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.moment().await;
        let outcome = Transport::send(&self.wire, request, context).await;
        self.moment().await;
        outcome
    }

    async fn sleep(&self, duration: Duration) {
        self.moment().await;
        Transport::sleep(&self.wire, duration).await;
        self.moment().await;
    }

    fn now(&self) -> Duration {
        Transport::now(&self.wire)
    }

    fn entropy(&self) -> u64 {
        Transport::entropy(&self.wire)
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        Transport::wall_clock(&self.wire)
    }
}

#[async_trait]
impl RotationHandler for Stage {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        self.moment().await;
        lock(&self.world).saved.push(serde_json::to_string(state)?);
        self.moment().await;
        Ok(())
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        self.moment().await;
        {
            let mut world = lock(&self.world);
            new.key().reveal().clone_into(&mut world.vault);
            world.handed_over.push(new.key().reveal().to_owned());
        }
        self.moment().await;
        Ok(())
    }

    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        self.moment().await;
        let is_it = state.is_new_key(&lock(&self.world).vault);
        self.moment().await;
        Ok(is_it)
    }
}

impl Story {
    /// Rotates the key. Each run except the last is killed at its moment.
    pub fn run(
        rotate: impl Fn(Rotate) -> Rotate,
        users: Users,
        faults: Schedule,
        kills: &[usize],
    ) -> Self {
        Self::of(Server::new(faults), rotate, users, kills)
    }

    /// The same with a server without faults.
    pub fn without_faults(
        rotate: impl Fn(Rotate) -> Rotate,
        users: Users,
        kills: &[usize],
    ) -> Self {
        Self::of(Server::without_faults(), rotate, users, kills)
    }

    fn of(
        mut server: Server,
        rotate: impl Fn(Rotate) -> Rotate,
        users: Users,
        kills: &[usize],
    ) -> Self {
        server.keys.push(ServerKey::new(NAME, OLD.to_owned(), Duration::ZERO));
        let (wire, server) = serve(server);
        let world = World {
            server: Arc::clone(&server),
            clock: wire.clock(),
            users,
            vault: OLD.to_owned(),
            handed_over: Vec::new(),
            saved: Vec::new(),
            until_kill: None,
            moments: 0,
            most: 0,
            outages: 0,
        };
        let stage = Stage { world: Arc::new(Mutex::new(world)), wire };
        let mut moments = Vec::new();
        let mut result = None;
        for (run, kill) in kills.iter().copied().map(Some).chain([None]).enumerate() {
            let entropy = u64::try_from(run).unwrap();
            stage.wire.set_entropy(entropy);
            let saved = {
                let mut world = lock(&stage.world);
                (world.until_kill, world.moments) = (kill, 0);
                world.saved.last().cloned()
            };
            let rotate = match saved {
                Some(saved) => Rotate::resume(serde_json::from_str(&saved).unwrap()),
                None => rotate(Rotate::new(format!("{:064x}", 0))),
            };
            let client = Client::new(stage.clone(), ApiKey::new("sk-or-v1-management").unwrap());
            result = stage.play(client.rotate(rotate, stage.clone()).into_future());
            moments.push(lock(&stage.world).moments);
            if result.is_some() {
                break;
            }
        }
        let now = stage.wire.clock().now();
        let server = lock(&server).clone();
        let world = lock(&stage.world);
        let is_wasted = |secret: &&String| {
            server.keys.iter().any(|key| key.secret == **secret && key.deleted_at.is_some())
        };
        Self {
            wasted: world.handed_over.iter().filter(is_wasted).count(),
            vault: world.vault.clone(),
            result,
            now,
            moments,
            most: world.most,
            outages: world.outages,
            saved: world.saved.clone(),
            server: server.clone(),
        }
    }

    /// The keys that work at the end, as name and secret.
    pub fn working(&self) -> Vec<(&str, &str)> {
        let works = self.server.keys.iter().filter(|key| key.works(self.now));
        works.map(|key| (key.name.as_str(), key.secret.as_str())).collect()
    }
}

impl Stage {
    /// Runs to the end, or to the kill.
    fn play<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = work.as_mut().poll(&mut context) {
                return Some(output);
            }
            if self.is_killed() {
                return None;
            }
        }
    }
}
