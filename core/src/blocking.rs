//! The blocking client: the same machine over any [`BlockingTransport`].

use std::fmt;
use std::sync::Arc;

use crate::attempt::{Attempt, Start, Step};
use crate::config::{CallOptions, Config};
use crate::error::{BoxError, BuildError, Error};
use crate::key::Key;
use crate::operation::{Create, Delete, Get, GetCurrentKeyMetadata, List, Operation, Update};
use crate::pages::Pages;
use crate::quota::RetryQuota;
use crate::response::Response;
use crate::secret::ApiKey;
use crate::trace;
use crate::transport::BlockingTransport;

/// Gives the API key for each attempt to a blocking client.
pub type KeyProvider = dyn Fn() -> Result<ApiKey, BoxError> + Send + Sync;

/// Manages API keys over any [`BlockingTransport`]. Clones are cheap and share
/// everything.
///
/// Each method returns a [`Call`], which [`send`](Call::send) sends.
///
/// ```no_run
/// # fn f(client: openrouter_keys_core::blocking::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::List;
///
/// for key in client.list_all(List::new().include_disabled(true)) {
///     println!("{}", key?.name.as_deref().unwrap_or("?"));
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Box<dyn BlockingTransport>,
    keys: Box<KeyProvider>,
    config: Config,
}

impl Client {
    /// A client with the default settings.
    pub fn new(transport: impl BlockingTransport + 'static, key: ApiKey) -> Self {
        let keys = Box::new(move || Ok(key.clone()));
        Self(Arc::new(Inner { transport: Box::new(transport), keys, config: Config::new() }))
    }

    /// A client with settings of its own, which are checked here.
    pub fn with_config(
        transport: impl BlockingTransport + 'static,
        key: ApiKey,
        config: Config,
    ) -> Result<Self, BuildError> {
        Self::with_provider(transport, move || Ok(key.clone()), config)
    }

    /// A client that asks for its key before each attempt.
    pub fn with_provider(
        transport: impl BlockingTransport + 'static,
        keys: impl Fn() -> Result<ApiKey, BoxError> + Send + Sync + 'static,
        mut config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        config.quota = RetryQuota::default();
        Ok(Self(Arc::new(Inner { transport: Box::new(transport), keys: Box::new(keys), config })))
    }

    /// Lists one page of keys, newest first.
    pub fn list(&self, list: List) -> Call<List> {
        self.call(list)
    }

    /// Lists the keys of all pages.
    pub fn list_all(&self, list: List) -> Keys {
        Keys { client: self.clone(), options: CallOptions::new(), pages: Pages::new(list) }
    }

    /// Makes a key. Its secret is in the output, and nowhere else ever.
    pub fn create(&self, create: Create) -> Call<Create> {
        self.call(create)
    }

    /// Gets the key of this hash.
    pub fn get(&self, hash: impl Into<Get>) -> Call<Get> {
        self.call(hash.into())
    }

    /// Changes what the update names and leaves the rest.
    pub fn update(&self, update: Update) -> Call<Update> {
        self.call(update)
    }

    /// Deletes the key of this hash.
    pub fn delete(&self, hash: impl Into<Delete>) -> Call<Delete> {
        self.call(hash.into())
    }

    /// Gets what the API tells about the key that signs the request.
    pub fn get_current_key_metadata(&self) -> Call<GetCurrentKeyMetadata> {
        self.call(GetCurrentKeyMetadata)
    }

    /// Any operation, one of the caller's own included.
    pub fn call<O: Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.clone(), operation)
    }

    /// The handful of lines around the machine: everything that blocks.
    fn drive<O: Operation>(
        &self,
        operation: O,
        options: &CallOptions,
    ) -> Result<Response<O::Output>, Error> {
        let Inner { transport, keys, config } = &*self.0;
        let start = Start { entropy: transport.entropy(), wall_clock: transport.wall_clock() };
        let mut attempt = Attempt::first(config, options, operation, start)?;
        let begun = transport.now();
        let elapsed = || transport.now().saturating_sub(begun);
        loop {
            let request = match keys() {
                Ok(key) => attempt.request(&key),
                Err(cause) => return Err(attempt.without_key(cause, elapsed())),
            };
            let exchange = attempt.exchange(elapsed());
            let outcome =
                exchange.check_in_time().and_then(|()| transport.send(request, &exchange));
            match attempt.finish(outcome, elapsed()) {
                Step::Done(result) => return result,
                Step::Retry { after, next } => {
                    transport.sleep(after);
                    attempt = next;
                }
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// A call that [`send`](Call::send) sends.
pub type Call<O> = crate::call::Call<O, Client>;

impl<O: Operation> Call<O> {
    /// Sends the call and returns its output.
    pub fn send(self) -> Result<O::Output, Error> {
        self.with_response().send().map(|response| response.output)
    }
}

/// A [`Call`] whose output comes as a [`Response`].
pub type CallWithResponse<O> = crate::call::CallWithResponse<O, Client>;

impl<O: Operation> CallWithResponse<O> {
    /// Sends the call and returns its output with status, request id, rate
    /// limit and number of attempts.
    pub fn send(self) -> Result<Response<O::Output>, Error> {
        let Call { client, operation, options, .. } = self.0;
        trace::blocking_call(operation.name(), || client.drive(operation, &options))
    }
}

/// The keys of all pages. It ends after the first error.
#[derive(Debug)]
#[must_use = "an iterator does nothing until it is asked for its items"]
pub struct Keys {
    client: Client,
    options: CallOptions,
    pages: Pages,
}

impl Keys {
    /// Goes on until a page is empty, in place of until one is not full: one
    /// more request, for a server whose pages are smaller than documented.
    pub fn exhaustive(mut self) -> Self {
        self.pages = self.pages.exhaustive();
        self
    }

    /// Options of the call for each page.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }
}

impl Iterator for Keys {
    type Item = Result<Key, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.pages.next_key() {
                return Some(Ok(key));
            }
            let list = self.pages.next_request()?;
            let page = self.client.list(list).options(self.options.clone()).send();
            if let Err(error) = self.pages.accept(page) {
                return Some(Err(error));
            }
        }
    }
}
