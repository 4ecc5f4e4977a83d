//! The handle of a running emulator, to inspect and control it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use http::Method;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::api::{BASE_PATH, Create};
use crate::api_error::ApiError;
use crate::builder::Builder;
use crate::clock::Clock;
use crate::control;
use crate::fault::Fault;
use crate::key::Key;
use crate::record::{Funds, Record};
use crate::seen::SeenRequest;
use crate::server::Server;
use crate::store::{Store, management_key, ordinary_key};

/// A running server. Dropping it stops the server and closes its connections.
pub struct Emulator {
    address: SocketAddr,
    server: Arc<Server>,
    management_key: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts a server with the default settings; see [`Builder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns the settings of a server to start.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        address: SocketAddr,
        server: Arc<Server>,
        stop: oneshot::Sender<()>,
        thread: JoinHandle<()>,
    ) -> Self {
        let given = server.beginning.management_key.clone();
        let management_key =
            given.unwrap_or_else(|| server.read(|store| management_key(store.seed)));
        Self { address, server, management_key, stop: Some(stop), thread: Some(thread) }
    }

    /// The base URL for a client: `http://127.0.0.1:PORT/api/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.reachable())
    }

    /// The URL of the control API: `http://127.0.0.1:PORT/_emulator`.
    pub fn control_url(&self) -> String {
        format!("http://{}{}", self.reachable(), control::PATH)
    }

    /// A loopback address if the server listens on every address.
    fn reachable(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }

    /// The address the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The management key.
    pub fn management_key(&self) -> &str {
        &self.management_key
    }

    /// The secret of the key added with [`Builder::ordinary_key`].
    pub fn ordinary_key(&self) -> Option<String> {
        self.server.beginning.ordinary_key.as_ref()?;
        Some(self.server.read(|store| ordinary_key(store.seed)))
    }

    /// The keys of [`Builder::seed_file`] that still exist, in the file's order.
    pub fn seeded_keys(&self) -> Vec<SeededKey> {
        let seeded = |(secret, record): (String, &Record)| SeededKey {
            name: record.name.clone(),
            hash: record.hash.clone(),
            key: secret,
        };
        self.server.read(|store| store.seeded().map(seeded).collect())
    }

    /// Creates an ordinary key and returns its secret and its hash.
    ///
    /// # Panics
    ///
    /// If the state file cannot be written, as in every method that changes something.
    pub fn create_ordinary_key(&self, name: &str) -> (String, String) {
        let now = self.server.clock.now();
        self.change(|store| {
            let (secret, record) = store.create(Create::named(name), now);
            (secret, record.hash)
        })
    }

    /// Creates the keys `key 000`, `key 001` and so on, and returns their hashes in that order.
    pub fn seed_keys(&self, count: usize) -> Vec<String> {
        let now = self.server.clock.now();
        self.change(|store| store.add_numbered(count, now))
    }

    /// Every key of every workspace, including disabled and expired ones, oldest first.
    pub fn keys(&self) -> Vec<Key> {
        self.server.keys()
    }

    /// The key with this hash, if it exists.
    pub fn key(&self, hash: &str) -> Option<Key> {
        let now = self.server.clock.now();
        self.server.read(|store| store.find(hash).map(|record| Key::of(record, now)))
    }

    /// The number of existing keys.
    pub fn key_count(&self) -> usize {
        self.server.read(|store| store.keys.len())
    }

    /// Records spending of the account's credit by a key. Returns `false` if there is no such
    /// key or the amount is not a number of 0 or more.
    pub fn spend(&self, hash: &str, usd: f64) -> bool {
        self.book(hash, usd, Funds::Credit)
    }

    /// Like [`spend`](Self::spend), but for money the user paid to a provider directly.
    pub fn spend_byok(&self, hash: &str, usd: f64) -> bool {
        self.book(hash, usd, Funds::Byok)
    }

    fn book(&self, hash: &str, usd: f64, funds: Funds) -> bool {
        let now = self.server.clock.now();
        let is_amount = usd.is_finite() && usd >= 0.0;
        is_amount && self.change(|store| store.spend(hash, usd, funds, now)).is_some()
    }

    /// The server's clock.
    pub fn clock(&self) -> &Clock {
        &self.server.clock
    }

    /// The requests read in full, oldest first. This includes preflights, but not requests to
    /// the control API or requests refused because of their `Host` or `Origin`.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.server.log().requests()
    }

    /// How many older requests were dropped from [`requests`](Self::requests).
    pub fn dropped_requests(&self) -> u64 {
        self.server.log().dropped()
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        self.server.log().clear();
    }

    /// Applies `fault` to the next request that it matches. Faults queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.server.script().next(fault);
    }

    /// Applies `fault` to the next request with this method.
    pub fn fail_next_matching(&self, method: Method, fault: Fault) {
        self.fail_next(fault.on_method(method));
    }

    /// Applies `fault` to every request that it matches and no queued fault does.
    pub fn fail_always(&self, fault: Fault) {
        self.server.script().always(fault);
    }

    /// How many queued faults have not been used yet.
    pub fn pending_faults(&self) -> usize {
        self.server.script().pending()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.server.script().clear();
    }

    /// Returns to the initial state: the initial keys and secrets, no requests, no faults, and
    /// the original clock.
    ///
    /// # Panics
    ///
    /// If the state file cannot be written.
    #[expect(clippy::expect_used, reason = "documented: a test cannot go on without its state")]
    pub fn reset(&self) {
        self.server.reset().expect("the state file can be written");
    }

    #[expect(clippy::expect_used, reason = "documented: a test cannot go on without its state")]
    fn change<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let outcome: Result<T, ApiError> = self.server.change(|store| Ok(change(store)));
        outcome.expect("the state file can be written")
    }
}

/// A key from a seed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeededKey {
    /// Its current name.
    pub name: String,
    /// Identifies the key.
    pub hash: String,
    /// Its secret.
    pub key: String,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // This fails only if the server panicked, which its requests have already noticed.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Emulator");
        debug.field("address", &self.address).finish_non_exhaustive()
    }
}
