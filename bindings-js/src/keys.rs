//! The API key: a text, or a JavaScript function that is asked before each
//! attempt.

use std::cell::RefCell;
use std::fmt;

use js_sys::{Function, Promise};
use openrouter_keys_core::{ApiKey, BoxError, BuildError, BuildErrorKind, KeySource};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

thread_local! {
    /// What key functions threw, as long as the errors that name it live. An
    /// error of the core can go to another thread, which a value of JavaScript
    /// cannot.
    static THROWN: RefCell<Vec<(u32, JsValue)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn source(key: JsValue) -> Result<KeySource, BuildError> {
    if let Some(key) = key.as_string() {
        return Ok(ApiKey::new(key)?.into());
    }
    let function: Function = key.dyn_into().map_err(|_| {
        BuildError::new(BuildErrorKind::ApiKey, "the API key is neither a text nor a function")
    })?;
    Ok(KeySource::provider(move || ask(function.clone())))
}

async fn ask(function: Function) -> Result<ApiKey, BoxError> {
    let promise = function.call0(&JsValue::UNDEFINED).map_err(Failure::new)?;
    let key = JsFuture::from(Promise::resolve(&promise)).await.map_err(Failure::new)?;
    match key.as_string() {
        Some(key) => Ok(ApiKey::new(key)?),
        None => Err("the function that gives the API key gave no text".into()),
    }
}

/// A key function's failure.
#[derive(Debug)]
struct Failure(u32);

impl Failure {
    fn new(thrown: JsValue) -> Self {
        THROWN.with_borrow_mut(|kept| {
            let id = kept.last().map_or(0, |(id, _)| id.wrapping_add(1));
            kept.push((id, thrown));
            Self(id)
        })
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        THROWN.with_borrow_mut(|kept| kept.retain(|(id, _)| *id != self.0));
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function that gives the API key failed")
    }
}

impl std::error::Error for Failure {}

/// What a key function threw, if that is what the error is about.
pub(crate) fn thrown(error: &BoxError) -> Option<JsValue> {
    let Failure(wanted) = error.downcast_ref()?;
    THROWN.with_borrow(|kept| {
        kept.iter().find(|(id, _)| id == wanted).map(|(_, thrown)| thrown.clone())
    })
}
