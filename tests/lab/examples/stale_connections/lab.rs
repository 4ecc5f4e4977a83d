//! Creates keys one after another on a server that closes every connection right after
//! its response, and counts the failures.

use std::error::Error;

use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::{ApiKey, BaseUrl, Config, Create, Limit, blocking, client_with};

type Outcome = Result<Tally, Box<dyn Error>>;

/// The creates requested, those that failed, and the keys on the server.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) asked: usize,
    pub(crate) errors: usize,
    pub(crate) on_server: usize,
}

impl Tally {
    /// Keys on the server that the caller never received.
    pub(crate) fn extra_keys(&self) -> usize {
        self.on_server.saturating_sub(self.asked - self.errors)
    }
}

/// This library, async.
pub(crate) async fn async_client(asked: usize) -> Outcome {
    let emulator = server()?;
    let client = client_with(key(&emulator)?, config(&emulator)?)?;
    let mut errors = 0;
    for number in 0..asked {
        errors += usize::from(client.create(create(number)).await.is_err());
    }
    Ok(Tally { asked, errors, on_server: emulator.key_count() })
}

/// This library, blocking.
pub(crate) fn blocking_client(asked: usize) -> Outcome {
    let emulator = server()?;
    let client = blocking::client_with(key(&emulator)?, config(&emulator)?)?;
    let errors = (0..asked).filter(|number| client.create(create(*number)).send().is_err()).count();
    Ok(Tally { asked, errors, on_server: emulator.key_count() })
}

pub(crate) fn server() -> std::io::Result<Emulator> {
    Emulator::builder().close_idle().start()
}

fn key(emulator: &Emulator) -> Result<ApiKey, Box<dyn Error>> {
    Ok(ApiKey::new(emulator.management_key())?)
}

fn config(emulator: &Emulator) -> Result<Config, Box<dyn Error>> {
    Ok(Config::new().base_url(BaseUrl::new(emulator.base_url())?))
}

fn create(number: usize) -> Create {
    Create::new(format!("key {number}"), Limit::usd(1.0))
}
