//! One temporary key against the model, among other keys: it is created, used, closed or not,
//! and swept after it expires.

use std::sync::PoisonError;
use std::time::Duration;

use openrouter_keys_core::test_util::FakeTransport;
use openrouter_keys_core::workflow::{CloseTemporary, Sweep, Swept, Temporary, TemporaryKeyInfo};
use openrouter_keys_core::{CallOptions, Create, Error, Limit};

use super::call::NAME;
use super::fault::Schedule;
use super::server::{Server, ServerKey};
use super::wire::serve;
use crate::caller::Caller;

/// How long the work with the key takes.
const WORK: Duration = Duration::from_secs(120);
/// The marker of somebody else's temporary key.
const MARKER: &str = "#temp-0000000000000000000000000000f0e1";

/// How the work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The key is closed by its hash.
    ByHash,
    /// The key is closed by its name, as if the response had had no hash.
    ByName,
    /// The process dies.
    Death,
}

/// A temporary key that has expired and was swept.
#[derive(Debug)]
pub struct TemporaryCall {
    /// The server at the end.
    pub server: Server,
    /// The call's result.
    pub result: Result<TemporaryKeyInfo, Error>,
    /// The result of the close, if there was one.
    pub closed: Option<Result<(), Error>>,
    /// When the work and the close had finished.
    pub ended: Duration,
    /// The result of the sweep.
    pub swept: Result<Swept, Error>,
    /// The time at the end.
    pub now: Duration,
}

impl TemporaryCall {
    /// The requested lifetime of the key.
    pub const LIFETIME: Duration = Duration::from_secs(3600);
    /// The number of other keys.
    pub const FOREIGN: usize = 120;
    /// How many of them a sweep may delete: those that are temporary and have expired.
    pub const FOREIGN_AND_OVER: usize = 2;

    /// Lets a client create a key, work for two minutes, end as given, and sweep an hour later.
    pub async fn make<C: Caller>(
        client: impl FnOnce(FakeTransport) -> C,
        schedule: Schedule,
        ending: Ending,
        lag: Duration,
        entropy: u64,
    ) -> Self {
        let mut server = Server::new(schedule);
        server.lag = lag;
        server.keys.extend((0..Self::FOREIGN).map(foreign));
        let (transport, server) = serve(server);
        transport.set_entropy(entropy);
        let clock = transport.clock();
        let client = client(transport);

        let create = Create::new(NAME, Limit::usd(25.0));
        let result = client.run(Temporary::new(create, Self::LIFETIME), CallOptions::new()).await;
        clock.advance(WORK);
        let closing = result.as_ref().ok().and_then(|info| match ending {
            Ending::ByHash => Some(info.closing()),
            Ending::ByName => {
                Some(CloseTemporary::named(&info.name).unconfirmed(&info.unconfirmed))
            }
            Ending::Death => None,
        });
        let closed = match closing {
            Some(closing) => Some(client.run(closing, CallOptions::new()).await),
            None => None,
        };
        let ended = clock.now();

        clock.advance(Self::LIFETIME);
        let swept = client.run(Sweep::temporary(), CallOptions::new()).await;
        let server = server.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { server, result, closed, ended, swept, now: clock.now() }
    }

    /// Every key the call created.
    pub fn own(&self) -> impl Iterator<Item = &ServerKey> {
        self.server.keys.iter().skip(Self::FOREIGN)
    }

    /// How many of the other keys exist at the end.
    pub fn foreign(&self) -> usize {
        self.server.keys.iter().take(Self::FOREIGN).filter(|key| key.is_live(self.now)).count()
    }
}

/// Somebody else's key: temporary ones that are valid, have expired or never expire, and others
/// that have expired.
fn foreign(number: usize) -> ServerKey {
    const OVER: Duration = Duration::from_secs(1);
    const LATER: Duration = Duration::from_secs(1_000_000);
    let (name, expires_at) = match number {
        7 => (NAME.to_owned(), None),
        20 | 110 => (format!("{NAME} {MARKER}"), Some(OVER)),
        30 | 111 => (format!("{NAME} {MARKER}"), Some(LATER)),
        31 => (format!("{NAME} {MARKER}"), None),
        40 => (NAME.to_owned(), Some(OVER)),
        41 => (format!("{NAME} #{:032x}", 0xF0E1), Some(OVER)),
        42 => (format!("{NAME} {MARKER}0"), Some(OVER)),
        _ => (format!("somebody's key {number}"), None),
    };
    let mut key = ServerKey::new(&name, format!("sk-or-v1-foreign-{number}"), Duration::ZERO);
    key.expires_at = expires_at;
    key
}
