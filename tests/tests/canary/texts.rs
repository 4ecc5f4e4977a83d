//! The strings a call shows besides its outcome: its client, options and events.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use openrouter_keys_core::operation::Operation;
use openrouter_keys_core::transport::{MaybeSend, MaybeSendSync};
use openrouter_keys_core::workflow::{BlockingRotationHandler, Pages, RotationHandler, Workflow};
use openrouter_keys_core::{CallOptions, Error, Key, Response};
use openrouter_keys_tests::caller::Caller;

/// Strings with their descriptions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Texts {
    pub(crate) fn push(&self, what: &'static str, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((what, text));
    }

    pub(crate) fn debug(&self, what: &'static str, value: &impl Debug) {
        self.push(what, format!("{value:?}\n{value:#?}"));
    }

    pub(crate) fn take(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A subscriber's output is one more string.
impl io::Write for Texts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push("the trace", String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client that records what a call is made with.
pub(crate) struct Watched<C> {
    pub(crate) client: C,
    pub(crate) texts: Texts,
}

impl<C: Caller + Debug> Caller for Watched<C> {
    async fn send<O>(
        &self,
        operation: O,
        options: CallOptions,
    ) -> Result<Response<O::Output>, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        self.texts.debug("the client", &self.client);
        self.texts.debug("the options", &options);
        let result = self.client.send(operation, options).await;
        if let Err(error) = &result {
            self.texts.push("the error", format!("{error}\n{error:#}"));
            self.texts.debug("the error", error);
            self.texts.debug("the kind of the error", error.kind());
            self.texts.debug("the effect of the error", error.effect());
        }
        result
    }

    async fn all(&self, pages: impl Into<Pages>) -> Result<Vec<Key>, Error> {
        self.client.all(pages).await
    }

    async fn run_with<W, H>(
        &self,
        workflow: W,
        handler: H,
        options: CallOptions,
    ) -> Result<W::Output, Error>
    where
        W: Workflow + MaybeSend + 'static,
        H: RotationHandler + BlockingRotationHandler + 'static,
    {
        self.client.run_with(workflow, handler, options).await
    }
}
