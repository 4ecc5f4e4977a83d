//! The transport over reqwest.

use std::fmt;
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Request, Response};
use openrouter_keys_core::error::{BuildError, TransportError, TransportErrorKind};
use openrouter_keys_core::transport::{BoxFuture, SendContext, Transport};

use crate::background::{Background, Within};
use crate::clients::Clients;
use crate::destination::Destinations;
use crate::gate::{Gate, ShutsOnDrop};
use crate::given::Given;
use crate::need::Need;
use crate::surroundings::{Home, caught, check_runtime, timer, with_drivers};
use crate::{body, failure};

/// Sends requests with reqwest: rustls, HTTP/1.1 and HTTP/2, and the proxy from the
/// environment. It follows no redirects, resends nothing, sends no `Referer` and
/// decompresses nothing. Clones share the connections.
///
/// Each create uses a new connection: the server may have closed one that was idle in a pool,
/// and there is no way to know whether it still read the request. A create therefore takes
/// longer, by the time it takes to connect. If it fails while connecting, for whatever reason,
/// nothing was created.
///
/// Requests to this machine (`localhost`, 127.0.0.0/8, `::1`) never go through a
/// proxy: plain http is allowed there because nobody else can see it. The reqwest
/// clients for this machine and for plain http are built when they are first needed, the
/// others at once. Plain http needs no trusted certificates.
///
/// # Runtimes
///
/// Requests need a Tokio runtime with I/O and timers: build it with `enable_all()`, as
/// `#[tokio::main]` does. Otherwise each call fails with a `Setup` error that says what is
/// missing, and sends nothing. Tokio panics if a driver is missing and offers no way to check
/// first. The panic is caught, but its message still reaches the panic hook, and so standard
/// error.
///
/// [`on_background_thread`](Self::on_background_thread) needs no runtime and never panics.
/// It is the default in programs built with `panic = "abort"`, where nothing can be caught.
/// The module `blocking` works the same way.
///
/// Threads, and with them every Tokio runtime, do not survive a fork. In the child, a client that
/// was used before the fork returns an error for every call: create a runtime and a client there.
/// A client that was not used yet works in both processes.
#[derive(Clone)]
pub struct NativeTransport {
    shared: Arc<Shared>,
    background: Option<Arc<Background>>,
    begun: Instant,
}

struct Shared {
    clients: Clients,
    destinations: Destinations,
    home: Home,
}

/// The settings of a reqwest client may contain the caller's secrets.
impl fmt::Debug for NativeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTransport").finish_non_exhaustive()
    }
}

impl NativeTransport {
    /// Uses your own reqwest client for all requests.
    ///
    /// It must be built with `redirect::Policy::none()` and is refused otherwise: following
    /// a redirect would send a create twice, unnoticed. A client that keeps cookies or
    /// decompresses is refused too. Its other settings are kept; it should not resend
    /// (`reqwest::retry::never().max_retries_per_request(0)`, which also avoids a copy of
    /// each request) and should not log what it sends (`connection_verbose`). Creates share
    /// its pool; [`from_clients`](Self::from_clients) keeps them apart.
    ///
    /// If it might send plain http through a proxy, its own or the environment's, then requests
    /// over plain http to this machine use this crate's client instead, which does not. To have
    /// yours used there, build it with `no_proxy()`.
    pub fn from_client(client: reqwest::Client) -> Result<Self, BuildError> {
        Self::from_clients(client.clone(), client)
    }

    /// Uses two of your own reqwest clients: one for requests that may be resent, and one for
    /// creates, which should not keep idle connections (`pool_max_idle_per_host(0)`).
    pub fn from_clients(
        replayable: reqwest::Client,
        creates: reqwest::Client,
    ) -> Result<Self, BuildError> {
        Ok(Self::over(Clients::given(Given::new(replayable, creates)?)))
    }

    pub(crate) fn over(clients: Clients) -> Self {
        Self::at_home(clients, Home::default())
    }

    pub(crate) fn at_home(clients: Clients, home: Home) -> Self {
        let shared = Shared { clients, destinations: Destinations::default(), home };
        let background = cfg!(panic = "abort").then(Arc::default);
        Self { shared: Arc::new(shared), background, begun: Instant::now() }
    }

