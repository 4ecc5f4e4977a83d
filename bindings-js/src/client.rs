//! The client and the listing that the facade holds.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use openrouter_keys_core::{
    Attempt, BuildError, CallOptions, Client as CoreClient, Config, Error, Key, Operation, Page,
    Pages, Response, Start,
};
use openrouter_keys_wasm::{Clock, FetchTransport};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::operation::{AnyOperation, AnyOutput};
use crate::tape::Tape;
use crate::{answer, arguments, error, keys};

/// A client of the core over the facade's `fetch` and clock.
#[wasm_bindgen]
pub struct Client(CoreClient);

#[wasm_bindgen]
impl Client {
    /// Throws what `tape.js` reads as an error if a setting is refused.
    #[wasm_bindgen(constructor)]
    pub fn new(
        key: JsValue,
        settings: Array,
        fetch: Function,
        clock: Clock,
    ) -> Result<Self, JsValue> {
        let build = || -> Result<CoreClient, BuildError> {
            let config = arguments::config(settings)?;
            let transport = FetchTransport::new().with_direct_fetch(fetch).with_clock(clock);
            CoreClient::with_config(transport, keys::source(key)?, config)
        };
        build().map(Self).map_err(|refused| error::write(&unsent(refused)).into())
    }

    /// Makes a call. The promise resolves, with a value or an error, always.
    /// `cancel` is a promise that calls it off, `true` if it is called off
    /// already, or `undefined`.
    pub fn call(&self, operation: &str, values: Array, options: Array, cancel: JsValue) -> Promise {
        let operation = arguments::operation(operation, values);
        start(self.0.clone(), Job::Call(operation), options, cancel)
    }

    /// A listing of all keys.
    pub fn listing(&self, values: Array) -> Listing {
        let list = arguments::list(&mut arguments::Arguments::new(values));
        Listing { client: self.0.clone(), pages: Rc::new(RefCell::new(Pages::new(list))) }
    }
}

/// A listing that goes from page to page.
#[wasm_bindgen]
pub struct Listing {
    client: CoreClient,
    pages: Rc<RefCell<Pages>>,
}

#[wasm_bindgen]
impl Listing {
    /// The keys of the next page, or none at the end.
    pub fn next(&self, options: Array, cancel: JsValue) -> Promise {
        start(self.client.clone(), Job::Page(Rc::clone(&self.pages)), options, cancel)
    }
}

/// What one future does.
enum Job {
    Call(AnyOperation),
    Page(Rc<RefCell<Pages>>),
}

/// The one place where a promise is made, so that its machinery is in the
/// module once.
fn start(client: CoreClient, job: Job, options: Array, cancel: JsValue) -> Promise {
    future_to_promise(async move {
        let (mut first, pages) = match job {
            Job::Call(operation) => (Some(operation), None),
            Job::Page(pages) => (None, Some(pages)),
        };
        loop {
            let next = || pages.as_ref()?.borrow().next_request().map(AnyOperation::List);
            let Some(operation) = first.take().or_else(next) else {
                return Ok(write_keys(&[]).into());
            };
            let result = send(&client, operation, &options, &cancel).await;
            let written = match (result, &pages) {
                (Ok(response), None) => Some(answer::write(&response)),
                (Err(failed), None) => Some(error::write(&failed)),
                (result, Some(pages)) => accept(&mut pages.borrow_mut(), result),
            };
            if let Some(written) = written {
                return Ok(written.into());
            }
        }
    })
}

async fn send(
    client: &CoreClient,
    operation: AnyOperation,
    options: &Array,
    cancel: &JsValue,
) -> Result<Response<AnyOutput>, Error> {
    let (operation, options) = match arguments::options(options.clone()) {
        Ok(options) => (operation, options),
        Err(refused) => (AnyOperation::Refused(operation.name(), refused), CallOptions::new()),
    };
    let mut call = client.call(operation).options(options);
    if let Ok(cancel) = cancel.clone().dyn_into::<Promise>() {
        call = call.cancel_on(async {
            // Whatever becomes of it: the facade settles it to call off.
            let _ = JsFuture::from(cancel).await;
        });
    }
    if cancel.is_truthy() && !cancel.is_object() {
        call = call.cancel_on(std::future::ready(()));
    }
    call.with_response().await
}

/// The error of a client that cannot be built.
fn unsent(refused: BuildError) -> Error {
    let operation = AnyOperation::Refused("new OpenRouterKeys", refused.clone());
    match Attempt::first(&Config::new(), &CallOptions::new(), operation, Start::default()) {
        Err(error) => error,
        Ok(_) => refused.into(),
    }
}

/// Takes a page and gives its new keys; a page may have none, and not be the
/// last.
fn accept(pages: &mut Pages, result: Result<Response<AnyOutput>, Error>) -> Option<Array> {
    let page = result.map(|response| match response.output {
        AnyOutput::Page(page) => page,
        _ => Page::default(),
    });
    if let Err(failed) = pages.accept(page) {
        return Some(error::write(&failed));
    }
    let keys: Vec<Key> = std::iter::from_fn(|| pages.next_key()).collect();
    (!keys.is_empty()).then(|| write_keys(&keys))
}

fn write_keys(keys: &[Key]) -> Array {
    let mut tape = Tape::default();
    tape.bool(true);
    tape.list(keys.len());
    for key in keys {
        tape.object(key);
    }
    tape.finish()
}
