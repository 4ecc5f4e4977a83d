//! The settings of an emulator, and its start.

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
use crate::server::{Manners, Server};
use crate::state_file::StateFile;
use crate::store::Store;
use crate::{api, connection, control};

/// The settings of an [`Emulator`] that is about to start.
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
    manners: Manners,
}

/// The state after a first start and every reset.
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
            manners: Manners::default(),
        }
    }
}

impl Builder {
    /// The address to listen on; 127.0.0.1 by default. One that other machines can reach
    /// needs [`allow_remote`](Self::allow_remote) too.
    pub fn host(self, address: impl Into<IpAddr>) -> Self {
        Self { host: address.into(), ..self }
    }

    /// The port to listen on; 0, the default, takes any free one.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Lets other machines connect, if [`host`](Self::host) is an address they can reach.
    /// There is no encryption, and the control API needs no key.
    pub fn allow_remote(mut self) -> Self {
        self.access.remote = true;
        self
    }

    /// A further accepted name, without a port, such as the name of a container.
    /// Requests whose `Host` is another one are refused, which stops DNS rebinding.
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

    /// Lets web pages of every origin use the API, as the real server does, though not the
    /// control API.
    pub fn cors(mut self) -> Self {
        self.access.any_origin = true;
        self
    }

    /// [`cors`](Self::cors), and lets the pages read `Retry-After`, `Date`, `x-request-id`
    /// and their like, which the real server hides from them.
    pub fn cors_expose(mut self) -> Self {
        self.manners.cors_expose = true;
        self.cors()
    }

    /// The management key of this run, instead of one from the series of secrets. It is not
    /// written to the state file.
    pub fn management_key(mut self, key: impl Into<String>) -> Self {
        self.beginning.management_key = Some(key.into());
        self
    }

    /// Also begins with a key of this name that may not manage keys; see
    /// [`Emulator::ordinary_key`].
    pub fn ordinary_key(mut self, name: impl Into<String>) -> Self {
        self.beginning.ordinary_key = Some(name.into());
        self
    }

    /// Begins with the keys `key 000`, `key 001` and so on.
    pub fn keys(mut self, count: usize) -> Self {
        self.beginning.keys = count;
        self
    }

    /// Begins with the keys and workspaces that this JSON file describes. Its shape is in
    /// the README. A state file that already has a state is continued instead.
    pub fn seed_file(self, path: impl Into<PathBuf>) -> Self {
        Self { seed_file: Some(path.into()), ..self }
    }

    /// Equal seeds give equal secrets and hashes; by default no two emulators share one.
    pub fn secrets_seed(self, seed: u64) -> Self {
        Self { secrets_seed: Some(seed), ..self }
    }

    /// A workspace that exists beside the default one. As soon as one is named, all others
    /// are unknown and give 404; before that, every UUID is a workspace.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspaces.push(id.into());
        self
    }

    /// The clock to go by; the machine's by default.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// A JSON file to continue from, written after every change. Its seed wins over
    /// [`secrets_seed`](Self::secrets_seed), so that the management key stays the same. One
    /// emulator at a time can use it.
    pub fn state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// How many requests the log keeps, the newest ones; 10,000 by default, and never more
    /// than 64 MiB.
    pub fn keep_requests(self, count: usize) -> Self {
        Self { kept_requests: count, ..self }
    }

    /// Prints a line on standard error for every request to the API, and for every request
    /// that is refused.
    pub fn print_requests(mut self) -> Self {
        self.manners.prints_requests = true;
        self
    }

    /// Closes every connection right after its response without announcing it, so
    /// that a client's pool is always stale. (HTTP/2 cannot close unannounced.)
    pub fn close_idle(mut self) -> Self {
        self.manners.close_idle = true;
        self
    }

    /// Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` with every response.
    pub fn rate_limit_headers(mut self) -> Self {
        self.manners.rate_limit_headers = true;
        self
    }

    /// Starts the server on its own thread, ready for requests on return,
    /// in a test with or without a runtime.
    ///
    /// # Errors
    ///
    /// A setting is not valid ([`io::ErrorKind::InvalidInput`]), the port is taken, the seed
    /// file cannot be read or understood, or the state file cannot be read, understood or
    /// written, or is in use.
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

    /// Brings names into the form in which they are compared, and refuses what is none.
    fn check(&mut self) -> io::Result<()> {
        if !self.access.remote && !self.host.to_canonical().is_loopback() {
            return Err(wrong(format!(
                "other machines can delivery {}; say that this is meant with `--allow-remote` \
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
                access::host_name(name)
                    .ok_or_else(|| wrong(format!("`{name}` is not the name of a host (no port)")))
            })
            .collect::<io::Result<_>>()?;
        let origins = self.access.origins.iter();
        self.access.origins = origins
            .map(|text| {
                access::origin(text).ok_or_else(|| {
                    wrong(format!("`{text}` is not an origin such as `http://localhost:5173`"))
                })
            })
            .collect::<io::Result<_>>()?;
        let workspaces = self.workspaces.iter();
        self.workspaces = workspaces
            .map(|id| {
                input::uuid_text(id)
                    .ok_or_else(|| wrong(format!("`{id}` is not the UUID of a workspace")))
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
            // Better to learn now than at the first change that it cannot be written.
            file.save(&store)?;
        }
        Ok(Server {
            access: self.access,
            clock: self.clock,
            manners: self.manners,
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
