//! One create of this library's clients against the model.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use openrouter_keys_core::test_util::{FakeTransport, VirtualClock};
use openrouter_keys_core::{CallOptions, Create, Created, Error, Limit};

use super::fault::Schedule;
use super::server::{NEVER, Server};
use crate::caller::Caller;

/// The name of the key that every call wants.
pub const NAME: &str = "Customer 42";

/// Calls begin later than the clock: a window that reached back to the clock's
/// beginning would hold every key.
const BEGINNING: Duration = Duration::from_secs(1000);

/// A call that has ended, as its caller and the server know it.
#[derive(Debug)]
pub struct Call {
    /// The server afterwards.
    pub server: Server,
    /// What the caller got.
    pub result: Result<Created, Error>,
    /// When the call began.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
}

impl Call {
    /// Lets a client make a key. `entropy` decides its jitter.
    pub async fn make<C: Caller>(
        client: impl FnOnce(FakeTransport) -> C,
        options: CallOptions,
        schedule: Schedule,
        entropy: u64,
    ) -> Self {
        let server = Arc::new(Mutex::new(Server::new(schedule)));
        // The transport has the clock, and is made from what reads it.
        let clock = Arc::new(OnceLock::<VirtualClock>::new());
        let transport = FakeTransport::answering({
            let (server, clock) = (Arc::clone(&server), Arc::clone(&clock));
            move |_, _| {
                let now = clock.get().map_or(NEVER, VirtualClock::now);
                server.lock().unwrap_or_else(PoisonError::into_inner).create(NAME, now).into()
            }
        });
        let clock = clock.get_or_init(|| transport.clock());
        clock.advance(BEGINNING);
        transport.set_entropy(entropy);

        let began = clock.now();
        let create = Create::new(NAME, Limit::usd(25.0));
        let result = client(transport).send(create, options).await;
        let ended = clock.now();
        let server = server.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { server, result: result.map(|response| response.output), began, ended }
    }

    /// The secret in the caller's hands.
    pub fn secret(&self) -> Option<&str> {
        self.result.as_ref().ok().map(|created| created.key().reveal())
    }

    /// Whether the caller was told to look for a key.
    pub fn has_told(&self) -> bool {
        self.result.as_ref().is_err_and(Error::may_have_been_created)
    }
}
