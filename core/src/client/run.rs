//! A workflow that has not been run, with its options and cancellation.

use std::fmt;
use std::future::{Future, IntoFuture};

use super::answers::Asked;
use super::async_client::Client;
use super::blocking_client;
use super::cancel::Cancel;
use crate::call::{Error, trace};
use crate::config::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};
use crate::workflow::{
    BlockingRotationHandler, NoHandler, RotationEvent, RotationHandler, Workflow,
};

/// A workflow, run when it is awaited or, with a blocking client, when
/// [`finish`](Run::finish) is called.
#[must_use = "a workflow does nothing until it is run"]
pub struct Run<W, C = Client, H = NoHandler> {
    client: C,
    workflow: W,
    handler: H,
    options: CallOptions,
    cancel: Cancel,
}

impl<W, C, H> Run<W, C, H> {
    pub(crate) fn new(client: C, workflow: W, handler: H) -> Self {
        let (options, cancel) = (CallOptions::new(), Cancel::default());
        Self { client, workflow, handler, options, cancel }
    }

    /// The client that runs the workflow, and the options it uses.
    pub(crate) fn means(&self) -> (&C, &CallOptions) {
        (&self.client, &self.options)
    }

    /// Sets the options of each of the workflow's calls.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }
}

impl<W, H> Run<W, Client, H> {
    /// Cancels the workflow when `cancel` completes, mid-request or during a pause. Unlike
    /// dropping the future, this returns an error that says what may have been created.
    pub fn cancel_on(mut self, cancel: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        self.cancel = Cancel::new(cancel);
        self
    }
}

impl<W, H> IntoFuture for Run<W, Client, H>
where
    W: Workflow + MaybeSend + 'static,
    H: RotationHandler + 'static,
{
    type Output = Result<W::Output, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, workflow, handler, options, cancel } = self;
        let name = workflow.name();
        let machine = workflow.begin(client.config(), &options);
        let work = client.drive(machine, cancel, Asked(handler), |output| output);
        Box::pin(trace::call(name, work))
    }
}

impl<W: Workflow, H: BlockingRotationHandler> Run<W, blocking_client::Client, H> {
    /// Runs the workflow to completion.
    pub fn finish(self) -> Result<W::Output, Error> {
        let Self { client, workflow, mut handler, options, .. } = self;
        let name = workflow.name();
        let machine = workflow.begin(client.config(), &options);
        let ask = |question: RotationEvent| question.ask_blocking(&mut handler);
        trace::blocking_call(name, || client.drive(machine, ask))
    }
}

impl<W: fmt::Debug, C, H> fmt::Debug for Run<W, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.workflow).finish()
    }
}
