//! One create of this library's clients against the model.

use std::sync::PoisonError;
use std::time::Duration;

use openrouter_keys_core::operation::Created;
use openrouter_keys_core::test_util::FakeTransport;
use openrouter_keys_core::{CallOptions, Create, Error, Limit};

use super::fault::Schedule;
use super::server::Server;
use super::wire::serve;
use crate::caller::Caller;

/// The name of the key that every call wants.
pub const NAME: &str = "Customer 42";

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
        let (transport, server) = serve(Server::new(schedule));
        let clock = transport.clock();
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