    /// Keeps connections and timers on a background thread, started by the first request,
    /// instead of in the Tokio runtime that a request is awaited in.
    ///
    /// Requests can then be awaited anywhere: under another executor, or in a Tokio runtime
    /// without I/O or timers. It costs a thread, and two thread switches per request.
    ///
    /// ```
    /// use openrouter_keys_native::{ApiKey, Client, NativeTransport};
    ///
    /// let transport = NativeTransport::new()?.on_background_thread();
    /// let client = Client::new(transport, ApiKey::new("sk-or-v1-0123456789abcdef")?);
    /// # let _ = client;
    /// # Ok::<(), openrouter_keys_native::error::BuildError>(())
    /// ```
    #[must_use = "it returns the changed transport"]
    pub fn on_background_thread(mut self) -> Self {
        self.background.get_or_insert_default();
        self
    }

    /// Takes its background thread, for a wrapper.
    #[cfg(feature = "blocking")]
    pub(crate) fn take_background(&mut self) -> Arc<Background> {
        self.background.take().unwrap_or_default()
    }

    /// Runs this where sockets and timers can be created.
    fn entered<T>(
        &self,
        work: impl FnOnce() -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let _entered = self.background.as_deref().map(Background::enter).transpose()?;
        work()
    }

    fn begin(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<
        (Option<Gate>, impl Future<Output = reqwest::Result<reqwest::Response>>),
        TransportError,
    > {
        check_runtime()?;
        let Shared { clients, destinations, home } = &*self.shared;
        home.check()?;
        let unusable = TransportError::not_sent(TransportErrorKind::Setup);
        let (head, body) = request.into_parts();
        let (url, is_local) = match destinations.of(&head.uri) {
            Ok(destination) => destination,
            Err(error) => return Err(unusable.with_source(error)),
        };
        let is_fresh = context.wants_fresh_connection();
        let need = Need { is_tls: url.scheme() == "https", is_local, is_fresh };
        let client = match clients.get(need) {
            Ok(client) => client,
            Err(error) => return Err(unusable.with_source(error.problem().to_owned())),
        };
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        *request.version_mut() = head.version;
        let mut gate = None;
        if is_fresh && !body.is_empty() {
            let (before, gated) = Gate::before(body);
            *request.body_mut() = Some(gated);
            gate = Some(before);
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((gate, caught(|| client.execute(request))?))
    }
}

// An expanded `async_trait` function: the request is handed to reqwest at once instead of
// being stored in the future. Nothing is sent before the future is polled.
impl Transport for NativeTransport {
    fn send<'a, 'b, 'c>(
        &'a self,
        request: Request<Bytes>,
        context: &'b SendContext,
    ) -> BoxFuture<'c, Result<Response<Bytes>, TransportError>>
    where
        'a: 'c,
        'b: 'c,
    {
        let begun = self.entered(|| self.begin(request, context));
        let sending = async move {
            let (gate, response) = begun?;
            check_runtime()?;
            let gate = ShutsOnDrop { gate, context };
            let exchanged = async {
                let mut response =
                    response.await.map_err(|error| failure::before_the_head(error, gate.shut()))?;
                context.saw_status(response.status());
                body::read(&mut response, context).await
            };
            with_drivers(exchanged).await?
        };
        match &self.background {
            None => Box::pin(sending),
            Some(background) => Box::pin(Within::new(background, sending)),
        }
    }

    fn sleep<'a, 'c>(&'a self, duration: Duration) -> BoxFuture<'c, ()>
    where
        'a: 'c,
    {
        // Created when awaited. Without timers nothing is sent, so nothing has to time out.
        Box::pin(async move {
            match self.entered(|| timer(duration)) {
                Ok(timer) => timer.await,
                Err(_) => pending().await,
            }
        })
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The standard library seeds this from the system once per thread, and a fork copies the
    /// seed: the process ID makes the two processes differ.
    fn entropy(&self) -> u64 {
        RandomState::new().hash_one(std::process::id())
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        Some(SystemTime::now())
    }
}
