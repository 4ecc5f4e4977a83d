//! `demo`: a server with sample keys, to try every command without an account.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::Args;
use openrouter_keys_emulator::Emulator;
use serde_json::{Value, json};

use super::emulator::refused;
use crate::app::App;
use crate::failure::{Exit, Result};
use crate::{signal, text};

/// Run a server on this machine with sample keys, to try every command without an account
///
/// Ctrl-C stops it, and its keys are gone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys demo
  openrouter-keys demo --port 8080")]
pub(crate) struct Options {
    /// Port to listen on; any free one if left out
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        // Before it is said that Ctrl-C stops it.
        let stopped = signal::stopped();
        let mut seeds = tempfile::NamedTempFile::new()?;
        seeds.write_all(sample_keys(jiff::Timestamp::now()).to_string().as_bytes())?;
        let emulator = Emulator::builder()
            .port(self.port)
            .seed_file(seeds.path())
            .start()
            .map_err(|error| refused(&error))?;
        drop(seeds);
        app.output.text(&greeting(&emulator))?;
        stopped.await;
        Ok(Exit::Done)
    }
}

/// Keys of every kind that a listing shows.
fn sample_keys(now: jiff::Timestamp) -> Value {
    let hours = |hours: i64| now.saturating_add(jiff::SignedDuration::from_hours(hours));
    let days = |days: i64| hours(days * 24).unwrap_or(now).to_string();
    let spend = |usd: f64, ago: i64| json!({"usd": usd, "at": days(-ago)});
    json!({"keys": [
        {"name": "website", "limit": 200, "limit_reset": "monthly", "created_at": days(-300),
         "spend": [spend(310.0, 40), spend(64.2, 2), spend(7.35, 0)]},
        {"name": "batch jobs", "created_at": days(-220),
         "spend": [spend(1204.5, 30), spend(88.1, 1)]},
        {"name": "customer-acme", "limit": 50, "limit_reset": "weekly", "created_at": days(-120),
         "external_user": "acme", "spend": [spend(46.9, 0)]},
        {"name": "customer-globex", "limit": 50, "limit_reset": "weekly", "created_at": days(-118),
         "external_user": "globex", "spend": [spend(3.2, 0)]},
        {"name": "student-ada", "limit": 5, "created_at": days(-60), "expires_at": days(30),
         "spend": [spend(5.0, 3)]},
        {"name": "student-grace", "limit": 5, "created_at": days(-60), "expires_at": days(30),
         "spend": [spend(0.0042, 10)]},
        {"name": "prototype", "limit": 10, "created_at": days(-400), "spend": [spend(1.5, 200)]},
        {"name": "former contractor", "limit": 25, "disabled": true, "created_at": days(-500),
         "spend": [spend(19.75, 150)]},
        {"name": "course 2025", "limit": 1, "created_at": days(-300), "expires_at": days(-30),
         "spend": [spend(0.8, 45)]},
        {"name": "ci", "limit": 2, "limit_reset": "daily", "created_at": days(-10),
         "include_byok_in_limit": true, "spend": [{"usd": 0.4, "byok": true}]},
    ]})
}

fn greeting(emulator: &Emulator) -> String {
    let program = program_name();
    let mut greeting = String::from(
        "A server on this machine with sample keys; nothing is sent to OpenRouter.\n\
         In another terminal:\n\n",
    );
    for (name, value) in [
        ("OPENROUTER_BASE_URL", emulator.base_url().as_str()),
        ("OPENROUTER_MANAGEMENT_KEY", emulator.management_key()),
    ] {
        let line = if cfg!(windows) {
            format!("$env:{name} = \"{value}\"")
        } else {
            format!("export {name}={value}")
        };
        let _ = writeln!(greeting, "  {line}");
    }
    let _ = write!(
        greeting,
        "\n  {program} list --all\n\
         \x20 {program} create try-me --limit 5 --expires 1d --reveal\n\
         \x20 {program} disable prototype\n\nCtrl-C stops it.\n"
    );
    greeting
}

/// The program as the user called it, if that is how it can be called again.
fn program_name() -> String {
    let called = std::env::args_os().next().and_then(|called| called.into_string().ok());
    let called = called.filter(|called| called.contains(std::path::is_separator));
    called.map_or("openrouter-keys".to_owned(), |called| text::quoted_for_shell(&called))
}
