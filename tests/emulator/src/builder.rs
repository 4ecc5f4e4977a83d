//! An emulator's settings, and starting it.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::{Router, middleware};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::access::{self, Access, guard};
use crate::attend::attend;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::input;
use crate::seeds::Seeds;
use crate::seen::{KEPT, Log};
use crate::server::{Behaviour, Server};
use crate::state_file::StateFile;
use crate::store::Store;
use crate::{api, connection, control};

/// Settings for an [`Emulator`] to start.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    host: IpAddr,
    port: u16,
    access: Access,
    secrets_seed: Option<u64>,
    beginning: Beginning,
    seed_file: Option<PathBuf>,
    workspaces: Vec<String>,
    clock: Clock,
    state_file: Option<PathBuf>,
    kept_requests: usize,
    behaviour: Behaviour,
}

/// The state after a first start and after every reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    pub(crate) seeds: Seeds,
    pub(crate) keys: usize,
    pub(crate) management_key: Option<String>,
    pub(crate) ordinary_key: Option<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            access: Access::default(),
            secrets_seed: None,
            beginning: Beginning::default(),
            seed_file: None,
            workspaces: Vec::new(),
            clock: Clock::default(),
            state_file: None,
            kept_requests: KEPT,
            behaviour: Behaviour::default(),
        }
    }
}

impl Builder {
    /// Sets the address to listen on; 127.0.0.1 by default. An address that other machines can
    /// reach also needs [`allow_remote`](Self::allow_remote).
    pub fn host(self, address: impl Into<IpAddr>) -> Self {
        Self { host: address.into(), ..self }
    }

    /// Sets the port to listen on; 0, the default, picks any free one.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Lets other machines connect, if [`host`](Self::host) is an address they can reach.
    /// There is no encryption, and the control API needs no key.
    pub fn allow_remote(mut self) -> Self {
        self.access.remote = true;
        self
    }

