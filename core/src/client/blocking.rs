//! The blocking client: the same machine over any [`BlockingTransport`].

use std::collections::VecDeque;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::{run, temporary_key};
use crate::call::{Attempt, BoxError, Error, Response, Start, Step, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{Create, Delete, Get, GetCurrentKeyMetadata, List, Operation, Page, Update};
use crate::redact::mask_cause;
use crate::transport::BlockingTransport;
use crate::types::{ApiKey, BuildError, Key, KeyKind};
use crate::workflow::{
    Audit, CheckKey, CreateReconciled, Ensure, FindBySecret, Nobody, Opening, Order, Pages,
    Progress, Rotate, Sweep, Temporary, Turn, Workflow,
};

pub use crate::workflow::BlockingKeyHolder as KeyHolder;

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
    transport: Arc<dyn BlockingTransport>,
    keys: Box<KeyProvider>,
    config: Config,
}

impl Client {
    /// A client with the default settings.
    pub fn new(transport: impl BlockingTransport + 'static, key: ApiKey) -> Self {
        let keys = Box::new(move || Ok(key.clone()));
        Self(Arc::new(Inner { transport: Arc::new(transport), keys, config: Config::new() }))
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
        config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let config = config.with_own_quota();
        Ok(Self(Arc::new(Inner { transport: Arc::new(transport), keys: Box::new(keys), config })))
    }

    /// The same client with another API key. Transport, settings and retry quota
    /// are shared.
    #[must_use]
    pub fn with_key(&self, key: ApiKey) -> Self {
        let Inner { transport, config, .. } = &*self.0;
        let (transport, config) = (Arc::clone(transport), config.clone());
        Self(Arc::new(Inner { transport, keys: Box::new(move || Ok(key.clone())), config }))
    }

    /// Lists one page of keys, newest first.
    pub fn list(&self, list: List) -> Call<List> {
        self.call(list)
    }

