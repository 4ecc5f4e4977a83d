//! The caller's functions that a rotation calls.

use std::time::Duration;

use async_trait::async_trait;
use js_sys::{Array, Function, Promise};
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::operation::Created;
use openrouter_keys_core::workflow::{Rotation, RotationHandler, Stop};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::output;
use crate::secrets::note;
use crate::thrown::Thrown;

/// The facade's function, which takes a question's name and its plain data.
pub(crate) struct Handler(Option<Function>);

impl Handler {
    pub(crate) fn new(ask: JsValue) -> Self {
        Self(ask.dyn_into().ok())
    }

    async fn ask(&self, question: &str, data: Array) -> Result<bool, BoxError> {
        let ask = self.0.as_ref().ok_or("no rotation handler was given")?;
        let answer = ask.call2(&JsValue::UNDEFINED, &JsValue::from_str(question), &data);
        let promise = Promise::resolve(&answer.map_err(Thrown::new)?);
        let answer = JsFuture::from(promise).await.map_err(Thrown::new)?;
        // The facade catches a `Stop`, and returns it in an array.
        match answer.dyn_into::<Array>() {
            Ok(stop) => Err(Stop::new(Thrown::new(stop.get(0))).into()),
            Err(answer) => Ok(answer.is_truthy()),
        }
    }
}

#[async_trait(?Send)]
impl RotationHandler for Handler {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        self.ask("save", output::write_rotation(state)).await.map(|_| ())
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        note(new.key().reveal());
        self.ask("handOver", output::write_new(new)).await.map(|_| ())
    }

    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        self.ask("wasHandedOver", output::write_rotation(state)).await
    }

    /// The facade knows the lease.
    async fn claim(&mut self, _lease: Duration) -> Result<(), BoxError> {
        self.ask("claim", Array::new()).await.map(|_| ())
    }
}
