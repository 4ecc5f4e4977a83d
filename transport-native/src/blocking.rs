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

use crate::{NativeTransport, key_from_env};

/// A blocking client with the default settings.
pub fn client(key: ApiKey) -> Result<Client, BuildError> {
    client_with(key, Config::new())
}

/// A blocking client with settings of its own.
pub fn client_with(key: ApiKey, config: Config) -> Result<Client, BuildError> {
    Client::with_config(BlockingNativeTransport::new(NativeTransport::new()?)?, key, config)
}

/// A blocking client with the default settings whose key is in
/// `OPENROUTER_API_KEY`.
pub fn from_env() -> Result<Client, BuildError> {
    client(key_from_env()?)
}

/// The same with settings of its own.
pub fn from_env_with(config: Config) -> Result<Client, BuildError> {
    client_with(key_from_env()?, config)
}

/// [`NativeTransport`] for threads that may block. Clones share everything.
///
/// It works on any thread; one that runs async code is held up meanwhile.
#[derive(Clone, Debug)]
pub struct BlockingNativeTransport {
    transport: NativeTransport,
    runtime: Arc<Background>,
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
        Ok(Self { transport, runtime: Arc::new(Background(Some(runtime))) })
    }
}

impl BlockingTransport for BlockingNativeTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<Response<Bytes>, TransportError> {
        let Some(runtime) = &self.runtime.0 else {
            return Err(TransportError::not_sent(TransportErrorKind::Setup));
        };
        // Timers and connections go to the background thread; this one only
        // waits. Tokio's own `block_on` would panic where async code calls.
        // And within an async task, Tokio's budget would run out and never be
        // renewed, since nothing here yields to its scheduler.
        let _context = runtime.enter();
        pollster::block_on(unconstrained(send_within(&self.transport, request, exchange)))
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

/// A runtime that may be dropped anywhere: by itself it would wait, which
/// panics in async code.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
