//! The server: the keys it created and its response to each create. It has no clock and opens
//! no socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::missing_panics_doc,
    reason = "a model for tests"
)]

use std::cmp::Reverse;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use openrouter_keys_core::Timestamp;
use openrouter_keys_core::operation::PAGE_SIZE;
use openrouter_keys_core::test_util::Reply;

use super::fault::{Fault, Schedule};

/// The delay of a response that does not come.
pub const NEVER: Duration = Duration::MAX;

/// How long a 503 asks to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A server with faults still to come.
#[derive(Clone, Debug)]
pub struct Server {
    faults: std::vec::IntoIter<Fault>,
    /// Every create it received, oldest first.
    pub posts: Vec<Post>,
    /// Every key it has created or, for a late one, will create.
    pub keys: Vec<ServerKey>,
    /// How long a change takes to show in the listing.
    pub lag: Duration,
}

/// A create that was received.
#[derive(Clone, Debug)]
pub struct Post {
    /// When it arrived.
    pub at: Duration,
    /// The fault it met.
    pub fault: Option<Fault>,
}

/// A key, as the server knows it.
#[derive(Clone, Debug)]
pub struct ServerKey {
    /// Its name.
    pub name: String,
    /// Its secret, different from every other.
    pub secret: String,
    /// When it was created.
    pub committed_at: Duration,
    /// When it was deleted.
    pub deleted_at: Option<Duration>,
    /// When it expires.
    pub expires_at: Option<Duration>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Its limit.
    pub limit: Option<f64>,
    /// How much was spent with it.
    pub usage: f64,
}

impl ServerKey {
    /// A key created at this time, with a limit of 25 dollars.
    pub fn new(name: &str, secret: String, committed_at: Duration) -> Self {
        Self {
            name: name.to_owned(),
            secret,
            committed_at,
            deleted_at: None,
            expires_at: None,
            disabled: false,
            limit: Some(25.0),
            usage: 0.0,
        }
    }

    /// Its metadata as the API returns it.
    fn data(&self, hash: &str) -> serde_json::Value {
        let (start, end) = (self.secret.get(..12), self.secret.get(self.secret.len() - 4..));
        serde_json::json!({
            "hash": hash,
            "name": self.name,
            "label": format!("{}...{}", start.unwrap_or_default(), end.unwrap_or_default()),
            "disabled": self.disabled,
            "limit": self.limit,
            "limit_remaining": self.limit.map(|limit| limit - self.usage),
            "limit_reset": null,
            "expires_at": self.expires_at.map(moment),
            "usage": self.usage,
        })
    }

    /// Whether it exists at this time.
    pub fn is_live(&self, at: Duration) -> bool {
        self.committed_at <= at && self.deleted_at.is_none_or(|deleted| deleted > at)
    }

    /// Whether it can be used at this time.
    pub fn works(&self, at: Duration) -> bool {
        self.is_live(at) && !self.disabled && self.expires_at.is_none_or(|end| end > at)
    }
}

/// A response.
#[derive(Clone, Debug)]
pub struct ServerResponse {
    /// How long after the request; [`NEVER`] if it does not come.
    pub delay: Duration,
    /// Its content.
    pub content: Content,
}

/// The content of a response.
#[derive(Clone, Debug)]
pub enum Content {
    /// The connection is refused.
    Refused,
    /// The connection breaks.
    Reset,
    /// An error, and how long it asks to wait.
    Status(u16, Option<Duration>),
    /// A 201 that breaks off before the secret.
    Truncated,
    /// A 201 that is not JSON.
    Garbage,
    /// A valid 201 with this secret.
    Created(String),
    /// A valid 200 with this body.
    Read(String),
}

impl Server {
    /// A server without keys.
    pub fn new(schedule: Schedule) -> Self {
        Self { faults: Vec::from(schedule).into_iter(), ..Self::without_faults() }
    }

