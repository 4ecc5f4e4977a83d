//! The reqwest clients that send requests: those to other machines over TLS are built with the
//! transport, the others when they are first needed.

use std::sync::{Mutex, OnceLock, PoisonError};

use openrouter_keys_core::error::BuildError;
use reqwest::Client;

use crate::given::Given;
use crate::need::Need;
use crate::settings::{Roots, Settings};

/// The caller's reqwest clients, and this crate's.
#[derive(Debug)]
pub(crate) struct Clients {
    given: Option<Given>,
    settings: Settings,
    made: Box<[[OnceLock<Client>; 2]; 4]>,
    /// Held while a client is being built.
    making: Mutex<()>,
}

impl Clients {
    /// Builds the clients to other machines at once, which checks the settings and reads the
    /// system's certificates before the first create.
    ///
    /// Without trusted certificates, plain http to this machine still works: the error is then
    /// returned by the first request over TLS.
    pub(crate) fn own(settings: Settings) -> Result<Self, BuildError> {
        let clients = Self::new(None, settings);
        for is_fresh in [false, true] {
            let need = Need { is_tls: true, is_local: false, is_fresh };
            if let Err(error) = clients.get(need) {
                clients.settings.client(need, Roots::Given).map_err(|_| error)?;
                break;
            }
        }
        Ok(clients)
    }

    /// Uses the caller's clients, where they keep this crate's promises.
    pub(crate) fn given(given: Given) -> Self {
        Self::new(Some(given), Settings::default())
    }

    fn new(given: Option<Given>, settings: Settings) -> Self {
        Self { given, settings, made: Box::default(), making: Mutex::default() }
    }

    pub(crate) fn get(&self, need: Need) -> Result<&Client, BuildError> {
        if let Some(client) = self.given.as_ref().and_then(|given| given.get(need)) {
            return Ok(client);
        }
        let cell = self.cell(need);
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.make(need)?;
        Ok(cell.get_or_init(|| client))
    }

    fn cell(&self, Need { is_tls, is_local, is_fresh }: Need) -> &OnceLock<Client> {
        let [plain, plain_local, tls, tls_local] = &*self.made;
        let [pooled, unpooled] = match (is_tls, is_local) {
            (false, false) => plain,
            (false, true) => plain_local,
            (true, false) => tls,
            (true, true) => tls_local,
        };
        if is_fresh { unpooled } else { pooled }
    }

    /// Plain http needs trusted certificates only for a proxy that speaks TLS.
    fn make(&self, need: Need) -> Result<Client, BuildError> {
        if need.is_tls {
            return self.settings.client(need, Roots::System);
        }
        if need.is_local {
            return self.settings.client(need, Roots::Given);
        }
        self.settings
            .client(need, Roots::System)
            .or_else(|error| self.settings.client(need, Roots::Given).map_err(|_| error))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Clients;
    use crate::need::Need;
    use crate::settings::Settings;

    #[test]
    fn each_client_is_built_once_and_only_those_over_tls_to_other_machines_at_once() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let customize = move |client| {
            counter.fetch_add(1, Ordering::Relaxed);
            client
        };
        let settings = Settings { customize: Arc::new(customize), ..Settings::default() };
        let clients = Clients::own(settings).unwrap();
        let mut expected = 2;
        assert_eq!(made.load(Ordering::Relaxed), expected);
        for bits in 0..8 {
            let need =
                Need { is_tls: bits & 4 > 0, is_local: bits & 2 > 0, is_fresh: bits & 1 > 0 };
            expected += usize::from(!need.is_tls || need.is_local);
            for _ in 0..2 {
                clients.get(need).unwrap();
                assert_eq!(made.load(Ordering::Relaxed), expected, "{need:?}");
            }
        }
    }
}
