//! The workflows over real HTTP, against an emulator of the API in this process:
//! `cargo run --example workflows`.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::time::Duration;

use http::Method;
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client, Config, Create, Ensure, Ensured, Lent, Limit, List, Pages, Scoped,
    Sweep, Temporary, client_with,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let key = ApiKey::new(emulator.management_key())?;
    let config = Config::new().base_url(BaseUrl::new(emulator.base_url())?);
    let client = client_with(key, config)?;

    println!("ensure, twice: the second finds what the first made");
    ensure(&client, Limit::usd(25.0)).await?;
    ensure(&client, Limit::usd(50.0)).await?;

    println!("\ncreate_reconciled: the connection breaks once the key is made");
    emulator.fail_next_matching(Method::POST, "reset-after-commit".parse()?);
    let done = client.create_reconciled(Create::new("ci", Limit::usd(5.0))).await?;
    println!("made {:?}; deleted {} that nobody held", done.name, done.swept.len());

    println!("\nlist_all, through every page, two at once");
    let all = Pages::new(List::new().include_disabled(true)).exhaustive().prefetch(2);
    for key in client.list_all(all).collect_all().await? {
        println!("{}", key.name.as_deref().unwrap_or("?"));
    }

    println!("\nsweep");
    let swept = client.sweep(Sweep::new([done.name])).await?;
    println!("deleted {}", swept.deleted.len());

    println!("\ntemporary: a key for some work, closed after it");
    let agent = Temporary::new(Create::new("agent", Limit::usd(1.0)), Duration::from_secs(3600));
    let work = async |key: &Lent| println!("{:?} works until {}", key.name, key.expires_at);
    let Scoped { unclosed, .. } = client.temporary(agent).scope(work).await?;
    println!("closed: {}; keys left: {}", unclosed.is_none(), emulator.key_count());
    Ok(())
}

async fn ensure(client: &Client, limit: Limit) -> Result<(), Box<dyn Error>> {
    // Nobody else is at it here; a program leaves the time at its default.
    let wanted = Ensure::new(Create::new("billing", limit)).settle(Duration::from_millis(100));
    match client.ensure(wanted).await? {
        Ensured::Created { created, .. } => println!("created, and stored {:?}", created.key()),
        Ensured::Existing { key, changed } => {
            println!("{:?} is there; changed: {changed:?}", key.name);
        }
        _ => {}
    }
    Ok(())
}