    /// A server without keys and without faults.
    pub fn without_faults() -> Self {
        Self {
            faults: Vec::new().into_iter(),
            posts: Vec::new(),
            keys: Vec::new(),
            lag: Duration::ZERO,
        }
    }

    /// Receives a create with this name and applies the next fault.
    pub fn create(&mut self, name: &str, now: Duration) -> ServerResponse {
        const AT_ONCE: Duration = Duration::ZERO;
        const LATE: Duration = Duration::from_secs(5);
        const TOO_LATE: Duration = Duration::from_secs(60);

        let fault = self.faults.next();
        self.posts.push(Post { at: now, fault });
        let secret = format!("sk-or-v1-{:064x}", self.keys.len());
        let valid = Content::Created(secret.clone());
        let (commit, delay, content) = match fault {
            None => (Some(AT_ONCE), AT_ONCE, valid),
            Some(Fault::Refused) => (None, AT_ONCE, Content::Refused),
            Some(Fault::ResetBeforeRead) => (None, AT_ONCE, Content::Reset),
            Some(Fault::ResetAfterCommit) => (Some(AT_ONCE), AT_ONCE, Content::Reset),
            Some(Fault::TimeoutBeforeCommit) => (None, NEVER, Content::Reset),
            Some(Fault::TimeoutAfterCommit) => (Some(AT_ONCE), NEVER, Content::Reset),
            Some(Fault::Commit5sLate) => (Some(LATE), LATE, valid),
            Some(Fault::Commit60sLate) => (Some(TOO_LATE), TOO_LATE, valid),
            Some(Fault::TooManyRequests) => (None, AT_ONCE, Content::Status(429, None)),
            Some(Fault::UnavailableWithRetryAfter) => {
                (None, AT_ONCE, Content::Status(503, Some(RETRY_AFTER)))
            }
            Some(Fault::Unavailable) => (None, AT_ONCE, Content::Status(503, None)),
            Some(Fault::BadGatewayAfterCommit) => {
                (Some(AT_ONCE), AT_ONCE, Content::Status(502, None))
            }
            Some(Fault::TruncatedCreated) => (Some(AT_ONCE), AT_ONCE, Content::Truncated),
            Some(Fault::GarbageCreated) => (Some(AT_ONCE), AT_ONCE, Content::Garbage),
        };
        if let Some(delay) = commit {
            let committed_at = now.saturating_add(delay);
            self.keys.push(ServerKey::new(name, secret, committed_at));
        }
        ServerResponse { delay, content }
    }

