//! The transport to a model server.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use openrouter_keys_core::test_util::{FakeTransport, VirtualClock};

use super::server::{NEVER, Server};

/// Calls begin later than the clock: otherwise a time window reaching back to the clock's
/// beginning would contain every key.
const BEGINNING: Duration = Duration::from_secs(1000);

/// A transport to this server, whose clock shows [`BEGINNING`].
pub(super) fn serve(server: Server) -> (FakeTransport, Arc<Mutex<Server>>) {
    let server = Arc::new(Mutex::new(server));
    // The transport owns the clock and is built from a function that reads it.
    let clock = Arc::new(OnceLock::<VirtualClock>::new());
    let transport = FakeTransport::answering({
        let (server, clock) = (Arc::clone(&server), Arc::clone(&clock));
        move |_, request| {
            let now = clock.get().map_or(NEVER, VirtualClock::now);
            server.lock().unwrap_or_else(PoisonError::into_inner).receive(request, now).into()
        }
    });
    clock.get_or_init(|| transport.clock()).advance(BEGINNING);
    (transport, server)
}
