//! The workflows. The module of the entry `operations` is built without them.

mod arguments;
mod output;
mod rotation_handler;

use js_sys::Array;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::machine::WorkflowMachine;
use openrouter_keys_core::workflow::{
    CreateReconciled, FindBySecret, Rotate, Sweep, Temporary, Workflow,
};
use openrouter_keys_core::{CallOptions, Client, Config, Error};
use wasm_bindgen::JsValue;

use self::rotation_handler::Handler;
use crate::params::{Params, capped, create};
use crate::reply::Reply;

/// The name that a refused call has in its error.
type Refused = (&'static str, BuildError);

type Begin = dyn FnOnce(&Config, &CallOptions) -> WorkflowMachine<Array>;

/// Any workflow, with plain data as its output, so that all share one driver.
pub(crate) struct Work {
    name: &'static str,
    begin: Box<Begin>,
}

impl Work {
    /// The workflow of this name, or why its parameters are refused.
    pub(crate) fn named(name: &str, params: &Params) -> Option<Result<Self, Refused>> {
        let (name, work) = match name {
            "createReconciled" => (
                "createReconciled",
                create(params).map(|create| {
                    let create = CreateReconciled::new(create);
                    let create = capped(create, params, CreateReconciled::max_requests);
                    work(create, output::write_reconciled)
                }),
            ),
            "ensure" => (
                "ensure",
                create(params)
                    .map(|create| work(arguments::ensure(create, params), output::write_ensured)),
            ),
            "sweep" => (
                "sweep",
                Ok({
                    let sweep = arguments::sweep(params);
                    work(capped(sweep, params, Sweep::max_requests), output::write_swept)
                }),
            ),
            "temporary" => (
                "temporary",
                create(params).map(|create| {
                    let lifetime = params.time("lifetimeMs").unwrap_or_default();
                    let temporary = Temporary::new(create, lifetime);
                    work(
                        capped(temporary, params, Temporary::max_requests),
                        output::write_temporary_key,
                    )
                }),
            ),
            "closeTemporary" => {
                let close = arguments::close_temporary(params);
                ("closeTemporary", Ok(work(close, |&(), reply| reply.absent())))
            }
            "rotate" => (
                "rotate",
                arguments::rotate(params).map(|rotate| {
                    work(capped(rotate, params, Rotate::max_requests), output::write_rotated)
                }),
            ),
            "findBySecret" => (
                "findBySecret",
                Ok({
                    let find = arguments::find_by_secret(params);
                    work(capped(find, params, FindBySecret::max_requests), output::write_found)
                }),
            ),
            "checkKey" => {
                ("checkKey", Ok(work(arguments::check_key(params), output::write_current)))
            }
            "audit" => ("audit", Ok(work(arguments::audit(params), output::write_audit))),
            _ => return None,
        };
        Some(work.map_err(|refused| (name, refused)))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// `ask` is the facade's function that answers the workflow's questions.
    pub(crate) async fn run(
        self,
        client: Client,
        options: CallOptions,
        ask: JsValue,
        cancel: impl Future<Output = ()> + 'static,
    ) -> Result<Array, Error> {
        client.run_with(self, Handler::new(ask)).options(options).cancel_on(cancel).await
    }
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

fn work<W: Workflow + 'static>(workflow: W, write: fn(&W::Output, &mut Reply)) -> Work {
    let name = workflow.name();
    let written = move |output| {
        let mut reply = Reply::new(true);
        write(&output, &mut reply);
        reply.finish()
    };
    let begin =
        move |config: &Config, options: &CallOptions| workflow.begin(config, options).map(written);
    Work { name, begin: Box::new(begin) }
}
