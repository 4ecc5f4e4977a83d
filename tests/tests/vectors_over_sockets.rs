//! Runs the wire vectors of `tests/vectors` over real sockets, through reqwest and both native
//! clients, and reports all failures together. Time is virtual: pauses end immediately, and no
//! time passes during a response.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails with a panic"
)]

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/judge.rs"]
mod judge;
#[path = "vectors/scripted_server.rs"]
mod scripted_server;
#[path = "vectors/seen.rs"]
mod seen;

use std::collections::VecDeque;
use std::future::pending;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use call::{Came, Outcome};
use http::{Request, Response, Uri};
use openrouter_keys_core::error::{BuildError, TransportError};
use openrouter_keys_core::transport::{BlockingTransport, SendContext, Transport};
use openrouter_keys_core::{ApiKey, Client, Config, blocking};
use openrouter_keys_native::NativeTransport;
use openrouter_keys_native::blocking::BlockingNativeTransport;
use openrouter_keys_tests::caller::Caller;
use openrouter_keys_tests::vector_files::FILES;
use openrouter_keys_tests::vectors::{ScriptedResponse, Vector, WireRequest};
use scripted_server::{End, ScriptedServer, is_left_out, never_arrives, script};

/// Clones share everything.
struct Wire<T> {
    native: Arc<T>,
    server: Arc<ScriptedServer>,
    unused_port: u16,
    state: Arc<Mutex<State>>,
}

impl<T> Clone for Wire<T> {
    fn clone(&self) -> Self {
        let Self { native, server, unused_port, state } = self;
        let (native, server, state) = (native.clone(), server.clone(), state.clone());
        Self { native, server, unused_port: *unused_port, state }
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<End>,
    requests: Vec<WireRequest>,
    pauses: Vec<Duration>,
    /// The virtual time.
    now: Duration,
    is_under_way: bool,
}

impl<T> Wire<T> {
    fn new(native: T) -> Self {
        // A port that was free a moment ago.
        let unused_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Arc::new(ScriptedServer::start().unwrap());
        Self { native: Arc::new(native), server, unused_port, state: Arc::default() }
    }

    fn state<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The request, redirected to where the script wants it.
    fn led(&self, request: Request<Bytes>) -> Request<Bytes> {
        let end = self.state(|state| {
            state.requests.push(WireRequest::of(&request));
            state.script.pop_front().unwrap_or(End::Bytes(Vec::new()))
        });
        let authority = match end {
            End::Bytes(bytes) => {
                self.server.respond(bytes);
                self.server.address.to_string()
            }
            End::NoServer => format!("127.0.0.1:{}", self.unused_port),
        };
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().unwrap().clone();
        head.uri = Uri::builder()
            .scheme("http")
            .authority(authority)
            .path_and_query(path)
            .build()
            .unwrap();
        Request::from_parts(head, body)
    }

    fn pause(&self, time: Duration) {
        self.state(|state| {
            state.pauses.push(time);
            state.now = state.now.saturating_add(time);
        });
    }

    fn begin(&self, vector: &Vector) -> Result<(), String> {
        let script = script(vector)?;
        self.state(|state| *state = State { script, ..State::default() });
        self.server.take_requests();
        Ok(())
    }

    /// The client's result; the server itself counts the requests that arrived.
    fn came(&self, outcome: Outcome) -> (Came, usize) {
        let State { requests, pauses, .. } = self.state(std::mem::take);
        (Came { outcome, requests, pauses }, self.server.take_requests())
    }
}

#[async_trait::async_trait]
impl Transport for Wire<NativeTransport> {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        let request = self.led(request);
        self.state(|state| state.is_under_way = true);
        let outcome = self.native.send(request, context).await;
        self.state(|state| state.is_under_way = false);
        outcome
    }

    async fn sleep(&self, time: Duration) {
        if self.state(|state| state.is_under_way) {
            return pending().await;
        }
        self.pause(time);
    }

    fn now(&self) -> Duration {
        self.state(|state| state.now)
    }

    fn entropy(&self) -> u64 {
        self.native.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        wall_clock(self.now())
    }
}

impl BlockingTransport for Wire<BlockingNativeTransport> {
    fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.native.send(self.led(request), context)
    }

    fn sleep(&self, time: Duration) {
        self.pause(time);
    }

    fn now(&self) -> Duration {
        self.state(|state| state.now)
    }

    fn entropy(&self) -> u64 {
        self.native.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        wall_clock(self.now())
    }
}

/// The virtual clock begins at the first second of 2027.
fn wall_clock(now: Duration) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_798_761_600))?.checked_add(now)
}

/// Failures of all vectors that can be shown over a socket.
async fn failures<T, C: Caller>(
    wire: &Wire<T>,
    client: impl Fn(Wire<T>, ApiKey, Config) -> Result<C, BuildError>,
) -> Vec<String> {
    let mut failures = Vec::new();
    for (file, vector) in vectors() {
        if vector.responses.iter().any(is_left_out) {
            continue;
        }
        let problems = match wire.begin(&vector) {
            Err(problem) => vec![problem],
            Ok(()) => problems(wire, &vector, &client).await,
        };
        if !problems.is_empty() {
            failures.push(format!("{file}: {}\n    {}", vector.name, problems.join("\n    ")));
        }
    }
    failures
}

async fn problems<T, C: Caller>(
    wire: &Wire<T>,
    vector: &Vector,
    client: &impl Fn(Wire<T>, ApiKey, Config) -> Result<C, BuildError>,
) -> Vec<String> {
    match call::make(vector, |key, config| client(wire.clone(), key, config)).await {
        Err(problem) => vec![problem],
        Ok(outcome) => {
            let (came, arrived) = wire.came(outcome);
            let mut problems = judge::problems(vector, &came);
            let reaches = |response: &&ScriptedResponse| !never_arrives(response);
            let is_certain = vector.responses.iter().all(|response| reaches(&response));
            if is_certain && arrived != came.requests.len() {
                problems.push(format!("{arrived} requests arrived of {}", came.requests.len()));
            }
            problems
        }
    }
}

fn vectors() -> impl Iterator<Item = (&'static str, Vector)> {
    FILES.iter().flat_map(|file| {
        let vectors = file.vectors().unwrap_or_else(|problem| panic!("{problem}"));
        vectors.into_iter().map(|vector| (file.name, vector))
    })
}

fn none(failures: &[String]) {
    let (count, failures) = (failures.len(), failures.join("\n\n"));
    assert!(failures.is_empty(), "{count} vectors fail:\n\n{failures}\n");
}

#[tokio::test]
async fn every_vector_holds_over_sockets() {
    let wire = Wire::new(NativeTransport::new().unwrap());
    none(&failures(&wire, Client::with_config).await);
}

#[tokio::test]
async fn every_vector_holds_over_sockets_with_the_blocking_client() {
    let native = BlockingNativeTransport::new(NativeTransport::new().unwrap()).unwrap();
    let client = |wire, key, config| blocking::Client::with_config(wire, key, config);
    none(&failures(&Wire::new(native), client).await);
}

#[test]
fn only_vectors_that_other_tests_cover_over_sockets_are_left_out() {
    let left_out = vectors().filter(|(_, vector)| vector.responses.iter().any(is_left_out));
    assert_eq!(left_out.count(), 102);
}
