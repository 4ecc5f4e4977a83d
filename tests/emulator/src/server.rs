//! State shared by all requests: the store, the clock, the script of faults, the log.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::access::Access;
use crate::account::DEFAULT_WORKSPACE;
use crate::api_error::ApiError;
use crate::builder::Beginning;
use crate::clock::Clock;
use crate::key::Key;
use crate::record::Funds;
use crate::script::Script;
use crate::seen::Log;
use crate::state_file::StateFile;
use crate::store::Store;

pub(crate) struct Server {
    pub(crate) access: Access,
    pub(crate) clock: Clock,
    pub(crate) behaviour: Behaviour,
    pub(crate) beginning: Beginning,
    /// The existing workspaces; if empty, every UUID is one.
    pub(crate) workspaces: BTreeSet<String>,
    pub(crate) state_file: Option<StateFile>,
    pub(crate) store: Mutex<Store>,
    pub(crate) script: Mutex<Script>,
    pub(crate) log: Mutex<Log>,
}

/// How the server behaves towards every client, set by the builder.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the builder")]
pub(crate) struct Behaviour {
    /// Lets scripts of other origins read more than the safelisted headers.
    pub(crate) cors_expose: bool,
    /// Closes every connection after its response, without announcing it.
    pub(crate) close_idle: bool,
    /// Sends `X-RateLimit-*` with every response.
    pub(crate) rate_limit_headers: bool,
    /// Prints a line for every request on standard error.
    pub(crate) prints_requests: bool,
}

impl Server {
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&lock(&self.store))
    }

    /// All or nothing: if anything fails, even saving, nothing is changed.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Store) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut store = lock(&self.store);
        let Some(file) = &self.state_file else {
            return change(&mut store);
        };
        let mut draft = store.clone();
        let outcome = change(&mut draft)?;
        file.save(&draft).map_err(|error| ApiError::internal(format!("{error}.")))?;
        *store = draft;
        Ok(outcome)
    }

    /// Returns to the initial state: the keys and secrets of a first start, no requests, no
    /// faults, and the original clock.
    pub(crate) fn reset(&self) -> Result<(), ApiError> {
        let now = self.clock.at_first();
        self.change(|store| {
            *store = Store::new(store.seed, &self.beginning, now);
            Ok(())
        })?;
        self.clock.reset();
        self.script().clear();
        self.log().clear();
        Ok(())
    }

    pub(crate) fn knows_workspace(&self, id: &str) -> Result<(), ApiError> {
        let is_known =
            self.workspaces.is_empty() || id == DEFAULT_WORKSPACE || self.workspaces.contains(id);
        if is_known { Ok(()) } else { Err(ApiError::workspace_not_found()) }
    }

    /// Every existing key, oldest first.
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

    /// Prints a line on standard error if that was requested.
    pub(crate) fn print(&self, line: impl FnOnce() -> String) {
        if self.behaviour.prints_requests {
            // If standard error is closed, there is nowhere to report that.
            let _ = writeln!(io::stderr(), "{}", line());
        }
    }
}

/// A panic in one request does not lose the emulator's state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
