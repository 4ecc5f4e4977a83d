//! A command from JavaScript: an operation or a workflow.

use js_sys::Array;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::internal;
use openrouter_keys_core::operation::{AnyOperation, Operation};
use openrouter_keys_core::{CallOptions, Client, Error};
use wasm_bindgen::JsValue;

use crate::workflows::Work;
use crate::{error, output};

pub(crate) enum Command {
    Call(AnyOperation),
    /// Refused arguments: the call of this name fails, and nothing is sent.
    Refused(&'static str, BuildError),
    Work(Work),
}

impl Command {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(operation) => operation.name(),
            Self::Refused(name, _) => name,
            Self::Work(work) => work.name(),
        }
    }

    /// Returns the outcome as plain data.
    pub(crate) async fn run(
        self,
        client: Client,
        options: CallOptions,
        ask: JsValue,
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
            Self::Work(work) => work.run(client, options, ask, cancel).await,
        };
        written.unwrap_or_else(|failed: Error| error::write(&failed))
    }
}
