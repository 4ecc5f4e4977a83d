//! The network between a machine and the API: it delays, loses and delivers late.

#![allow(clippy::unwrap_used, reason = "a model for tests")]

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_tests::model::{Content, ServerResponse};
use tokio::time::{sleep, sleep_until};

use super::machine::Machine;
use super::world::World;

/// A machine's way to the API, and its clocks.
#[derive(Clone)]
pub(super) struct Network {
    pub(super) world: World,
    pub(super) machine: Machine,
    /// The machine's name in the logs.
    pub(super) owner: String,
    /// How far its clock is ahead.
    pub(super) skew: Duration,
    /// Of 1,000 requests, how many are lost, and how many of their responses.
    pub(super) loss: u64,
}

const EPOCH: Duration = Duration::from_secs(1_798_761_600);

fn broken() -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Disconnected)
}

impl Network {
    /// Notes a change by a machine whose rotation is another's.
    fn check_owner(&self, request: &Request<Bytes>) {
        if request.method() == Method::GET {
            return;
        }
        let mut world = self.world.lock();
        let name = if request.method() == Method::POST {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            body.get("name").and_then(|name| name.as_str()).map(str::to_owned)
        } else {
            let hash = request.uri().path().rsplit('/').next().unwrap_or_default();
            let place = usize::from_str_radix(hash, 16).unwrap();
            world.server.keys.get(place).map(|key| key.name.clone())
        };
        let owner = world.owner_of(&name.unwrap());
        if owner.is_none_or(|owner| !owner.starts_with(&self.owner)) {
            world.tally.trespasses += 1;
        }
    }
}

/// The server receives the request, whatever becomes of the machine.
fn receive(world: &World, request: &Request<Bytes>) -> ServerResponse {
    let mut world = world.lock();
    let now = world.now();
    world.tally.requests += 1;
    let response = world.server.receive(request, now);
    let names: Vec<String> = match *request.method() {
        Method::PATCH | Method::DELETE => world.sink.keys().cloned().collect(),
        _ => Vec::new(),
    };
    // Only the key that changed can have broken a name.
    let hash = request.uri().path().rsplit('/').next().unwrap_or_default();
    let place = usize::from_str_radix(hash, 16).unwrap_or(usize::MAX);
    let changed = world.server.keys.get(place).map(|key| key.name.clone()).unwrap_or_default();
    for name in names.iter().filter(|name| changed.starts_with(name.as_str())) {
        world.check(name);
    }
    response
}

#[async_trait]
impl Transport for Network {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.check_owner(&request);
        let (there, back) = (self.machine.time(10, 200), self.machine.time(10, 200));
        let is_lost = self.machine.happens(self.loss) || self.machine.is_cut();
        // Some requests stay on their way for long.
        let there = if self.machine.happens(self.loss / 4) { there * 200 } else { there };
        let world = self.world.clone();
        let delivery = tokio::spawn(async move {
            sleep(there).await;
            (!is_lost).then(|| receive(&world, &request))
        });
        self.machine.moment().await;
        let response = delivery.await.unwrap();
        sleep(back).await;
        self.machine.moment().await;
        if self.machine.happens(self.loss) || self.machine.is_cut() {
            return Err(broken());
        }
        let Some(response) = response else { return Err(broken()) };
        let (status, body) = match response.content {
            Content::Created(secret) => {
                let hash = secret.trim_start_matches("sk-or-v1-").to_owned();
                (201, format!(r#"{{"key":"{secret}","data":{{"hash":"{hash}"}}}}"#))
            }
            Content::Read(body) => (200, body),
            Content::Status(status, _) => {
                (status, format!(r#"{{"error":{{"code":{status},"message":"No."}}}}"#))
            }
            Content::Refused | Content::Reset | Content::Truncated | Content::Garbage => {
                return Err(broken());
            }
        };
        let response = Response::builder().status(status);
        Ok(response.header("content-type", "application/json").body(body.into()).unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        let end = tokio::time::Instant::now() + duration;
        self.machine.moment().await;
        sleep_until(end).await;
    }

    fn now(&self) -> Duration {
        // A clock that never goes back begins anywhere.
        self.world.lock().now() + self.skew
    }

    fn entropy(&self) -> u64 {
        self.machine.lock().chance.bits()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + EPOCH + self.now())
    }
}
