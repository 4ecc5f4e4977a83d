//! One temporary key against the model, among the keys of others: it is made,
//! used, closed or not, and swept when its time is over.

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
/// The marker of a temporary key of somebody else.
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

/// A temporary key whose time is over and that was swept.
#[derive(Debug)]
pub struct Loan {
    /// The server at the very end.
    pub server: Server,
    /// What the caller got.
    pub result: Result<TemporaryKeyInfo, Error>,
    /// What the close came to, if there was one.
    pub closed: Option<Result<(), Error>>,
    /// When the work and the close were over.
    pub ended: Duration,
    /// What the sweep of the temporary keys came to.
    pub swept: Result<Swept, Error>,
    /// The time at the very end.
    pub now: Duration,
}

impl Loan {
    /// How long the key is asked to live.
    pub const LIFETIME: Duration = Duration::from_secs(3600);
    /// How many keys of others there are, and how many of them a sweep of the
    /// temporary ones may take.
    pub const FOREIGN: usize = 120;
    /// Those of them that a sweep may take: they are temporary and over.
    pub const FOREIGN_AND_OVER: usize = 2;

    /// Lets a client make a key, work for two minutes, end so, and sweep an hour
    /// later.
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

    /// Every key that the call made.
    pub fn own(&self) -> impl Iterator<Item = &ServerKey> {
        self.server.keys.iter().skip(Self::FOREIGN)
    }

    /// How many keys of others are there at the very end.
    pub fn foreign(&self) -> usize {
        self.server.keys.iter().take(Self::FOREIGN).filter(|key| key.is_live(self.now)).count()
    }
}

/// A key of somebody else: among them temporary ones that live, are over, or never
/// end, and others that are over.
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
