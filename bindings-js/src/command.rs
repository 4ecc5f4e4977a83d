//! A command from JavaScript: an operation or a workflow.

use js_sys::Array;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::internal;
use openrouter_keys_core::machine::WorkflowMachine;
use openrouter_keys_core::operation::{AnyOperation, Operation};
use openrouter_keys_core::workflow::Workflow;
use openrouter_keys_core::{CallOptions, Client, Config, Error};

use crate::reply::Reply;
use crate::rotation_handler::Handler;
use crate::{error, output};

pub(crate) enum Command {
    Call(AnyOperation),
    /// Refused arguments: the call of this name fails, and nothing is sent.
    Refused(&'static str, BuildError),
    Work(Work),
}

type Begin = dyn FnOnce(&Config, &CallOptions) -> WorkflowMachine<Array>;

/// Any workflow, with plain data as its output, so that all share one driver.
pub(crate) struct Work {
    name: &'static str,
    begin: Box<Begin>,
}

impl Workflow for Work {
    type Output = Array;

    fn name(&self) -> &'static str {
        self.name
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Array> {
        (self.begin)(config, options)
    }
}

impl Command {
    pub(crate) fn work<W: Workflow + 'static>(
        workflow: W,
        write: fn(&W::Output, &mut Reply),
    ) -> Self {
        let name = workflow.name();
        let written = move |output| {
            let mut reply = Reply::new(true);
            write(&output, &mut reply);
            reply.finish()
        };
        let begin = move |config: &Config, options: &CallOptions| {
            workflow.begin(config, options).map(written)
        };
        Self::Work(Work { name, begin: Box::new(begin) })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(operation) => operation.name(),
            Self::Refused(name, _) => name,
            Self::Work(work) => work.name,
        }
    }

    /// Returns the outcome as plain data.
    pub(crate) async fn run(
        self,
        client: Client,
        options: CallOptions,
        handler: Handler,
        cancel: Option<impl Future<Output = ()> + 'static>,
    ) -> Array {
        // Never ready: cancels nothing.
        let cancel = async {
            match cancel {
                Some(cancel) => cancel.await,
                None => std::future::pending().await,
            }
        };
        let written = match self {
            Self::Call(operation) => {
                let call = client.call(operation).options(options).cancel_on(cancel);
                call.boxed().await.map(|response| output::write(&response))
            }
            Self::Refused(name, refused) => Err(internal::refused(name, refused)),
            Self::Work(work) => {
                client.run_with(work, handler).options(options).cancel_on(cancel).await
            }
        };
        written.unwrap_or_else(|failed: Error| error::write(&failed))
    }
}
