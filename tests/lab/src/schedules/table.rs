//! The table in `docs/create-schedules.md`, which compares the rules.

use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::{ApiKey, CallOptions, blocking};
use openrouter_keys_tests::model::{Call, schedules};

use super::official::OfficialSdk;
use super::tally::Tally;

const HEAD: &str = "\
| 2,197 schedules | this library | official SDK, TypeScript | official SDK, Python |
| --- | ---: | ---: | ---: |
";

/// Computes the table.
pub async fn table() -> Result<String, BuildError> {
    let rules =
        [this_library().await?, official(OfficialSdk::TYPESCRIPT), official(OfficialSdk::PYTHON)];
    let row = |title: &str, figure: fn(&Tally) -> usize| {
        let figures = rules.each_ref().map(|tally| grouped(figure(tally)));
        format!("| {title} | {} |\n", figures.join(" | "))
    };
    Ok([
        HEAD.to_owned(),
        row("calls that return a key", |tally| tally.returned),
        row("`POST`s in all", |tally| tally.posts),
        row("`POST`s of a call, at most", |tally| tally.most_posts),
        row("extra keys created", |tally| tally.doubled),
        row("orphaned keys, not reported to the caller", |tally| tally.lost_unnoticed),
        row("orphaned keys, reported to the caller", |tally| tally.lost_and_told),
        row("calls that report a key that was not created", |tally| tally.false_alarms),
        row("calls that leave no orphaned key", |tally| tally.clean),
    ]
    .concat())
}

/// With the default settings.
async fn this_library() -> Result<Tally, BuildError> {
    let key = ApiKey::new("sk-or-v1-management")?;
    let mut tally = Tally::default();
    for (entropy, schedule) in (0..).zip(schedules()) {
        let client = |transport| blocking::Client::new(transport, key.clone());
        let call = Call::make(client, CallOptions::new(), schedule, entropy).await;
        tally.add(&call.server, call.secret(), call.has_told());
    }
    Ok(tally)
}

fn official(sdk: OfficialSdk) -> Tally {
    let mut tally = Tally::default();
    for schedule in schedules() {
        let (server, secret) = sdk.create(schedule);
        tally.add(&server, secret.as_deref(), false);
    }
    tally
}

/// Formats a number with separators: 2,197.
fn grouped(number: usize) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1000),
    }
}
