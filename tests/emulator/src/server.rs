//! What all requests share: the memory, the clock, the script of faults, the log.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api_error::ApiError;
use crate::clock::Clock;
use crate::key::Key;
use crate::record::Funds;
use crate::script::Script;
use crate::seen::Log;
use crate::state_file;
use crate::store::Store;

pub(crate) struct Server {
    pub(crate) clock: Clock,
    pub(crate) manners: Manners,
    state_file: Option<PathBuf>,
    store: Mutex<Store>,
    script: Mutex<Script>,
    log: Mutex<Log>,
}

/// How the server behaves towards everybody, set when it is built.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manners {
    /// Lets scripts of other origins read more than the safelisted headers.
    pub(crate) cors_expose: bool,
    /// Closes every connection after its answer, without saying so.
    pub(crate) close_idle: bool,
    /// Sends `X-RateLimit-*` with every answer.
    pub(crate) rate_limit_headers: bool,
}

impl Server {
    pub(crate) fn new(
        store: Store,
        clock: Clock,
        manners: Manners,
        state_file: Option<PathBuf>,
    ) -> Self {
        let (store, script, log) = (Mutex::new(store), Mutex::default(), Mutex::default());
        Self { clock, manners, state_file, store, script, log }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&lock(&self.store))
    }

    /// All or nothing: what fails, be it the saving, has changed nothing.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Store) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut store = lock(&self.store);
        let Some(path) = &self.state_file else {
            return change(&mut store);
        };
        let mut draft = store.clone();
        let outcome = change(&mut draft)?;
        state_file::save(path, &draft)
            .map_err(|error| ApiError::internal(format!("The state file: {error}")))?;
        *store = draft;
        Ok(outcome)
    }

    /// Every live key, oldest first.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let now = self.clock.now();
        self.read(|store| store.keys.iter().map(|record| Key::of(record, now)).collect())
    }

    pub(crate) fn spend(&self, hash: &str, usd: f64, funds: Funds) -> Result<(), ApiError> {
        let now = self.clock.now();
        self.change(|store| store.spend(hash, usd, funds, now).ok_or_else(ApiError::key_not_found))
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }
}

/// A panic elsewhere does not take the emulator's memory with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