    /// Also accepts this `Host` name, without a port, such as a container's name. Requests with
    /// an unknown `Host` are refused, which stops DNS rebinding.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.access.hosts.push(name.into());
        self
    }

    /// Lets web pages of this origin use the API and the control API. Pages of other origins
    /// are refused.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.access.origins.push(origin.into());
        self
    }

    /// Lets web pages of every origin use the API, as the real server does, but not the control
    /// API.
    pub fn cors(mut self) -> Self {
        self.access.any_origin = true;
        self
    }

    /// Like [`cors`](Self::cors), and also lets the pages read `Retry-After`, `Date`,
    /// `x-request-id` and similar headers, which the real server hides from them.
    pub fn cors_expose(mut self) -> Self {
        self.behaviour.cors_expose = true;
        self.cors()
    }

    /// Uses this management key for this run instead of a generated one. It is not written to
    /// the state file.
    pub fn management_key(mut self, key: impl Into<String>) -> Self {
        self.beginning.management_key = Some(key.into());
        self
    }

    /// Also starts with an ordinary key of this name, which cannot manage keys; see
    /// [`Emulator::ordinary_key`].
    pub fn ordinary_key(mut self, name: impl Into<String>) -> Self {
        self.beginning.ordinary_key = Some(name.into());
        self
    }

    /// Starts with the keys `key 000`, `key 001` and so on.
    pub fn keys(mut self, count: usize) -> Self {
        self.beginning.keys = count;
        self
    }

    /// Starts with the keys and workspaces in this JSON file; the README describes its format.
    /// A state file that already has content is continued instead.
    pub fn seed_file(self, path: impl Into<PathBuf>) -> Self {
        Self { seed_file: Some(path.into()), ..self }
    }

    /// Equal seeds give equal secrets and hashes; by default every emulator has its own.
    pub fn secrets_seed(self, seed: u64) -> Self {
        Self { secrets_seed: Some(seed), ..self }
    }

    /// Adds a workspace besides the default one. Until one is named, every UUID is a workspace;
    /// from then on, unknown ones give 404.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspaces.push(id.into());
        self
    }

    /// Sets the clock; the machine's by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Continues from this JSON file and writes it after every change. Its seed overrides
    /// [`secrets_seed`](Self::secrets_seed), so that the management key stays the same. Only one
    /// emulator at a time can use it.
    pub fn state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Sets how many of the newest requests the log keeps; 10,000 by default, and never more
    /// than 64 MiB.
    pub fn keep_requests(self, count: usize) -> Self {
        Self { kept_requests: count, ..self }
    }

    /// Prints a line on standard error for every request to the API, including refused ones.
    pub fn print_requests(mut self) -> Self {
        self.behaviour.prints_requests = true;
        self
    }

    /// Closes every connection right after its response without announcing it, so that a
    /// client's pooled connections are always stale. (HTTP/2 cannot close unannounced.)
    pub fn close_idle(mut self) -> Self {
        self.behaviour.close_idle = true;
        self
    }

    /// Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` with every response.
    pub fn rate_limit_headers(mut self) -> Self {
        self.behaviour.rate_limit_headers = true;
        self
    }

    /// Starts the server on its own thread; it accepts requests when this returns. Works with or
    /// without a runtime.
    ///
    /// # Errors
    ///
    /// A setting is not valid ([`io::ErrorKind::InvalidInput`]), the port is taken, the seed file
    /// cannot be read or parsed, or the state file cannot be read, parsed or written, or is in use.
    pub fn start(mut self) -> io::Result<Emulator> {
        self.check()?;
        let address = SocketAddr::new(self.host, self.port);
        let listener = TcpListener::bind(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
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

    /// Normalises names so that they can be compared, and rejects invalid ones.
    fn check(&mut self) -> io::Result<()> {
        if !self.access.remote && !self.host.to_canonical().is_loopback() {
            return Err(wrong(format!(
                "other machines can reach {}; to allow that, use `--allow-remote` \
                 or `Builder::allow_remote`",
                self.host
            )));
        }
        let key = self.beginning.management_key.as_deref();
        if key.is_some_and(|key| key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(wrong("the management key must be visible ASCII without spaces"));
        }
        self.access.address = Some(self.host);
        let hosts = self.access.hosts.iter();
        self.access.hosts = hosts
            .map(|name| {
                access::host_name(name).ok_or_else(|| {
                    wrong(format!("`{name}` is not a valid host name (without a port)"))
                })
            })
            .collect::<io::Result<_>>()?;
        let origins = self.access.origins.iter();
        self.access.origins = origins
            .map(|text| {
                access::origin(text).ok_or_else(|| {
                    wrong(format!(
                        "`{text}` is not a valid origin, such as `http://localhost:5173`"
                    ))
                })
            })
            .collect::<io::Result<_>>()?;
        let workspaces = self.workspaces.iter();
        self.workspaces = workspaces
            .map(|id| {
                input::uuid_text(id)
                    .ok_or_else(|| wrong(format!("`{id}` is not a valid workspace UUID")))
            })
            .collect::<io::Result<_>>()?;
        Ok(())
    }

    fn server(self) -> io::Result<Server> {
        let mut beginning = self.beginning;
        if let Some(path) = &self.seed_file {
            beginning.seeds = Seeds::read(path)?;
        }
        let named = beginning.seeds.workspaces.iter().cloned();
        let mut workspaces: BTreeSet<String> = named.chain(self.workspaces).collect();
        if !workspaces.is_empty() {
            workspaces.extend(beginning.seeds.keys.iter().map(|key| key.workspace_id.clone()));
        }
        let seed = self.secrets_seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        let state_file = self.state_file.as_deref().map(StateFile::open).transpose()?;
        let left_behind = state_file.as_ref().map(StateFile::load).transpose()?.flatten();
        let now = self.clock.now();
        let store = match left_behind {
            Some(mut store) => {
                store.prepare(&beginning, now);
                store
            }
            None => Store::new(seed, &beginning, now),
        };
        if let Some(file) = &state_file {
            // Fail now rather than at the first change if the file cannot be written.
            file.save(&store)?;
        }
        Ok(Server {
            access: self.access,
            clock: self.clock,
            behaviour: self.behaviour,
            workspaces,
            beginning,
            state_file,
            store: Mutex::new(store),
            script: Mutex::default(),
            log: Mutex::new(Log::new(self.kept_requests)),
        })
    }
}

fn wrong(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}

fn router(server: &Arc<Server>) -> Router {
    let api = api::routes().layer(middleware::from_fn_with_state(server.clone(), attend));
    Router::new()
        .nest(control::PATH, control::routes())
        .fallback_service(api.with_state(server.clone()))
        .layer(middleware::from_fn_with_state(server.clone(), guard))
        .with_state(server.clone())
}