    /// Receives any request. Faults apply only to creates.
    pub fn receive(&mut self, request: &Request<Bytes>, now: Duration) -> ServerResponse {
        let content = match (request.method(), last_part(request.uri().path())) {
            (&Method::POST, _) => {
                let body = json(request);
                let made = self.keys.len();
                let response = self.create(body["name"].as_str().unwrap(), now);
                for key in self.keys.iter_mut().skip(made) {
                    key.limit = body["limit"].as_f64();
                    key.expires_at = body["expires_at"].as_str().map(since_epoch);
                }
                return response;
            }
            (_, "keys") => {
                let query = request.uri().query().unwrap_or_default();
                let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
                Content::Read(self.list(offset.map_or(0, |offset| offset.parse().unwrap()), now))
            }
            (_, "key") => {
                let presented = request.headers()["authorization"].to_str().unwrap();
                let is_it =
                    |key: &&ServerKey| presented.strip_prefix("Bearer ") == Some(&*key.secret);
                match self.keys.iter().find(is_it).filter(|key| key.works(now)) {
                    Some(key) => Content::Read(format!(r#"{{"data":{}}}"#, key.data(""))),
                    None => Content::Status(401, None),
                }
            }
            (method, hash) => {
                match self.keys.get_mut(number(hash)).filter(|key| key.is_live(now)) {
                    None => Content::Status(404, None),
                    Some(key) if *method == Method::DELETE => {
                        key.deleted_at = Some(now);
                        Content::Read(r#"{"deleted":true}"#.to_owned())
                    }
                    Some(key) => {
                        if *method == Method::PATCH {
                            let body = json(request);
                            key.limit = body["limit"].as_f64().or(key.limit);
                            key.disabled = body["disabled"].as_bool().unwrap_or(key.disabled);
                            body["name"]
                                .as_str()
                                .unwrap_or(&key.name.clone())
                                .clone_into(&mut key.name);
                        }
                        Content::Read(format!(r#"{{"data":{}}}"#, key.data(hash)))
                    }
                }
            }
        };
        ServerResponse { delay: Duration::ZERO, content }
    }

    /// A page of the listing, as it was one lag ago.
    fn list(&self, offset: usize, now: Duration) -> String {
        let then = now.saturating_sub(self.lag);
        let mut live: Vec<(usize, &ServerKey)> =
            self.keys.iter().enumerate().filter(|(_, key)| key.is_live(then)).collect();
        live.sort_by_key(|(place, key)| Reverse((key.committed_at, *place)));
        let rows: Vec<String> = live
            .iter()
            .skip(offset)
            .take(PAGE_SIZE)
            .map(|(place, key)| {
                let end = key.expires_at.map_or("null".to_owned(), timestamp);
                format!(r#"{{"hash":"{place:064x}","name":"{}","expires_at":{end}}}"#, key.name)
            })
            .collect();
        format!(r#"{{"data":[{}]}}"#, rows.join(","))
    }

    /// The keys other than the one with this secret.
    pub fn keys_beside(&self, secret: Option<&str>) -> impl Iterator<Item = &ServerKey> {
        self.keys.iter().filter(move |key| Some(key.secret.as_str()) != secret)
    }
}

fn json(request: &Request<Bytes>) -> serde_json::Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// When the server's clock begins, like the fake transport's.
const EPOCH: u64 = 1_798_761_600;

/// A moment in the JSON format.
fn timestamp(at: Duration) -> String {
    format!("\"{}\"", moment(at))
}

fn moment(at: Duration) -> String {
    let seconds = i64::try_from(EPOCH + at.as_secs()).unwrap();
    Timestamp::from_unix(seconds, at.subsec_nanos()).unwrap().to_string()
}

/// The reverse.
fn since_epoch(timestamp: &str) -> Duration {
    let timestamp = Timestamp::parse(timestamp).unwrap();
    let seconds = u64::try_from(timestamp.unix_seconds()).unwrap() - EPOCH;
    Duration::new(seconds, timestamp.subsec_nanos())
}

/// A key's hash is its index.
fn number(hash: &str) -> usize {
    usize::from_str_radix(hash, 16).unwrap_or(usize::MAX)
}

/// The response as the client's transport sees it.
impl From<ServerResponse> for Reply {
    fn from(ServerResponse { delay, content }: ServerResponse) -> Self {
        let reply = match content {
            Content::Refused => Self::refused(),
            Content::Reset => Self::disconnected(),
            Content::Status(404, None) => Self::status(404)
                .json(r#"{"error":{"code":404,"message":"There is no such key."}}"#),
            Content::Status(status, None) => Self::status(status),
            Content::Status(status, Some(wait)) => {
                Self::status(status).header("retry-after", &wait.as_secs().to_string())
            }
            Content::Truncated => Self::truncated(201),
            Content::Garbage => Self::status(201).body("<html>Created</html>"),
            Content::Read(body) => Self::status(200).json(body),
            Content::Created(secret) => {
                let hash = secret.trim_start_matches("sk-or-v1-");
                let data = format!(r#"{{"hash":"{hash}"}}"#);
                Self::status(201).json(format!(r#"{{"key":"{secret}","data":{data}}}"#))
            }
        };
        reply.after(delay)
    }
}
