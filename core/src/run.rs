//! A workflow before it is run: with options and whatever calls it off.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, IntoFuture};

use crate::blocking;
use crate::cancel::Cancel;
use crate::client::Client;
use crate::config::CallOptions;
use crate::error::Error;
use crate::trace;
use crate::transport::{BoxFuture, MaybeSend};
use crate::workflow::Workflow;

/// A workflow that runs when it is awaited or, of a blocking client, when
/// [`finish`](Run::finish) is called.
#[must_use = "a workflow does nothing until it is run"]
pub struct Run<W, C = Client> {
    client: C,
    workflow: W,
    options: CallOptions,
    cancel: Cancel,
}

impl<W, C> Run<W, C> {
    pub(crate) fn new(client: C, workflow: W) -> Self {
        Self { client, workflow, options: CallOptions::new(), cancel: Cancel::default() }
    }

    /// What runs the workflow, and with which options.
    pub(crate) fn means(&self) -> (&C, &CallOptions) {
        (&self.client, &self.options)
    }

    /// Options of each call of the workflow.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }
}

impl<W> Run<W> {
    /// Calls the workflow off as soon as the future is ready, in the middle of a
    /// call and during a pause alike. In contrast to dropping it, the error then
    /// tells what may have been left behind.
    pub fn cancel_on(mut self, cancel: impl Future<Output = ()> + MaybeSend + 'static) -> Self {
        self.cancel = Cancel::new(cancel);
        self
    }
}

impl<W> IntoFuture for Run<W>
where
    W: Workflow<Question = Infallible> + MaybeSend + 'static,
{
    type Output = Result<W::Output, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, workflow, options, cancel } = self;
        let name = workflow.name();
        Box::pin(trace::call(name, client.work(workflow, options, cancel, |never| match never {})))
    }
}

impl<W: Workflow<Question = Infallible>> Run<W, blocking::Client> {
    /// Runs the workflow to its end.
    pub fn finish(self) -> Result<W::Output, Error> {
        let Self { client, workflow, options, .. } = self;
        let name = workflow.name();
        trace::blocking_call(name, || client.work(workflow, &options, |never| match never {}))
    }
}

impl<W: fmt::Debug, C> fmt::Debug for Run<W, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.workflow).finish()
    }
}
