//! The settings of an emulator, and its start.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use axum::{Router, middleware};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::attend::attend;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::server::{Manners, Server};
use crate::store::Store;
use crate::{api, connection, control, state_file};

/// The settings of an [`Emulator`] that is about to start.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    port: u16,
    seed: Option<u64>,
    clock: Clock,
    state_file: Option<PathBuf>,
    manners: Manners,
}

impl Builder {
    /// The port on 127.0.0.1; 0, the default, takes any free one.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Equal seeds give equal secrets and hashes; by default no two emulators share one.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The clock to go by; the machine's by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// A JSON file to continue from, written after every change. Its seed wins
    /// over [`seed`](Self::seed), so that the management key stays the same.
    pub fn state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Lets scripts of other origins read `Retry-After`, `Date`, `x-request-id`
    /// and their like, which the real server hides from them.
    pub fn cors_expose(mut self) -> Self {
        self.manners.cors_expose = true;
        self
    }

    /// Closes every connection right after its answer without announcing it, so
    /// that a client's pool is always stale. (HTTP/2 cannot close unannounced.)
    pub fn close_idle(mut self) -> Self {
        self.manners.close_idle = true;
        self
    }

    /// Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` with every answer.
    pub fn rate_limit_headers(mut self) -> Self {
        self.manners.rate_limit_headers = true;
        self
    }

    /// Starts the server on a thread of its own, ready for requests on return,
    /// in a test with or without a runtime.
    ///
    /// # Errors
    ///
    /// The port is taken, or the state file cannot be read, understood or written.
    pub fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let server = Arc::new(self.server()?);
        let router = router(&server);
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let thread = thread::Builder::new().name("emulator".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = connection::accept(listener, router) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Emulator::new(address, server, stop, thread))
    }

    fn server(self) -> io::Result<Server> {
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        let left_behind = self.state_file.as_deref().map(state_file::load).transpose()?.flatten();
        let store = left_behind.unwrap_or_else(|| Store::new(seed, self.clock.now()));
        if let Some(path) = &self.state_file {
            // Better to learn now than at the first change that it cannot be written.
            state_file::save(path, &store)?;
        }
        Ok(Server::new(store, self.clock, self.manners, self.state_file))
    }
}

fn router(server: &Arc<Server>) -> Router {
    let api = api::routes().layer(middleware::from_fn_with_state(server.clone(), attend));
    Router::new()
        .nest(control::PATH, control::routes())
        .fallback_service(api.with_state(server.clone()))
        .with_state(server.clone())
}
