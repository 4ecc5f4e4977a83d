//! The client interface of the contract suite, for the async and the blocking client.

use openrouter_keys_core::operation::Operation;
use openrouter_keys_core::transport::{MaybeSend, MaybeSendSync};
use openrouter_keys_core::workflow::{
    BlockingRotationHandler, NoHandler, Pages, RotationHandler, Workflow,
};
use openrouter_keys_core::{CallOptions, Client, Error, Key, Response, blocking};

/// A client of either kind.
#[allow(async_fn_in_trait, reason = "only this suite uses it")]
pub trait Caller {
    /// Sends any operation.
    async fn send<O>(
        &self,
        operation: O,
        options: CallOptions,
    ) -> Result<Response<O::Output>, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend;

    /// Reads all pages.
    async fn all(&self, pages: impl Into<Pages>) -> Result<Vec<Key>, Error>;

    /// Runs a workflow with a handler for its questions.
    async fn run_with<W, H>(
        &self,
        workflow: W,
        handler: H,
        options: CallOptions,
    ) -> Result<W::Output, Error>
    where
        W: Workflow + MaybeSend + 'static,
        H: RotationHandler + BlockingRotationHandler + 'static;

    /// Runs a workflow without questions.
    async fn run<W>(&self, workflow: W, options: CallOptions) -> Result<W::Output, Error>
    where
        W: Workflow + MaybeSend + 'static,
    {
        self.run_with(workflow, NoHandler, options).await
    }

    /// Whether a browser sends the requests. A browser hides where a redirect leads, and silently
    /// resends a request when a reused connection breaks before the response.
    fn is_in_browser(&self) -> bool {
        false
    }

    /// Sends an operation without options and returns its output.
    async fn call<O>(&self, operation: O) -> Result<O::Output, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        self.send(operation, CallOptions::new()).await.map(|response| response.output)
    }
}

impl Caller for Client {
    async fn send<O>(
        &self,
        operation: O,
        options: CallOptions,
    ) -> Result<Response<O::Output>, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        Self::call(self, operation).options(options).with_response().await
    }

    async fn all(&self, pages: impl Into<Pages>) -> Result<Vec<Key>, Error> {
        self.list_all(pages).collect_all().await
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
        Self::run_with(self, workflow, handler).options(options).await
    }
}

impl Caller for blocking::Client {
    async fn send<O>(
        &self,
        operation: O,
        options: CallOptions,
    ) -> Result<Response<O::Output>, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        Self::call(self, operation).options(options).with_response().send()
    }

    async fn all(&self, pages: impl Into<Pages>) -> Result<Vec<Key>, Error> {
        self.list_all(pages).collect()
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
        Self::run_with(self, workflow, handler).options(options).finish()
    }
}
