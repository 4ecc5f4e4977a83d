//! The simulation: handles one event after another in virtual time.

use std::time::Duration;

use openrouter_keys_core::ApiKey;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_tests::chance::Chance;

use super::agenda::Agenda;
use super::figures::Figures;
use super::rule::{Call, Client, Next, Rule};
use super::scenario::{AFTER, OUTAGE, Scenario, WARM_UP};
use super::server::{Server, ServerResponse};

enum Event {
    /// This client begins a call.
    Begin(Box<Caller>),
    /// The pause before this call's next request is over.
    Send(Flight),
    /// The response to this call's request arrives.
    Hear(Flight, ServerResponse),
}

struct Caller {
    client: Client,
    chance: Chance,
}

struct Flight {
    begun: Duration,
    call: Box<dyn Call>,
}

/// Runs a fleet through an outage.
///
/// # Errors
///
/// Returns the core's error if it refuses to build a call, which it has no reason to do.
pub fn simulate(scenario: &Scenario, rule: Rule, seed: u64) -> Result<Figures, BoxError> {
    let key = ApiKey::new("sk-or-v1-fleet")?;
    let mut seeds = Chance::new(seed);
    let mut server = Server::new(*scenario);
    let mut figures = Figures::new(scenario.offered());
    let mut agenda = Agenda::new();
    let interval = Duration::from_secs(1).div_f64(scenario.calls_per_second);
    for _ in 0..scenario.clients {
        let mut chance = Chance::new(seeds.bits());
        let first = interval.mul_f64(chance.exponential());
        agenda.add(first, Event::Begin(Box::new(Caller { client: rule.client(&key), chance })));
    }
    while let Some((now, event)) = agenda.next() {
        if now >= WARM_UP + OUTAGE + AFTER {
            break;
        }
        match event {
            Event::Begin(mut caller) => {
                figures.begun(now);
                let call = caller.client.begin(&mut caller.chance)?;
                agenda.add(now, Event::Send(Flight { begun: now, call }));
                let pause = interval.mul_f64(caller.chance.exponential());
                agenda.add(now + pause, Event::Begin(caller));
            }
            Event::Send(mut flight) => {
                figures.sent(now);
                flight.call.send();
                let (then, response) = server.take(now);
                agenda.add(then, Event::Hear(flight, response));
            }
            Event::Hear(Flight { begun, call }, response) => {
                match call.hear(response, now.saturating_sub(begun)) {
                    Next::Succeeded => figures.succeeded(begun, now),
                    Next::Failed => {}
                    Next::Again { after, call } => {
                        agenda.add(now + after, Event::Send(Flight { begun, call }));
                    }
                }
            }
        }
    }
    Ok(figures)
}
