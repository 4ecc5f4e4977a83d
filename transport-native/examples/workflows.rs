//! The workflows over real HTTP, against an emulator of the API in this process:
//! `cargo run --example workflows`.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::client::Scoped;
use openrouter_keys_native::error::BoxError;
use openrouter_keys_native::operation::Created;
use openrouter_keys_native::types::KeyKind;
use openrouter_keys_native::workflow::{
    Audit, Ensure, Ensured, Pages, Rotate, Rotated, Rotation, RotationHandler, Sweep, Temporary,
    TemporaryKeyInfo,
};
use openrouter_keys_native::{ApiKey, BaseUrl, Client, Config, Create, Limit, List, client_with};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let key = ApiKey::new(emulator.management_key())?;
    let config = Config::new().base_url(BaseUrl::new(emulator.base_url())?);
    let client = client_with(key, config)?;

    println!("ensure, twice: the second call finds the key of the first");
    ensure(&client, Limit::usd(25.0)).await?;
    ensure(&client, Limit::usd(50.0)).await?;

    println!("\ncreate_reconciled: the connection breaks once the key is created");
    emulator.fail_next_matching(Method::POST, "reset-after-commit".parse()?);
    let done = client.create_reconciled(Create::new("ci", Limit::usd(5.0))).await?;
    println!("created {:?}; deleted {} lost key(s)", done.name, done.swept.len());

    println!("\nlist_all: every page, two at a time");
    let all = Pages::new(List::new().include_disabled(true)).exhaustive().prefetch(2);
    for key in client.list_all(all).collect_all().await? {
        println!("{}", key.name.as_deref().unwrap_or("?"));
    }

    println!("\nrotate: the new key is in the vault and works before the old one is disabled");
    let mut keys = client.list(List::new()).await?.data;
    keys.retain(|key| key.name.as_deref() == Some("billing"));
    let billing = keys.first().ok_or("there is no such key")?;
    // Nobody uses it here; in a program, leave the defaults.
    let zero = Duration::ZERO;
    let rotate = Rotate::new(billing.require_hash()?).grace(zero).quiet(zero).watch(zero);
    let vault = Vault::default();
    if let Rotated::Done { new, .. } = client.rotate(rotate, vault.clone()).await? {
        println!("the key is now {new}");
    }

    println!("\nfind_by_secret");
    let secret = vault.secret.lock().map_or_else(|_| String::new(), |secret| secret.clone());
    let found = client.find_by_secret(secret).await?;
    println!("it belongs to {:?}", found.key.and_then(|key| key.name.into_option()));

    println!("\ncheck_key");
    client.check_key(KeyKind::Management).await?;
    if let Err(error) = client.check_key(KeyKind::Inference).await {
        println!("{error}");
    }

    println!("\naudit");
    client.create(Create::new("forgotten", Limit::unlimited())).await?;
    println!("{}", client.audit(Audit::new()).await?);

    println!("\nsweep");
    let swept = client.sweep(Sweep::new([done.name])).await?;
    println!("deleted {}", swept.deleted.len());

    println!("\ntemporary: a key for some work, closed after it");
    let agent = Temporary::new(Create::new("agent", Limit::usd(1.0)), Duration::from_secs(3600));
    let work =
        async |key: &TemporaryKeyInfo| println!("{:?} works until {}", key.name, key.expires_at);
    let Scoped { unclosed, .. } = client.temporary(agent).scope(work).await?;
    println!("closed: {}; keys left: {}", unclosed.is_none(), emulator.key_count());
    Ok(())
}

async fn ensure(client: &Client, limit: Limit) -> Result<(), Box<dyn Error>> {
    // There are no other callers here; in a program, leave the default.
    let wanted = Ensure::new(Create::new("billing", limit)).settle(Duration::from_millis(100));
    match client.ensure(wanted).await? {
        Ensured::Created { created, .. } => println!("created, and stored {:?}", created.key()),
        Ensured::Existing { key, changed } => {
            println!("{:?} exists; changed: {changed:?}", key.name);
        }
        _ => {}
    }
    Ok(())
}

/// Stands for a file and a secret store that outlive the program.
#[derive(Clone, Default)]
struct Vault {
    secret: Arc<Mutex<String>>,
}

#[async_trait]
impl RotationHandler for Vault {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        println!("saved: {}", state.step.as_str());
        Ok(())
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        let mut secret = self.secret.lock().map_err(|_| "the vault is broken")?;
        new.key().reveal().clone_into(&mut secret);
        Ok(())
    }

    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        Ok(state.is_new_key(&self.secret.lock().map_err(|_| "the vault is broken")?))
    }
}
