//! Counts what a job left: keys that exist twice, and secrets that open nothing.

use serde_json::Value;

use crate::jobs::{Job, Sink};
use crate::place::Place;

/// What was found, and whatever else is not as it should be.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) doubled: usize,
    pub(crate) lost: usize,
    pub(crate) problems: Vec<String>,
}

/// How much longer than its life a temporary key is waited for, in seconds.
const TWO_HOURS: u64 = 7200;

impl Tally {
    /// Between the kill and the next run: temporary keys end by themselves.
    pub(crate) async fn after_kill(&mut self, place: &Place, job: &Job) {
        let keys = place.server.keys().await;
        for key in keys.iter().filter(|key| job.end.is_temporary && is_marked(key)) {
            if key["expires_at"].is_null() {
                self.problems.push(format!("{} never expires", key["name"]));
            }
        }
    }

    /// Once a run has succeeded.
    pub(crate) async fn after_all(&mut self, place: &Place, job: &Job) {
        if job.end.is_temporary {
            place.server.advance(TWO_HOURS).await;
            self.expect_success(place, &["sweep", "--temporary", "--yes"]).await;
        }
        if let Some(words) = job.end.settled {
            self.expect_success(place, words).await;
        }
        let keys = place.server.keys().await;
        for name in job.end.keys {
            self.one_key(place, job.end.sink, name, &keys).await;
        }
        for (name, limit) in job.end.limits {
            self.limit(name, *limit, &keys);
        }
        for key in &keys {
            let name = key["name"].as_str().unwrap();
            let is_wanted = |wanted: &&str| name.starts_with(&format!("{wanted} #"));
            if job.end.absent.contains(&name) {
                self.problems.push(format!("{name} was not deleted"));
            }
            // A wanted key that is there twice is counted already.
            if is_marked(key) && !job.end.keys.iter().any(is_wanted) {
                self.doubled += 1;
                self.problems.push(format!("{name} was left behind"));
            }
        }
    }

    async fn expect_success(&mut self, place: &Place, words: &[&str]) {
        let ran = place.run(words).await;
        if ran.code != Some(0) {
            self.problems.push(format!("then {words:?}: {ran:?}"));
        }
    }

    async fn one_key(&mut self, place: &Place, sink: Sink, name: &str, keys: &[Value]) {
        let marked = format!("{name} #");
        let named: Vec<_> = keys
            .iter()
            .filter(|key| key["name"] == name || key["name"].as_str().unwrap().starts_with(&marked))
            .collect();
        if named.len() > 1 {
            self.doubled += named.len() - 1;
            self.problems.push(format!("{} keys are named {name}", named.len()));
        }
        let mut is_opened = false;
        for key in named.into_iter().filter(|key| key["name"] == name) {
            let hash = key["hash"].as_str().unwrap();
            if let Some(secret) = secret(place, sink, name, hash) {
                is_opened |=
                    place.server.opened_by(&secret).await.as_deref() == key["label"].as_str();
            }
        }
        if !is_opened {
            self.lost += 1;
            self.problems.push(format!("no stored secret opens {name}"));
        }
    }

    fn limit(&mut self, name: &str, limit: f64, keys: &[Value]) {
        let key = keys.iter().find(|key| key["name"] == name);
        let is = key.and_then(|key| key["limit"].as_f64()).unwrap_or_default();
        if (is - limit).abs() > 1e-9 {
            self.doubled += usize::from(is > limit);
            self.lost += usize::from(is < limit);
            self.problems.push(format!("the limit of {name} is {is}"));
        }
    }
}

fn is_marked(key: &Value) -> bool {
    key["name"].as_str().unwrap().contains(" #")
}

/// What the sink has for this key.
fn secret(place: &Place, sink: Sink, name: &str, hash: &str) -> Option<String> {
    match sink {
        Sink::File => Some(place.read(&format!("{name}.key"))?.trim().to_owned()),
        Sink::Receiver => {
            let line: Value =
                serde_json::from_str(&place.read(&format!("received/{hash}"))?).ok()?;
            (line["name"] == name).then(|| line["key"].as_str().unwrap().to_owned())
        }
    }
}
