//! Several callers that ensure the same key at once, each with its own delays, as discrete
//! events: the machines and the server share one process and a clock that jumps from event to
//! event.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::missing_panics_doc,
    reason = "a model for tests"
)]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response};
use openrouter_keys_core::machine::{Action, Event, Machine, Seed, WorkflowMachine};
use openrouter_keys_core::workflow::{Ensure, Ensured, Workflow};
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Error, Limit, Timestamp};

use crate::chance::Chance;

/// The name that all callers want.
const NAME: &str = "billing";
/// When the server's clock begins, in seconds since 1970.
const EPOCH: u64 = 1_798_761_600;

/// The parameters of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// How many callers there are.
    pub callers: usize,
    /// The interval in which they begin.
    pub spread: Duration,
    /// The longest delay of a request or a response.
    pub latency: Duration,
    /// How long a change takes to show in the listing.
    pub lag: Duration,
    /// Determines everything else.
    pub seed: u64,
}

/// The result of a race.
#[derive(Debug)]
pub struct Race {
    /// The result of each caller.
    pub results: Vec<Result<Ensured, Error>>,
    /// The hashes of the keys that exist at the end.
    pub live: Vec<String>,
    /// How many keys were created.
    pub made: usize,
}

type Caller = WorkflowMachine<Ensured>;

enum Due {
    Begins,
    Arrives(Caller, Request<Bytes>),
    Answered(Caller, Response<Bytes>),
    PauseEnds(Caller),
}

struct Key {
    made: Duration,
    deleted: Option<Duration>,
}

struct Simulation {
    conditions: Conditions,
    chance: Chance,
    agenda: BTreeMap<(Duration, usize), (usize, Due)>,
    noted: usize,
    keys: Vec<Key>,
    begun: Vec<Duration>,
    results: BTreeMap<usize, Result<Ensured, Error>>,
}

impl Race {
    /// Runs one schedule to its end.
    pub fn run(conditions: Conditions) -> Self {
        let mut simulation = Simulation {
            conditions,
            chance: Chance::new(conditions.seed),
            agenda: BTreeMap::new(),
            noted: 0,
            keys: Vec::new(),
            begun: vec![Duration::ZERO; conditions.callers],
            results: BTreeMap::new(),
        };
        for caller in 0..conditions.callers {
            let at = simulation.within(conditions.spread);
            simulation.note(at, caller, Due::Begins);
        }
        while let Some(((now, _), (caller, due))) = simulation.agenda.pop_first() {
            simulation.happen(now, caller, due);
        }
        let hashes = simulation.keys.iter().enumerate();
        let live = hashes.filter(|(_, key)| key.deleted.is_none()).map(|(place, _)| hash(place));
        Self {
            live: live.collect(),
            made: simulation.keys.len(),
            results: simulation.results.into_values().collect(),
        }
    }
}

impl Simulation {
    fn within(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.chance.fraction())
    }

    fn note(&mut self, at: Duration, caller: usize, due: Due) {
        self.noted += 1;
        self.agenda.insert((at, self.noted), (caller, due));
    }

    fn happen(&mut self, now: Duration, caller: usize, due: Due) {
        let (mut machine, mut event) = match due {
            Due::Begins => {
                if let Some(begun) = self.begun.get_mut(caller) {
                    *begun = now;
                }
                let wanted = Ensure::new(Create::new(NAME, Limit::usd(5.0)));
                let machine = wanted.begin(&Config::new(), &CallOptions::new());
                (machine, Event::Begin(Seed::default()))
            }
            Due::Arrives(machine, request) => {
                let response = self.serve(&request, now);
                let at = now + self.within(self.conditions.latency);
                return self.note(at, caller, Due::Answered(machine, response));
            }
            Due::Answered(machine, response) => (machine, Event::Response(Ok(response))),
            Due::PauseEnds(machine) => (machine, Event::Slept),
        };
        loop {
            match machine.resume(event, self.elapsed(caller, now)) {
                Action::Authenticate(_) => {
                    event =
                        Event::Key(Ok(ApiKey::new("sk-or-v1-management").expect("a valid key")));
                }
                Action::Send(_) => {
                    let request = machine.request();
                    let at = now + self.within(self.conditions.latency);
                    return self.note(at, caller, Due::Arrives(machine, request));
                }
                Action::Sleep(time) => {
                    return self.note(now + time, caller, Due::PauseEnds(machine));
                }
                Action::Ask(_) => unreachable!("it asks nothing"),
                Action::Done(result) => {
                    self.results.insert(caller, result);
                    return;
                }
            }
        }
    }

    fn elapsed(&self, caller: usize, now: Duration) -> Duration {
        now.saturating_sub(self.begun.get(caller).copied().unwrap_or_default())
    }

    fn serve(&mut self, request: &Request<Bytes>, now: Duration) -> Response<Bytes> {
        let (status, body) = match *request.method() {
            Method::POST => {
                self.keys.push(Key { made: now, deleted: None });
                let place = self.keys.len() - 1;
                let row = self.row(place);
                (201, format!(r#"{{"key":"sk-or-v1-{place:064x}","data":{row}}}"#))
            }
            Method::DELETE => {
                let hash = request.uri().path().rsplit('/').next().unwrap_or_default();
                let place = usize::from_str_radix(hash, 16).unwrap_or(usize::MAX) ^ SCATTER;
                match self.keys.get_mut(place).filter(|key| key.deleted.is_none()) {
                    Some(key) => {
                        key.deleted = Some(now);
                        (200, r#"{"deleted":true}"#.to_owned())
                    }
                    None => (404, r#"{"error":{"code":404,"message":"no such key"}}"#.to_owned()),
                }
            }
            _ => (200, self.list(request, now)),
        };
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH) + now;
        Response::builder()
            .status(status)
            .header("date", httpdate::fmt_http_date(date))
            .body(body.into())
            .expect("a valid response")
    }

    /// The keys that existed one lag ago, newest first.
    fn list(&self, request: &Request<Bytes>, now: Duration) -> String {
        let query = request.uri().query().unwrap_or_default();
        let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
        let offset = offset.map_or(0, |text| text.parse().unwrap_or_default());
        let lag = self.conditions.lag;
        let is_live = |key: &Key| {
            key.made + lag <= now && key.deleted.is_none_or(|deleted| deleted + lag > now)
        };
        let mut live: Vec<(Duration, usize)> = self
            .keys
            .iter()
            .enumerate()
            .filter(|(_, key)| is_live(key))
            .map(|(place, key)| (key.made, place))
            .collect();
        live.sort_by_key(|key| Reverse(*key));
        let rows = live.into_iter().skip(offset).take(100).map(|(_, place)| self.row(place));
        format!(r#"{{"data":[{}]}}"#, rows.collect::<Vec<_>>().join(","))
    }

    /// The server reports whole seconds.
    fn row(&self, place: usize) -> String {
        let made = self.keys.get(place).map(|key| key.made).unwrap_or_default();
        let seconds = i64::try_from(EPOCH + made.as_secs()).expect("within the calendar");
        let made = Timestamp::from_unix(seconds, 0).expect("within the calendar");
        let hash = hash(place);
        format!(r#"{{"hash":"{hash}","name":"{NAME}","limit":5,"created_at":"{made}"}}"#)
    }
}

/// Reverses the order of the hashes relative to the keys.
const SCATTER: usize = 0xFFFF;

fn hash(place: usize) -> String {
    format!("{:064x}", place ^ SCATTER)
}
