//! A fleet of clients whose server goes down and comes back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use openrouter_keys_lab::outage::{Figures, Rule, SECTIONS, Scenario, Section, simulate};

/// Apart from chance, results do not depend on the size of the fleet.
const CLIENTS: u32 = 100;

const NO_QUOTA: Rule = Rule::Core { quota: false, jitter: true };

fn run(section: &Section, rule: Rule, seed: u64) -> Figures {
    simulate(&Scenario { clients: CLIENTS, ..section.scenario }, rule, seed).unwrap()
}

/// The sections whose clients call often enough to use up their quota.
fn busy() -> impl Iterator<Item = &'static Section> {
    SECTIONS.iter().filter(|section| section.scenario.calls_per_second >= 1.0)
}

#[test]
fn once_its_quotas_are_drained_a_fleet_sends_at_most_11_requests_for_10_calls() {
    for section in busy() {
        let amplification = run(section, Rule::CORE, 1).amplification_once_drained();
        assert!((0.9..=1.1).contains(&amplification), "{}: {amplification}", section.title);
    }
}

#[test]
fn without_the_quota_a_fleet_sends_3_requests_per_call_until_the_end() {
    let [section, ..] = &SECTIONS;
    let amplification = run(section, NO_QUOTA, 1).amplification_once_drained();
    assert!((2.9..=3.1).contains(&amplification), "{amplification}");
}

#[test]
fn a_fleet_does_not_prevent_its_server_from_recovering() {
    let [refused, ..] = &SECTIONS;
    let figures = run(refused, Rule::CORE, 1);
    assert!(figures.recovered_after().unwrap() <= Duration::from_secs(1), "{figures:?}");
    assert!(figures.peak() < 1.25 + 0.25, "{}", figures.peak());

    let patient = run(refused, Rule::Sdk, 1);
    assert!(patient.recovered_after().is_none(), "{:?}", patient.recovered_after());
    assert!(patient.amplification() > 5.0, "{}", patient.amplification());
}

#[test]
fn figures_depend_only_on_the_seed() {
    let [section, ..] = &SECTIONS;
    assert_eq!(run(section, Rule::CORE, 1), run(section, Rule::CORE, 1));
    assert_ne!(run(section, Rule::CORE, 1), run(section, Rule::CORE, 2));
}

#[test]
fn the_page_has_every_run_and_a_smaller_fleet_confirms_it() {
    let page = page();
    assert_eq!(page.len(), SECTIONS.len() * Rule::ALL.len());
    thread::scope(|scope| {
        for section in &SECTIONS {
            let page = &page;
            scope.spawn(move || {
                for rule in Rule::ALL {
                    let row = page.get(&(section.title, rule.name()));
                    let &(whole, drained) = row.unwrap_or_else(|| {
                        panic!("no row {} under {}", rule.name(), section.title)
                    });
                    let figures = run(section, rule, 1);
                    let is_near = |page: f64, found: f64| (page - found).abs() <= 0.1 * page;
                    assert!(
                        is_near(whole, figures.amplification())
                            && is_near(drained, figures.amplification_once_drained()),
                        "{}, {}: {whole} and {drained} on the page, {} and {} found",
                        section.title,
                        rule.name(),
                        figures.amplification(),
                        figures.amplification_once_drained(),
                    );
                }
            });
        }
    });
}

/// The requests per call during the outage and once drained, by table title and rule name.
fn page() -> BTreeMap<(&'static str, &'static str), (f64, f64)> {
    let mut rows = BTreeMap::new();
    let mut title = "";
    for line in include_str!("../../../docs/outages.md").lines() {
        if let Some(bold) = line.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")) {
            title = bold;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [rule, whole, drained, _, _, _] = cells[..] {
            if let (Ok(whole), Ok(drained)) = (whole.parse(), drained.parse()) {
                assert_eq!(rows.insert((title, rule), (whole, drained)), None, "{line}");
            }
        }
    }
    rows
}
