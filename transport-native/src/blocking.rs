//! The blocking client: the async transport on a runtime of its own.
//!
//! There is one transport, so that every rule about failures, limits and
//! connections holds here too. A single background thread keeps the
//! connections; the caller needs no runtime.
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
use openrouter_keys_core::{
    ApiKey, BlockingTransport, BuildError, BuildErrorKind, Config, Exchange, Transport,
    TransportError, TransportErrorKind, send_within,
};
use tokio::runtime::{Builder, Runtime};
use tokio::task::unconstrained;

use crate::environment::with_base_url;
use crate::{NativeTransport, key_from_env};

/// A blocking client with the default settings.
pub fn client(key: ApiKey) -> Result<Client, BuildError> {
    client_with(key, Config::new())
}

/// A blocking client with settings of its own.
pub fn client_with(key: ApiKey, config: Config) -> Result<Client, BuildError> {
    Client::with_config(BlockingNativeTransport::new(NativeTransport::new()?)?, key, config)
}

/// A blocking client with the API key and the base URL of the environment, as
/// [`from_env`](crate::from_env) finds them.
pub fn from_env() -> Result<Client, BuildError> {
    from_env_with(Config::new())
}

/// The same with settings of its own. A base URL in them overrides the environment's.
pub fn from_env_with(config: Config) -> Result<Client, BuildError> {
    client_with(key_from_env()?, with_base_url(config)?)
}

/// [`NativeTransport`] for threads that may block. Clones share everything.
///
/// It works on any thread; one that runs async code is held up meanwhile. A fork leaves
/// the background thread behind: in the child, every call is an error.
#[derive(Clone, Debug)]
pub struct BlockingNativeTransport {
    background: Arc<Background>,
}

impl BlockingNativeTransport {
    /// Over an async transport, which must not be used elsewhere: its
    /// connections belong to the runtime that made them.
    pub fn new(transport: NativeTransport) -> Result<Self, BuildError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("openrouter-keys")
            .enable_all()
            .build()
            .map_err(|error| {
                let problem = format!("the background thread cannot be started: {error}");
                BuildError::new(BuildErrorKind::Transport, problem)
            })?;
        transport.home().settle();
        Ok(Self { background: Arc::new(Background { transport, runtime: Some(runtime) }) })
    }
}

impl BlockingTransport for BlockingNativeTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<Response<Bytes>, TransportError> {
        let Background { transport, runtime: Some(runtime) } = &*self.background else {
            return Err(TransportError::not_sent(TransportErrorKind::Setup));
        };
        transport.home().check()?;
        // Timers and connections go to the background thread; this one only
        // waits. Tokio's own `block_on` would panic where async code calls.
        // And within an async task, Tokio's budget would run out and never be
        // renewed, since nothing here yields to its scheduler.
        let _context = runtime.enter();
        pollster::block_on(unconstrained(send_within(transport, request, exchange)))
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn now(&self) -> Duration {
        self.background.transport.now()
    }

    fn entropy(&self) -> u64 {
        self.background.transport.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.background.transport.wall_clock()
    }
}

/// A transport and its runtime, which may be dropped anywhere: by itself it would
/// wait, which panics in async code.
#[derive(Debug)]
struct Background {
    transport: NativeTransport,
    runtime: Option<Runtime>,
}

impl Drop for Background {
    fn drop(&mut self) {
        match self.runtime.take() {
            // What the other process's threads had locked at the fork stays locked.
            Some(runtime) if self.transport.home().is_left() => std::mem::forget(runtime),
            Some(runtime) => runtime.shutdown_background(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use openrouter_keys_core::{
        BaseUrl, BlockingTransport as _, Create, Effect, ErrorKind, Limit, List,
    };

    use super::{ApiKey, BlockingNativeTransport, Client, Config, TransportErrorKind};
    use crate::NativeTransport;
    use crate::clients::Clients;
    use crate::surroundings::Home;

    fn from_before_a_fork() -> NativeTransport {
        let clients = Clients::own(NativeTransport::builder()).unwrap();
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
    fn a_blocking_client_from_before_a_fork_is_an_error_in_the_child_and_no_hang() {
        let transport = BlockingNativeTransport::new(from_before_a_fork()).unwrap();
        assert!(transport.wall_clock().is_some());
        let client = Client::with_config(transport, key(), config()).unwrap();
        assert_setup(&client.create(Create::new("x", Limit::usd(1.0))).send().unwrap_err());
        assert_setup(&client.list(List::new()).send().unwrap_err());
    }

    #[tokio::test]
    async fn a_client_that_was_used_before_a_fork_is_an_error_in_the_child() {
        let client =
            openrouter_keys_core::Client::with_config(from_before_a_fork(), key(), config());
        assert_setup(&client.unwrap().list(List::new()).await.unwrap_err());
    }
}