    /// Lists the keys of all pages, each once. [`Pages`] has settings of the
    /// listing; a [`List`] is one with the defaults.
    pub fn list_all(&self, pages: impl Into<Pages>) -> Keys {
        Keys {
            client: self.clone(),
            options: CallOptions::new(),
            on_progress: None,
            pages: pages.into(),
            pending: VecDeque::new(),
            failed: None,
        }
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

    /// Makes a key, and cleans up after a create whose answer was lost.
    pub fn create_reconciled(&self, create: impl Into<CreateReconciled>) -> Run<CreateReconciled> {
        self.run(create.into())
    }

    /// Deletes the keys that lost creates left behind, by their marked names, or
    /// the temporary ones that have expired.
    pub fn sweep(&self, sweep: Sweep) -> Run<Sweep> {
        self.run(sweep)
    }

    /// Makes a key for a time, to be closed after its work.
    pub fn temporary(&self, temporary: Temporary) -> Lending {
        Lending::new(self.run(temporary))
    }

    /// Looks at all keys and reports those that need attention. Nothing is changed.
    pub fn audit(&self, audit: Audit) -> Run<Audit> {
        self.run(audit)
    }

    /// Makes sure that there is one key of this name with these settings.
    pub fn ensure(&self, ensure: Ensure) -> Run<Ensure> {
        self.run(ensure)
    }

    /// Finds the key that a secret belongs to.
    pub fn find_by_secret(&self, find: impl Into<FindBySecret>) -> Run<FindBySecret> {
        self.run(find.into())
    }

    /// Checks that the client's key is of this kind.
    pub fn check_key(&self, kind: KeyKind) -> Run<CheckKey> {
        self.run(CheckKey::new(kind))
    }

    /// Replaces a key by a new one with its settings, which the holder takes.
    pub fn rotate<H: KeyHolder>(&self, rotate: Rotate, holder: H) -> Run<Rotate, H> {
        self.run_with(rotate, holder)
    }

    /// Any workflow that asks nothing.
    pub fn run<W: Workflow>(&self, workflow: W) -> Run<W> {
        self.run_with(workflow, Nobody)
    }

    /// Any workflow, with who answers what it asks.
    pub fn run_with<W: Workflow, H: KeyHolder>(&self, workflow: W, holder: H) -> Run<W, H> {
        Run::new(self.clone(), workflow, holder)
    }

    /// Any operation, one of the caller's own included.
    pub fn call<O: Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.clone(), operation)
    }

    /// The handful of lines around the machine of a workflow: everything that
    /// blocks, and is not a call.
    pub(crate) fn work<W: Workflow>(
        &self,
        workflow: W,
        holder: &mut dyn KeyHolder,
        options: &CallOptions,
    ) -> Result<W::Output, Error> {
        let Inner { transport, config, .. } = &*self.0;
        let draws = [transport.entropy(), transport.entropy()];
        let begun = transport.now();
        let elapsed = || transport.now().saturating_sub(begun);
        let mut turn = workflow.begin(Opening::drawn(draws, transport.wall_clock()));
        loop {
            turn = match turn {
                Turn::Send(sending) => {
                    let (Order { operation, key, at_most }, sent) = sending.into_parts();
                    let client = key.map_or_else(|| self.clone(), |key| self.with_key(key));
                    let options = options.clone().at_most(at_most, config);
                    sent.outcome(client.drive(operation, &options), elapsed())
                }
                Turn::Pause(pausing) => {
                    transport.sleep(pausing.time());
                    pausing.over(elapsed())
                }
                Turn::Ask(asking) => {
                    let (question, asked) = asking.into_parts();
                    let answer = question.ask_blocking(holder).map_err(|cause| {
                        let key = (self.0.keys)().ok();
                        mask_cause(cause, &options.secrets(config, key.as_ref()))
                    });
                    asked.answered(answer, elapsed())
                }
                Turn::Done(result) => return result,
            };
        }
    }

    /// The handful of lines around the machine of a call: everything that blocks.
    fn drive<O: Operation>(
        &self,
        operation: O,
        options: &CallOptions,
    ) -> Result<Response<O::Output>, Error> {
        let Inner { transport, keys, config } = &*self.0;
        let start = Start::of(&operation, transport.entropy(), || transport.wall_clock());
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
            attempt.note_time(&outcome, elapsed(), || transport.wall_clock());
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

/// A workflow that [`finish`](Run::finish) runs.
pub type Run<W, H = Nobody> = run::Run<W, Client, H>;

/// A temporary key that [`finish`](Lending::finish) makes, or
/// [`scope`](Lending::scope).
pub type Lending = temporary_key::Lending<Client>;

/// A temporary key of this client.
pub type TemporaryKey = temporary_key::TemporaryKey<Client>;

/// A call that [`send`](Call::send) sends.
pub type Call<O> = super::call::Call<O, Client>;

impl<O: Operation> Call<O> {
    /// Sends the call and returns its output.
    pub fn send(self) -> Result<O::Output, Error> {
        self.with_response().send().map(|response| response.output)
    }
}

/// A [`Call`] whose output comes as a [`Response`].
pub type CallWithResponse<O> = super::call::CallWithResponse<O, Client>;

impl<O: Operation> CallWithResponse<O> {
    /// Sends the call and returns its output with status, request id, rate
    /// limit and number of attempts.
    pub fn send(self) -> Result<Response<O::Output>, Error> {
        let Call { client, operation, options, .. } = self.0;
        trace::blocking_call(operation.name(), || client.drive(operation, &options))
    }
}

/// The keys of all pages. It ends after the first error.
///
/// With a [`prefetch`](Pages::prefetch) of more than 1, each page under way has
/// a thread of its own. One that is no longer wanted ends with its call.
#[must_use = "an iterator does nothing until it is asked for its items"]
pub struct Keys {
    client: Client,
    options: CallOptions,
    on_progress: Option<Box<dyn FnMut(Progress) + Send>>,
    pages: Pages,
    /// The pages under way, in the order in which the listing takes them.
    pending: VecDeque<Pending>,
    /// What ended the listing, and is given after the keys before it.
    failed: Option<Error>,
}

enum Pending {
    Thread(JoinHandle<Result<Page, Error>>),
    Here(Result<Page, Error>),
}

impl Keys {
    /// Options of the call for each page.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Is told after each page how far the listing has come.
    pub fn on_progress(mut self, report: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// The next page that the listing takes, if it takes one more.
    fn next_page(&mut self) -> Option<Result<Page, Error>> {
        while let Some(list) = self.pages.next_request() {
            let (client, options, page) = (self.client.clone(), self.options.clone(), list.clone());
            let thread = self
                .pages
                .reads_ahead()
                .then(|| Builder::new().spawn(move || client.list(page).options(options).send()));
            self.pending.push_back(match thread {
                Some(Ok(thread)) => Pending::Thread(thread),
                // One at a time, or no thread to be had: it comes on this one.
                _ => Pending::Here(self.client.list(list).options(self.options.clone()).send()),
            });
        }
        match self.pending.pop_front()? {
            Pending::Here(page) => Some(page),
            Pending::Thread(thread) => {
                Some(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            }
        }
    }
}

impl Iterator for Keys {
    type Item = Result<Key, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.pages.next_key() {
                return Some(Ok(key));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            let page = self.next_page()?;
            let accepted = self.pages.accept(page);
            self.pending.truncate(self.pages.awaited());
            if let Some(report) = &mut self.on_progress {
                report(self.pages.progress());
            }
            self.failed = accepted.err();
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("pages", &self.pages).finish_non_exhaustive()
    }
}
