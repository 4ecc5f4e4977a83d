//! Stands for `workflows` in the module of the entry `operations`, which has none.

use std::future::Ready;

use js_sys::Array;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::{CallOptions, Client, Error};
use wasm_bindgen::JsValue;

use crate::params::Params;

pub(crate) enum Work {}

impl Work {
    pub(crate) fn named(_: &str, _: &Params) -> Option<Result<Self, (&'static str, BuildError)>> {
        None
    }

    pub(crate) fn name(&self) -> &'static str {
        match *self {}
    }

    pub(crate) fn run<C>(
        self,
        _: Client,
        _: CallOptions,
        _: JsValue,
        _: C,
    ) -> Ready<Result<Array, Error>> {
        match self {}
    }
}
