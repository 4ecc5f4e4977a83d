//! The workflows, which the module of the entry `operations` has not.

mod arguments;
mod output;
mod rotation_handler;

use js_sys::Array;
use openrouter_keys_core::machine::WorkflowMachine;
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::{
    CheckKey, CreateReconciled, FindBySecret, Rotate, Sweep, Temporary, Workflow,
};
use openrouter_keys_core::{CallOptions, Client, Config, Error};
use wasm_bindgen::JsValue;

use self::rotation_handler::Handler;
use crate::command::Command;
use crate::params::{Params, capped, create, made};
use crate::reply::Reply;
use crate::secrets::note;

/// The workflow of this name.
pub(crate) fn command(name: &str, params: &Params) -> Option<Command> {
    Some(match name {
        "createReconciled" => made("createReconciled", create(params), |create| {
            let create = CreateReconciled::new(create);
            let create = capped(create, params, CreateReconciled::max_requests);
            work(create, output::write_reconciled)
        }),
        "ensure" => made("ensure", create(params), |create| {
            work(arguments::ensure(create, params), output::write_ensured)
        }),
        "sweep" => {
            // The facade ensures that either is given.
            let sweep = params.texts("names").map_or_else(Sweep::temporary, Sweep::new);
            let sweep = sweep.workspaces(params.texts("workspaceIds").unwrap_or_default());
            work(capped(sweep, params, Sweep::max_requests), output::write_swept)
        }
        "temporary" => made("temporary", create(params), |create| {
            let lifetime = params.time("lifetimeMs").unwrap_or_default();
            let temporary = Temporary::new(create, lifetime);
            work(capped(temporary, params, Temporary::max_requests), output::write_temporary_key)
        }),
        "closeTemporary" => work(arguments::close_temporary(params), |&(), reply| reply.absent()),
        "rotate" => made("rotate", arguments::rotation(params), |state| {
            let mut rotate = capped(Rotate::resume(state), params, Rotate::max_requests);
            if let Some(lease) = params.time("leaseMs") {
                rotate = rotate.lease(lease);
            }
            if let Some(pause) = params.time("longestPauseMs") {
                rotate = rotate.longest_pause(pause);
            }
            work(rotate, output::write_rotated)
        }),
        "findBySecret" => {
            let secret = params.required("secret");
            note(&secret);
            let find = FindBySecret::new(secret);
            let find = find.workspaces(params.texts("workspaceIds").unwrap_or_default());
            work(capped(find, params, FindBySecret::max_requests), output::write_found)
        }
        "checkKey" => {
            let is_inference = params.text("kind").as_deref() == Some("inference");
            let kind = if is_inference { KeyKind::Inference } else { KeyKind::Management };
            work(CheckKey::new(kind), output::write_current)
        }
        "audit" => work(arguments::audit(params), output::write_audit),
        _ => return None,
    })
}

type Begin = dyn FnOnce(&Config, &CallOptions) -> WorkflowMachine<Array>;

/// Any workflow, with plain data as its output, so that all share one driver.
pub(crate) struct Work {
    name: &'static str,
    begin: Box<Begin>,
}

impl Work {
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

fn work<W: Workflow + 'static>(workflow: W, write: fn(&W::Output, &mut Reply)) -> Command {
    let name = workflow.name();
    let written = move |output| {
        let mut reply = Reply::new(true);
        write(&output, &mut reply);
        reply.finish()
    };
    let begin =
        move |config: &Config, options: &CallOptions| workflow.begin(config, options).map(written);
    Command::Work(Work { name, begin: Box::new(begin) })
}
