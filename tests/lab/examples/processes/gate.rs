//! Stands between the processes and the API: it injects faults, and knows who sends what, because
//! each process has a management key of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use openrouter_keys_tests::chance::Chance;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::servers::{Emulator, client, json_of};

/// What happens to a few of the requests.
const FAULTS: [&str; 6] = [
    "reset-before-commit",
    "reset-after-commit",
    "status=503",
    "status=429,retry-after=1",
    "commit,status=500",
    "delay=700ms",
];
/// The credential of a process, before its name.
const PROCESS: &str = "Bearer sk-or-v1-process-";
/// Of 1,000 requests, how many meet a fault.
const PERMILLE: u64 = 60;

/// A request that changes a key.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The process that sent it, as it names itself in the logs.
    pub(crate) process: String,
    pub(crate) at: Instant,
    /// The name whose key is changed.
    pub(crate) name: String,
}

pub(crate) struct Gate {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

struct Shared {
    http: Client,
    server: String,
    management_key: HeaderValue,
    seen: Mutex<Seen>,
}

struct Seen {
    chance: Chance,
    requests: usize,
    changes: Vec<Change>,
    names: BTreeMap<String, String>,
    secrets: Vec<String>,
}

impl Gate {
    pub(crate) async fn open(emulator: &Emulator, chance: Chance) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let management_key = format!("Bearer {}", emulator.management_key).parse().unwrap();
        let secrets = emulator.secrets.values().cloned().collect();
        let (changes, names) = (Vec::new(), BTreeMap::new());
        let seen = Mutex::new(Seen { chance, requests: 0, changes, names, secrets });
        let shared = Arc::new(Shared {
            http: client(),
            server: emulator.origin.clone(),
            management_key,
            seen,
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub(crate) fn requests(&self) -> usize {
        self.shared.seen.lock().unwrap().requests
    }

    /// Every change so far, oldest first.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.shared.seen.lock().unwrap().changes.clone()
    }

    /// Every secret there ever was.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().secrets.clone()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    // In a task of its own: this one ends with its connection.
    let forwarded = tokio::spawn(shared.forward(parts, body)).await.unwrap();
    forwarded.unwrap_or_else(|_| {
        let response = Response::builder().status(StatusCode::BAD_GATEWAY);
        response.body(Body::empty()).unwrap()
    })
}

impl Shared {
    async fn forward(self: Arc<Self>, parts: Parts, body: Bytes) -> reqwest::Result<Response> {
        let mut headers = parts.headers.clone();
        let credential = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let process = credential.and_then(|value| value.strip_prefix(PROCESS)).map(str::to_owned);
        if let Some(process) = process {
            if parts.method != Method::GET {
                let name = self.name(&parts, &body).await;
                let mut seen = self.seen.lock().unwrap();
                seen.changes.push(Change { process, at: Instant::now(), name });
            }
            headers.insert(AUTHORIZATION, self.management_key.clone());
        }
        for name in [HOST, CONNECTION, CONTENT_LENGTH] {
            headers.remove(name);
        }
        if let Some(fault) = self.fault() {
            headers.insert("x-emulator-fault", HeaderValue::from_static(fault));
        }
        let is_create = parts.method == Method::POST;
        let url = format!("{}{}", self.server, parts.uri);
        let request = self.http.request(parts.method, url).headers(headers).body(body);
        let response = request.send().await?;
        let mut passed = Response::builder().status(response.status());
        for (name, value) in response.headers() {
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                passed = passed.header(name, value);
            }
        }
        let body = response.bytes().await?;
        if is_create {
            let created: Value = serde_json::from_slice(&body).unwrap_or_default();
            let secret = created.get("key").and_then(Value::as_str).map(str::to_owned);
            self.seen.lock().unwrap().secrets.extend(secret);
        }
        Ok(passed.body(Body::from(body)).unwrap())
    }

    fn fault(&self) -> Option<&'static str> {
        let mut seen = self.seen.lock().unwrap();
        seen.requests += 1;
        if seen.chance.bits() % 1000 >= PERMILLE {
            return None;
        }
        let which = usize::try_from(seen.chance.bits() % 6).unwrap();
        FAULTS.get(which).copied()
    }

    /// The name of the key that the request changes, without a marker.
    async fn name(&self, parts: &Parts, body: &Bytes) -> String {
        if parts.method == Method::POST {
            let body: Value = serde_json::from_slice(body).unwrap();
            return base(body.get("name").and_then(Value::as_str).unwrap());
        }
        let hash = parts.uri.path().rsplit('/').next().unwrap().to_owned();
        let known = self.seen.lock().unwrap().names.get(&hash).cloned();
        if let Some(name) = known {
            return name;
        }
        let url = format!("{}/_emulator/keys", self.server);
        let keys = json_of(self.http.get(url)).await.unwrap();
        let mut seen = self.seen.lock().unwrap();
        for key in keys.as_array().unwrap() {
            let text = |field: &str| key.get(field).and_then(Value::as_str).unwrap();
            seen.names.insert(text("hash").to_owned(), base(text("name")));
        }
        // A key that is gone: nothing changes.
        seen.names.get(&hash).cloned().unwrap_or_default()
    }
}

/// A key's name without the marker of its rotation.
pub(crate) fn base(name: &str) -> String {
    name.split(" #").next().unwrap_or_default().to_owned()
}
