//! The reqwest clients that carry requests: those to other machines are made with
//! the transport, those to this machine when they are first needed.

use std::sync::{Mutex, OnceLock, PoisonError};

use reqwest::{Client, Result};

use crate::builder::NativeTransportBuilder;

/// Which client a request needs.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    /// To this machine, which is never asked through a proxy.
    pub(crate) is_local: bool,
    /// On a connection that did not sit idle, as a create.
    pub(crate) is_fresh: bool,
}

/// Making a client reads the system's trusted certificates, and few programs
/// talk to this machine.
#[derive(Debug)]
pub(crate) enum Clients {
    /// The caller's.
    Given { replayable: Client, creates: Client },
    /// Made by a builder.
    Own {
        builder: NativeTransportBuilder,
        made: Box<[OnceLock<Client>; 4]>,
        /// Who holds it makes one.
        making: Mutex<()>,
    },
}

impl Clients {
    /// Makes those to other machines at once, which shows whether the settings are
    /// fit. What they read of the system is not read again at the first create.
    pub(crate) fn own(builder: NativeTransportBuilder) -> Result<Self> {
        let clients = Self::Own { builder, made: Box::default(), making: Mutex::default() };
        for is_fresh in [false, true] {
            clients.get(Need { is_local: false, is_fresh })?;
        }
        Ok(clients)
    }

    pub(crate) fn get(&self, need: Need) -> Result<&Client> {
        let (builder, [pooled, unpooled, local_pooled, local_unpooled], making) = match self {
            Self::Given { replayable, .. } if !need.is_fresh => return Ok(replayable),
            Self::Given { creates, .. } => return Ok(creates),
            Self::Own { builder, made, making } => (builder, &**made, making),
        };
        let cell = match (need.is_local, need.is_fresh) {
            (false, false) => pooled,
            (false, true) => unpooled,
            (true, false) => local_pooled,
            (true, true) => local_unpooled,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let _making = making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = builder.client(need)?;
        Ok(cell.get_or_init(|| client))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Clients, Need};
    use crate::NativeTransport;

    #[test]
    fn each_client_is_made_once_and_one_to_this_machine_when_it_is_first_needed() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let builder = NativeTransport::builder().reqwest(move |client| {
            counter.fetch_add(1, Ordering::Relaxed);
            client
        });
        let clients = Clients::own(builder).unwrap();
        let mut expected = 2;
        assert_eq!(made.load(Ordering::Relaxed), expected);
        for (is_local, is_fresh) in [(false, false), (false, true), (true, false), (true, true)] {
            expected += usize::from(is_local);
            for _ in 0..2 {
                clients.get(Need { is_local, is_fresh }).unwrap();
                assert_eq!(made.load(Ordering::Relaxed), expected, "{is_local} {is_fresh}");
            }
        }
    }
}
