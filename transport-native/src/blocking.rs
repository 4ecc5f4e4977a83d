//! The blocking client: the async transport with a background thread.
//!
//! It uses the same transport, so every rule about failures, limits and connections holds here
//! too. A single background thread keeps the connections; no async runtime is needed.
//!
//! ```no_run
//! use openrouter_keys_native::{List, blocking};
//!
//! # fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let client = blocking::from_env()?;
//! for key in client.list_all(List::new()) {
//!     println!("{:?}", key?.name.as_deref());
//! }
//! # Ok(()) }
//! ```

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
pub use openrouter_keys_core::blocking::*;
use openrouter_keys_core::error::{BuildError, TransportError};
use openrouter_keys_core::transport::{BlockingTransport, SendContext, Transport, send_within};
use openrouter_keys_core::{ApiKey, Config};
use tokio::task::unconstrained;

use crate::background::Background;
use crate::environment::with_base_url;
use crate::{NativeTransport, key_from_env};

/// Creates a blocking client with the default settings.
pub fn client(key: ApiKey) -> Result<Client, BuildError> {
    client_with(key, Config::new())
}

/// Creates a blocking client with custom settings.
pub fn client_with(key: ApiKey, config: Config) -> Result<Client, BuildError> {
    Client::with_config(BlockingNativeTransport::new(NativeTransport::new()?)?, key, config)
}

/// Creates a blocking client with the API key and the base URL from the environment, like
/// [`from_env`](crate::from_env).
pub fn from_env() -> Result<Client, BuildError> {
    from_env_with(Config::new())
}

/// Like [`from_env`], with custom settings. A base URL in them overrides the environment's.
pub fn from_env_with(config: Config) -> Result<Client, BuildError> {
    client_with(key_from_env()?, with_base_url(config)?)
}

/// [`NativeTransport`] for threads that may block. Clones share everything.
///
/// It works on any thread, but blocks one that runs async code. The first request starts the
/// background thread, which does not survive a fork: in the child, a client that was used
/// before the fork returns an error for every call, and one that was not used works.
#[derive(Clone, Debug)]
pub struct BlockingNativeTransport {
    transport: NativeTransport,
    background: Arc<Background>,
}

impl BlockingNativeTransport {
    /// Wraps an async transport, which must not be used elsewhere: its
    /// connections belong to the runtime that opened them.
    pub fn new(mut transport: NativeTransport) -> Result<Self, BuildError> {
        let background = transport.take_background();
        Ok(Self { transport, background })
    }
}

impl BlockingTransport for BlockingNativeTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        // Timers and connections are on the background thread; this one only waits. Tokio's
        // `block_on` would panic when called from async code, and within a task its budget would
        // run out and never be renewed, since nothing here yields to its scheduler.
        let _entered = self.background.enter()?;
        pollster::block_on(unconstrained(send_within(&self.transport, request, context)))
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn now(&self) -> Duration {
        self.transport.now()
    }

    fn entropy(&self) -> u64 {
        self.transport.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.transport.wall_clock()
    }
}

#[cfg(test)]
mod tests {
    use openrouter_keys_core::error::TransportErrorKind;
    use openrouter_keys_core::transport::BlockingTransport as _;
    use openrouter_keys_core::{BaseUrl, Create, Effect, ErrorKind, Limit, List};

    use super::{ApiKey, BlockingNativeTransport, Client, Config};
    use crate::NativeTransport;
    use crate::clients::Clients;
    use crate::settings::Settings;
    use crate::surroundings::Home;

    fn from_before_a_fork() -> NativeTransport {
        let clients = Clients::own(Settings::default()).unwrap();
        NativeTransport::at_home(clients, Home::elsewhere())
    }

    fn config() -> Config {
        Config::new().base_url(BaseUrl::new("http://127.0.0.1:9").unwrap())
    }

    fn key() -> ApiKey {
        ApiKey::new("sk-or-v1-0123456789abcdef").unwrap()
    }

    fn assert_setup(error: &openrouter_keys_core::Error) {
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::Setup, "{error:?}");
        assert_eq!((error.attempts(), error.effect()), (1, &Effect::Nothing), "{error:?}");
        assert!(format!("{error:?}").contains("before a fork"), "{error:?}");
    }

    #[test]
    fn a_blocking_client_from_before_a_fork_fails_in_the_child_and_does_not_hang() {
        let transport = BlockingNativeTransport::new(from_before_a_fork()).unwrap();
        assert!(transport.wall_clock().is_some());
        let client = Client::with_config(transport, key(), config()).unwrap();
        assert_setup(&client.create(Create::new("x", Limit::usd(1.0))).send().unwrap_err());
        assert_setup(&client.list(List::new()).send().unwrap_err());
    }

    #[tokio::test]
    async fn a_client_that_was_used_before_a_fork_fails_in_the_child() {
        let client =
            openrouter_keys_core::Client::with_config(from_before_a_fork(), key(), config());
        assert_setup(&client.unwrap().list(List::new()).await.unwrap_err());
    }
}
