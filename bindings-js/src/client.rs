//! The client and the listing that the JavaScript facade uses.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use openrouter_keys_core::client::KeyStream;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::workflow::Progress;
use openrouter_keys_core::{CallOptions, Client as CoreClient, internal};
use openrouter_keys_wasm::Clock;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::command::Command;
use crate::fetch_adapter::{AdaptedFetch, FetchAdapter};
use crate::params::Params;
use crate::secrets::Secrets;
use crate::task::Task;
use crate::{error, keys, output, params};

/// A client of the core over the facade's `fetch` and clock.
#[wasm_bindgen]
pub struct Client(CoreClient);

#[wasm_bindgen]
impl Client {
    /// Throws a reply that `reply.js` reads as an error if a setting is refused.
    #[wasm_bindgen(constructor)]
    pub fn new(
        key: JsValue,
        settings: &Params,
        adapter: FetchAdapter,
        clock: Clock,
    ) -> Result<Self, JsValue> {
        let build = || -> Result<CoreClient, BuildError> {
            let config = params::config(settings)?;
            let transport = AdaptedFetch::new(adapter, clock);
            CoreClient::over(transport, keys::source(key)?, config)
        };
        build().map(Self).map_err(|refused| thrown("new OpenRouterKeys", refused))
    }

    /// Makes a call or runs a workflow. The task always ends with a value or an error.
    /// `cancel` is a promise that cancels it, `true` if it is cancelled already, or
    /// `undefined`. `ask` answers a workflow's questions.
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen has no optional reference")]
    pub fn call(
        &self,
        name: &str,
        params: &Params,
        options: Option<Params>,
        cancel: JsValue,
        ask: JsValue,
    ) -> Task {
        let client = self.0.clone();
        let options = params::options(options.as_ref());
        let secrets = Secrets::new(&client, options.clone().unwrap_or_default());
        let command = secrets.while_known(|| Command::named(name, params));
        let (command, options) = match options {
            Ok(options) => (command, options),
            Err(refused) => (Command::Refused(command.name(), refused), CallOptions::new()),
        };
        // All commands share one future, so that its machinery is in the module once.
        Task::new(secrets, command.run(client, options, ask, until(cancel)))
    }

    /// The text without the client's secrets; `None` if it shows none.
    pub fn masked(&self, text: String) -> Option<String> {
        Secrets::new(&self.0, CallOptions::new()).masked(text)
    }

    /// Lists all keys. If `report` is a function, it is called with the progress. Throws
    /// a reply that `reply.js` reads as an error if an option is refused.
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen has no optional reference")]
    pub fn listing(
        &self,
        params: &Params,
        options: Option<Params>,
        report: JsValue,
    ) -> Result<Listing, JsValue> {
        let options =
            params::options(options.as_ref()).map_err(|refused| thrown("listAll", refused))?;
        let secrets = Secrets::new(&self.0, options.clone());
        let mut stream = self.0.list_all(params::pages(params)).options(options);
        if let Ok(report) = report.dyn_into::<Function>() {
            stream = stream.on_progress(move |progress| call_report(&report, progress));
        }
        Ok(Listing { stream: Rc::new(RefCell::new(Some(stream))), secrets })
    }
}

/// A listing, page by page.
#[wasm_bindgen]
pub struct Listing {
    stream: Rc<RefCell<Option<KeyStream>>>,
    secrets: Secrets,
}

#[wasm_bindgen]
impl Listing {
    /// The next keys, or none at the end.
    pub fn next(&self, cancel: JsValue) -> Task {
        let place = Rc::clone(&self.stream);
        Task::new(self.secrets.clone(), async move {
            // Taken out while in use; the facade makes one request at a time.
            let Some(mut stream) = place.take() else {
                return output::write_keys(&[]);
            };
            if let Some(cancelled) = until(cancel) {
                stream = stream.cancel_on(cancelled);
            }
            match stream.next_keys().await {
                Ok(keys) => {
                    place.replace(Some(stream));
                    output::write_keys(&keys)
                }
                Err(failed) => error::write(&failed),
            }
        })
    }

    /// The text without the listing's secrets; `None` if it shows none.
    pub fn masked(&self, text: String) -> Option<String> {
        self.secrets.masked(text)
    }
}

/// Completes when the task is cancelled: at once, or when the facade's promise settles
/// either way.
fn until(cancel: JsValue) -> Option<impl Future<Output = ()> + 'static> {
    let at_once = cancel.is_truthy() && !cancel.is_object();
    let promise = cancel.dyn_into::<Promise>().ok();
    (at_once || promise.is_some()).then_some(async {
        if let Some(promise) = promise {
            let _ = JsFuture::from(promise).await;
        }
    })
}

/// Whatever the function throws is ignored here: the facade keeps it.
fn call_report(report: &Function, progress: Progress) {
    let _ = report.call1(&JsValue::UNDEFINED, &output::write_progress(progress));
}

/// The error of a call that never began.
fn thrown(name: &'static str, refused: BuildError) -> JsValue {
    error::write(&internal::refused(name, refused)).into()
}
