//! The API key: a string, or a JavaScript function that is called before each attempt.

use js_sys::{Function, Promise};
use openrouter_keys_core::error::{BoxError, BuildError, BuildErrorKind};
use openrouter_keys_core::{ApiKey, KeySource};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::secrets::note;
use crate::thrown::Thrown;

pub(crate) fn source(key: JsValue) -> Result<KeySource, BuildError> {
    if let Some(key) = key.as_string() {
        return Ok(ApiKey::new(key)?.into());
    }
    let function: Function = key.dyn_into().map_err(|_| {
        BuildError::new(BuildErrorKind::ApiKey, "the API key is neither a string nor a function")
    })?;
    Ok(KeySource::provider(move || ask(function.clone())))
}

async fn ask(function: Function) -> Result<ApiKey, BoxError> {
    let promise = function.call0(&JsValue::UNDEFINED).map_err(Thrown::new)?;
    let key = JsFuture::from(Promise::resolve(&promise)).await.map_err(Thrown::new)?;
    match key.as_string() {
        Some(key) => {
            note(&key);
            Ok(ApiKey::new(key)?)
        }
        None => Err("the API key function did not return a string".into()),
    }
}
