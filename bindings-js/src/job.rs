//! What one call from JavaScript does: an operation, or a workflow.

use js_sys::Array;
use openrouter_keys_core::{
    AnyOperation, CallOptions, Client, CloseTemporary, CreateReconciled, Ensure, Error, Operation,
    Sweep, Temporary, Workflow,
};

use crate::{answer, error};

pub(crate) enum Job {
    Call(AnyOperation),
    CloseTemporary(CloseTemporary),
    CreateReconciled(CreateReconciled),
    Ensure(Ensure),
    Sweep(Sweep),
    Temporary(Temporary),
}

impl Job {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(operation) => operation.name(),
            Self::CloseTemporary(workflow) => workflow.name(),
            Self::CreateReconciled(workflow) => workflow.name(),
            Self::Ensure(workflow) => workflow.name(),
            Self::Sweep(workflow) => workflow.name(),
            Self::Temporary(workflow) => workflow.name(),
        }
    }

    /// The outcome as plain data.
    pub(crate) async fn run(
        self,
        client: Client,
        options: CallOptions,
        cancel: Option<impl Future<Output = ()> + 'static>,
    ) -> Array {
        // What never is ready calls nothing off.
        let cancel = async {
            match cancel {
                Some(cancel) => cancel.await,
                None => std::future::pending().await,
            }
        };
        let written = match self {
            Self::Call(operation) => {
                let call = client.call(operation).options(options).cancel_on(cancel);
                call.boxed().await.map(|response| answer::write(&response))
            }
            Self::CloseTemporary(workflow) => {
                let run = client.run(workflow).options(options).cancel_on(cancel);
                run.await.map(|()| answer::write_done())
            }
            Self::CreateReconciled(workflow) => {
                let run = client.run(workflow).options(options).cancel_on(cancel);
                run.await.map(|reconciled| answer::write_reconciled(&reconciled))
            }
            Self::Ensure(workflow) => {
                let run = client.run(workflow).options(options).cancel_on(cancel);
                run.await.map(|ensured| answer::write_ensured(&ensured))
            }
            Self::Sweep(workflow) => {
                let run = client.run(workflow).options(options).cancel_on(cancel);
                run.await.map(|swept| answer::write_swept(&swept))
            }
            Self::Temporary(workflow) => {
                let run = client.run(workflow).options(options).cancel_on(cancel);
                run.await.map(|lent| answer::write_lent(&lent))
            }
        };
        written.unwrap_or_else(|failed: Error| error::write(&failed))
    }
}
