//! Measures how many creates fail on connections that the server has closed: `cargo run
//! --release -p openrouter-keys-lab --example stale_connections`.
//!
//! It fails if more than 1.5 % of this library's creates end in an error, or if the server
//! has a key that the caller did not receive. See `docs/labs.md`.

#![allow(clippy::print_stdout, reason = "a program for people")]

mod lab;

use std::error::Error;
use std::process::ExitCode;

use lab::Tally;

const CREATES: usize = 1_500;

/// In thousandths of all creates.
const ERRORS_AT_MOST: usize = 15;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    println!("| client | creates | errors | share | extra keys on the server |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let ours = [
        print("openrouter-keys-native, async", lab::async_client(CREATES).await?),
        print("openrouter-keys-native, blocking", lab::blocking_client(CREATES)?),
    ];
    print("reqwest with its default pool", bare_client(CREATES).await?);
    let is_kept = ours.iter().all(|tally| {
        tally.errors * 1_000 <= tally.asked * ERRORS_AT_MOST && tally.extra_keys() == 0
    });
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(client: &str, tally: Tally) -> Tally {
    let basis_points = tally.errors * 10_000 / tally.asked;
    println!(
        "| {client} | {} | {} | {}.{:02} % | {} |",
        tally.asked,
        tally.errors,
        basis_points / 100,
        basis_points % 100,
        tally.extra_keys(),
    );
    tally
}

/// reqwest with its default pool, which often notices too late that a connection was closed.
async fn bare_client(asked: usize) -> Result<Tally, Box<dyn Error>> {
    let emulator = lab::server()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut errors = 0;
    for number in 0..asked {
        let sent = client
            .post(format!("{}/keys", emulator.base_url()))
            .bearer_auth(emulator.management_key())
            .header("content-type", "application/json")
            .body(format!(r#"{{"name":"key {number}","limit":1}}"#))
            .send()
            .await;
        let is_made = match sent {
            Ok(response) => response.status() == 201 && response.bytes().await.is_ok(),
            Err(_) => false,
        };
        errors += usize::from(!is_made);
    }
    Ok(Tally { asked, errors, on_server: emulator.key_count() })
}
