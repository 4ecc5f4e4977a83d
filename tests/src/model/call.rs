//! One create by this library's clients against the model.

use std::sync::PoisonError;
use std::time::Duration;

use openrouter_keys_core::operation::Created;
use openrouter_keys_core::test_util::FakeTransport;
use openrouter_keys_core::{CallOptions, Create, Error, Limit};

use super::fault::Schedule;
use super::server::Server;
use super::wire::serve;
use crate::caller::Caller;

/// The name of the key that every call creates.
pub const NAME: &str = "Customer 42";

/// A finished call, as its caller and the server know it.
#[derive(Debug)]
pub struct Call {
    /// The server afterwards.
    pub server: Server,
    /// The call's result.
    pub result: Result<Created, Error>,
    /// When the call began.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
}

impl Call {
    /// Lets a client create a key. `entropy` determines its jitter.
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

    /// The secret that the caller has.
    pub fn secret(&self) -> Option<&str> {
        self.result.as_ref().ok().map(|created| created.key().reveal())
    }

    /// Whether the error tells the caller to look for a key.
    pub fn has_told(&self) -> bool {
        self.result.as_ref().is_err_and(Error::may_have_been_created)
    }
}
