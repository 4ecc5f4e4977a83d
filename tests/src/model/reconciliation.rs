//! One reconciled create against the model, among other keys, and the sweep that follows.

use std::sync::PoisonError;
use std::time::Duration;

use openrouter_keys_core::test_util::FakeTransport;
use openrouter_keys_core::workflow::{CreateReconciled, Reconciled, Sweep, Swept};
use openrouter_keys_core::{CallOptions, Create, Error, Limit};

use super::call::NAME;
use super::fault::Schedule;
use super::server::{Server, ServerKey};
use super::wire::serve;
use crate::caller::Caller;

/// The number of other keys.
pub const FOREIGN: usize = 250;

/// A finished call, after the sweep.
#[derive(Debug)]
pub struct Reconciliation {
    /// The server at the end.
    pub server: Server,
    /// The call's result.
    pub result: Result<Reconciled, Error>,
    /// The result of sweeping the names the error reported.
    pub swept: Result<Swept, Error>,
    /// How long the call took.
    pub took: Duration,
    /// The time at the end.
    pub now: Duration,
}

impl Reconciliation {
    /// Lets a client create a key and, two minutes later, sweep the reported names.
    pub async fn make<C: Caller>(
        client: impl FnOnce(FakeTransport) -> C,
        schedule: Schedule,
        lag: Duration,
        entropy: u64,
    ) -> Self {
        let mut server = Server::new(schedule);
        server.lag = lag;
        server.keys.extend((0..FOREIGN).map(foreign));
        let (transport, server) = serve(server);
        transport.set_entropy(entropy);
        let clock = transport.clock();
        let client = client(transport);

        let began = clock.now();
        let workflow = CreateReconciled::new(Create::new(NAME, Limit::usd(25.0)));
        let result = client.run(workflow, CallOptions::new()).await;
        let took = clock.now().saturating_sub(began);

        clock.advance(Duration::from_secs(120));
        let names: Vec<String> = match &result {
            Ok(reconciled) => reconciled.unconfirmed.clone(),
            Err(error) => error
                .may_have_created()
                .map(|left| left.names().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        let swept = client.run(Sweep::new(names), CallOptions::new()).await;
        let server = server.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { server, result, swept, took, now: clock.now() }
    }

    /// The secrets of this call's keys that still work.
    pub fn live(&self) -> Vec<&str> {
        self.own().filter(|key| key.is_live(self.now)).map(|key| key.secret.as_str()).collect()
    }

    /// Every key the call created.
    pub fn own(&self) -> impl Iterator<Item = &ServerKey> {
        self.server.keys.iter().skip(FOREIGN)
    }

    /// How many of the other keys still work.
    pub fn foreign(&self) -> usize {
        self.server.keys.iter().take(FOREIGN).filter(|key| key.is_live(self.now)).count()
    }
}

/// Somebody else's key. Three share the name, one of them up to the marker.
fn foreign(number: usize) -> ServerKey {
    let name = match number {
        7 | 120 => NAME.to_owned(),
        249 => format!("{NAME} #{:032x}", 0xF0E1),
        _ => format!("somebody's key {number}"),
    };
    ServerKey::new(&name, format!("sk-or-v1-foreign-{number}"), Duration::ZERO)
}
