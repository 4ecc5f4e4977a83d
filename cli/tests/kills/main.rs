//! Commands that change several keys, killed by SIGKILL at each of their requests and between,
//! together with the server, and run again. The server is an emulator in a process of its own.
//!
//! The table of `docs/kill-tests.md` is what this test counts; `UPDATE=1` rewrites it. `ONLY=apply`
//! takes the commands with this in their title, and does not compare the table.

#![cfg(test)]
#![cfg(unix)]

mod checks;
mod gate;
mod jobs;
mod place;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::time::Duration;

use checks::Tally;
use futures_util::StreamExt as _;
use gate::{Kill, Moment};
use jobs::{JOBS, Job, When};
use place::Place;
use table::{Column, Row};

/// Most of the time they wait for the disk, or for what a killed run may have sent.
const AT_ONCE: usize = 12;

/// How long after a response a run is killed if its next request does not come first.
const DELAYS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(3)];

/// Every run that goes on after a kill sends at least so many requests.
const LEAST: usize = 2;

/// What happens to a job before it is run to its end.
#[derive(Clone, Debug)]
enum Fate {
    /// One run after another is killed.
    Killed(Vec<Kill>),
    /// It is killed by a command that it started.
    FromWithin(String),
    /// The killed run's request reaches the server after the next run has ended.
    Late(Kill),
}

#[derive(Clone)]
struct Scenario {
    job: &'static Job,
    column: Column,
    fate: Fate,
}

#[tokio::test]
async fn nothing_is_doubled_or_lost_whenever_a_run_is_killed() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let jobs: Vec<_> = JOBS.iter().filter(|job| job.title.contains(&only)).collect();
    let undisturbed = jobs.into_iter().map(undisturbed);
    let undisturbed: Vec<_> =
        futures_util::stream::iter(undisturbed).buffered(AT_ONCE).collect().await;
    let (mut rows, scenarios): (Vec<Row>, Vec<_>) = undisturbed.into_iter().unzip();
    let mut problems = Vec::new();
    let runs = scenarios.into_iter().flatten().map(perform);
    let mut tallies = futures_util::stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((scenario, kills, tally)) = tallies.next().await {
        let row = rows.iter_mut().find(|row| row.title == scenario.job.title).unwrap();
        row.add(scenario.column, kills, &tally);
        let Scenario { job, fate, .. } = scenario;
        problems.extend(tally.problems.iter().map(|it| format!("{}, {fate:?}: {it}", job.title)));
    }
    let table = table::of(&rows);
    println!("{table}");
    assert!(problems.is_empty(), "{}\n{table}", problems.join("\n"));
    if only.is_empty() {
        table::check(&table);
    }
}

/// Runs the job without a kill, counts its requests, and says when to kill it.
async fn undisturbed(job: &'static Job) -> (Row, Vec<Scenario>) {
    let place = Place::of(job).await;
    let ran = place.run(job.words).await;
    assert_eq!(ran.code, Some(0), "{}: {}", job.title, ran.stderr);
    let requests = place.gate.requests();
    let creates = place.gate.creates();
    let mut tally = Tally::default();
    tally.after_all(&place, job).await;
    assert!(tally.problems.is_empty(), "{}: {tally:?}", job.title);

    let mut scenarios = Vec::new();
    let mut add = |column, fate| scenarios.push(Scenario { job, column, fate });
    for request in (1..=requests).filter(|_| job.when != When::FromWithin) {
        let at = |moment| Kill { request, moment };
        add(Column::Before, Fate::Killed(vec![at(Moment::BeforeTheServer)]));
        add(Column::After, Fate::Killed(vec![at(Moment::AfterTheServer)]));
        for delay in DELAYS.into_iter().filter(|_| request < requests && job.when == When::Always) {
            add(Column::Between, Fate::Killed(vec![at(Moment::AfterTheResponse(delay))]));
        }
        let moments = [Moment::BeforeTheServer, Moment::AfterTheServer];
        let [first, second] = if request % 2 == 0 { moments } else { [moments[1], moments[0]] };
        let again = Kill { request: 1 + request % LEAST, moment: second };
        add(Column::Twice, Fate::Killed(vec![at(first), again]));
    }
    for request in creates.into_iter().filter(|_| job.when != When::FromWithin) {
        add(Column::Late, Fate::Late(Kill { request, moment: Moment::BeforeTheServer }));
    }
    for number in 1..=job.commands {
        for side in ["before", "after"] {
            add(Column::Between, Fate::FromWithin(format!("{side} {number}")));
        }
    }
    (Row::new(job.title, requests), scenarios)
}

/// Kills the job, runs it to its end, and looks what is there. Returns the number of kills too.
async fn perform(scenario: Scenario) -> (Scenario, usize, Tally) {
    let Scenario { job, fate, .. } = &scenario;
    let mut place = Place::of(job).await;
    let mut tally = Tally::default();
    let mut kills = 0;
    let mut expected = 1;
    match fate {
        Fate::Killed(fates) => {
            expected = fates.len();
            for kill in fates {
                kills += usize::from(place.kill(job.words, *kill).await);
                tally.after_kill(&place, job).await;
            }
        }
        Fate::FromWithin(wish) => {
            kills += usize::from(place.kill_from_within(job.words, wish).await);
            tally.after_kill(&place, job).await;
        }
        Fate::Late(kill) => {
            kills += usize::from(place.kill(job.words, *kill).await);
            resume(&place, job, &mut tally).await;
            place.gate.release().await;
            tally.after_kill(&place, job).await;
        }
    }
    if kills != expected {
        tally.problems.push(format!("{kills} kills of {expected}"));
    }
    resume(&place, job, &mut tally).await;
    tally.after_all(&place, job).await;
    (scenario, kills, tally)
}

async fn resume(place: &Place, job: &Job, tally: &mut Tally) {
    if let Err(ran) = place.resume(job.words).await {
        tally.problems.push(format!("it does not go on: {ran:?}"));
    }
}
