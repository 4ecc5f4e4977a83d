//! The six operations over real HTTP.
//!
//! `cargo run --example quickstart` starts an emulator of the API in this process and needs no
//! key. With `--live` and a management key in `OPENROUTER_MANAGEMENT_KEY` it reads from the real
//! API and changes nothing.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::error::Error;
use std::process::ExitCode;

use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::{
    API_KEY_VARIABLES, ApiKey, BaseUrl, Client, Config, Create, CurrentKey, Field, Key, Limit,
    LimitReset, List, Update, client_with, from_env,
};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => in_process().await,
        ["--live"] => live().await,
        _ => {
            eprintln!("usage: cargo run --example quickstart [-- --live]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// All six operations, against an emulator.
async fn in_process() -> Outcome {
    let emulator = Emulator::start()?;
    println!("An emulator of the API runs in this process, at {}.", emulator.base_url());
    for name in API_KEY_VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some()) {
        println!("{name} is set but unused; add `-- --live` to read from the real API.");
    }
    let key = ApiKey::new(emulator.management_key())?;
    let client = client_with(key, Config::new().base_url(BaseUrl::new(emulator.base_url())?))?;

    step("create: two keys; this is the only time their secrets are shown");
    let create = Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly);
    let created = client.create(create).await?;
    let hash = match &created.data {
        Field::Value(key) => key.require_hash()?.clone(),
        _ => return Err("the response does not describe the key".into()),
    };
    println!("created {hash}; its secret goes to a vault: {:?}", created.key());
    let staging = client.create(Create::new("Staging", Limit::unlimited())).await?;

    step("list");
    table(&client.list(List::new()).await?.data);

    step("get");
    table(&[client.get(&hash).await?]);

    step("update: another limit, no reset, and the name stays");
    table(&[client.update(Update::new(&hash).limit(Limit::usd(50.0)).no_limit_reset()).await?]);

    step("get_current_key_metadata: of the first created key, with its own secret");
    let own = client_with(
        ApiKey::try_from(created.key())?,
        Config::new().base_url(BaseUrl::new(emulator.base_url())?),
    )?;
    describe(&own.get_current_key_metadata().await?);

    step("delete");
    for key in [created.data.get(), staging.data.get()].into_iter().flatten() {
        client.delete(key.require_hash()?).await?;
        println!("deleted {}", show(&key.name));
    }
    let gone = client.get(&hash).await;
    println!("get then says: {}", gone.err().map(|error| error.to_string()).unwrap_or_default());

    step("list_all: 250 keys, 100 to a page");
    emulator.seed_keys(250);
    emulator.clear_requests();
    let keys = client.list_all(List::new()).collect_all().await?;
    println!("{} keys in {} requests; the newest three:", keys.len(), emulator.requests().len());
    table(keys.get(..3).unwrap_or(&keys));
    Ok(())
}

/// The operations that only read, against the real API.
async fn live() -> Outcome {
    let client: Client = from_env()?;

    step("get_current_key_metadata");
    describe(&client.get_current_key_metadata().await?);

    step("list, the first page");
    let page = client.list(List::new().include_disabled(true)).await?;
    table(&page.data);

    if let Some(first) = page.data.first() {
        step("get, the first of them");
        table(&[client.get(first.require_hash()?).await?]);
    }
    Ok(())
}

fn step(title: &str) {
    println!("\n── {title}");
}

fn table(keys: &[Key]) {
    println!(
        "{:<14} {:<22} {:>8} {:>8} {:<8} {:<8} created",
        "name", "label", "limit", "spent", "reset", "state"
    );
    for key in keys {
        let state = match key.disabled {
            Field::Value(true) => "disabled",
            Field::Value(false) => "active",
            _ => "?",
        };
        println!(
            "{:<14} {:<22} {:>8} {:>8} {:<8} {state:<8} {}",
            show(&key.name),
            show(&key.label),
            money(&key.limit, "none"),
            money(&key.usage, "-"),
            show(&key.limit_reset),
            show(&key.created_at),
        );
    }
}

fn describe(key: &CurrentKey) {
    println!("label         {}", show(&key.label));
    println!(
        "manages keys  {}",
        key.manages_keys().map_or("unknown", |yes| if yes { "yes" } else { "no" })
    );
    println!("limit         {}", money(&key.limit, "none"));
    println!("left          {}", money(&key.limit_remaining, "no limit"));
    println!("spent         {}", money(&key.usage, "-"));
    println!("expires       {}", show(&key.expires_at));
}

/// A field for display: a dash for null, a question mark if there is no value.
fn show<T: std::fmt::Display>(field: &Field<T>) -> String {
    match field {
        Field::Value(value) => value.to_string(),
        Field::Null => "-".to_owned(),
        Field::Absent | Field::Unexpected(_) => "?".to_owned(),
    }
}

fn money(field: &Field<f64>, if_null: &str) -> String {
    match field {
        Field::Value(usd) => format!("{usd:.2} $"),
        Field::Null => if_null.to_owned(),
        Field::Absent | Field::Unexpected(_) => "?".to_owned(),
    }
}
