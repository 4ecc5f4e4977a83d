//! The emulator, as its own process, with many keys.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::failure::Failure;
use crate::process::Process;

/// A running emulator, which is killed when this is dropped.
pub(crate) struct Emulator {
    _process: Process,
    /// Its URL, without a path.
    pub(crate) url: String,
    pub(crate) management_key: String,
    /// The secret of the oldest key, which is listed last.
    pub(crate) oldest: String,
}

/// What it prints once it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
    management_key: String,
    keys: Vec<Seeded>,
}

#[derive(Deserialize)]
struct Seeded {
    key: String,
}

const SEED: &str = r#"{"keys":[{"name":"the oldest","limit":25}]}"#;

/// The seeded key, and the ordinary key that the program has from the start.
const BESIDE: u32 = 2;

impl Emulator {
    /// Starts the emulator that `program` has built in, with this many keys; its files are put
    /// into the folder.
    pub(crate) fn start(program: &Path, folder: &Path, keys: u32) -> Result<Self, Failure> {
        let seed = folder.join("seed.json");
        std::fs::write(&seed, SEED)?;
        let mut command = Command::new(program);
        command.args(["emulator", "--json", "--seed"]).arg(seed);
        command.args(["--keys", &keys.saturating_sub(BESIDE).to_string()]);
        let mut process = Process::start(command)?;
        let ready: Ready = process.read().map_err(|failure| failure.within("the emulator"))?;
        let url = ready.url.strip_suffix(BASE_PATH).unwrap_or(&ready.url).to_owned();
        let oldest = ready.keys.into_iter().next().map(|seeded| seeded.key);
        let oldest = oldest.ok_or_else(|| Failure::new("the emulator printed no seeded key"))?;
        Ok(Self { _process: process, url, management_key: ready.management_key, oldest })
    }
}

/// The path of a base URL.
pub(crate) const BASE_PATH: &str = "/api/v1";
