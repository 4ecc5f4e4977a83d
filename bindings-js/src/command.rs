//! A command from JavaScript: an operation or a workflow.

use js_sys::Array;
use openrouter_keys_core::error::{BuildError, BuildErrorKind};
use openrouter_keys_core::internal;
use openrouter_keys_core::operation::{
    AnyOperation, Delete, Get, GetCurrentKeyMetadata, Operation,
};
use openrouter_keys_core::{CallOptions, Client, Error};
use wasm_bindgen::JsValue;

use crate::params::Params;
use crate::workflows::Work;
use crate::{error, output, params};

pub(crate) enum Command {
    Call(AnyOperation),
    /// Refused arguments: the call of this name fails, and nothing is sent.
    Refused(&'static str, BuildError),
    Work(Work),
}

impl Command {
    /// The command of this name. Invalid parameters are refused when it is sent.
    pub(crate) fn named(name: &str, params: &Params) -> Self {
        match name {
            "list" => Self::Call(params::list(params).into()),
            "create" => match params::create(params) {
                Ok(create) => Self::Call(create.into()),
                Err(refused) => Self::Refused("create", refused),
            },
            "get" => Self::Call(Get::new(params.required("hash")).into()),
            "update" => Self::Call(params::update(params).into()),
            "delete" => Self::Call(Delete::new(params.required("hash")).into()),
            "getCurrentKeyMetadata" => Self::Call(GetCurrentKeyMetadata.into()),
            "request" => Self::Call(params::request(params).into()),
            _ => match Work::named(name, params) {
                Some(Ok(work)) => Self::Work(work),
                Some(Err((name, refused))) => Self::Refused(name, refused),
                None => {
                    let refused = BuildError::new(BuildErrorKind::Other, "unknown operation");
                    Self::Refused("call", refused)
                }
            },
        }
    }

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
