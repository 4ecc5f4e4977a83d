//! Plain data for JavaScript: one list of numbers, one string, and the values that are
//! neither. `js/internal/reply.js` reads it.

use js_sys::{Array, Float64Array};
use openrouter_keys_core::internal::{Flat, FlatTag, Object, ValueRef, flat_shape};
use openrouter_keys_core::operation::PAGE_SIZE;
use openrouter_keys_core::types::{Extra, Json};
use openrouter_keys_core::{Key, KeyHash};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::secrets::known;

/// The shape at this index: its name, and its fields' names.
#[wasm_bindgen]
pub fn shape(place: usize) -> String {
    flat_shape(place)
}

/// Values written one after another.
pub(crate) struct Reply {
    flat: Flat,
    values: Vec<JsValue>,
}

impl Reply {
    /// For a success, whose value follows, or a failure, whose error follows.
    pub(crate) fn new(is_success: bool) -> Self {
        let mut reply = Self::part();
        reply.bool(is_success);
        reply
    }

    /// For a report during a call.
    pub(crate) fn part() -> Self {
        Self { flat: Flat::new(known()), values: Vec::new() }
    }

    /// The keys that the current call knows.
    pub(crate) fn known_keys(&self) -> Vec<&str> {
        self.flat.known_keys()
    }

    pub(crate) fn absent(&mut self) {
        self.flat.absent();
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.flat.bool(value);
    }

    pub(crate) fn number(&mut self, value: impl Into<f64>) {
        self.flat.number(value.into());
    }

    /// A number, or nothing.
    #[inline(never)]
    pub(crate) fn number_if(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.number(value),
            None => self.absent(),
        }
    }

    /// A count beyond 2^53 is rounded.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "see above")]
    pub(crate) fn count(&mut self, count: u64) {
        self.number(count as f64);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.flat.text(value);
    }

    /// A string, or nothing.
    #[inline(never)]
    pub(crate) fn text_if(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.absent(),
        }
    }

    pub(crate) fn hash_if(&mut self, hash: Option<&KeyHash>) {
        self.text_if(hash.map(KeyHash::as_str));
    }

    #[inline(never)]
    pub(crate) fn json_if(&mut self, value: Option<&Json>) {
        match value {
            Some(value) => self.flat.json(value),
            None => self.absent(),
        }
    }

    /// The head of a list; its values follow.
    pub(crate) fn list(&mut self, length: usize) {
        self.flat.list(length);
    }

    #[inline(never)]
    pub(crate) fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.list(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    #[inline(never)]
    pub(crate) fn keys<'a>(&mut self, keys: impl ExactSizeIterator<Item = &'a Key>) {
        self.flat.keys(keys, PAGE_SIZE);
    }

    /// A JavaScript value, such as a secret, which must not be part of a longer string.
    #[inline(never)]
    pub(crate) fn value(&mut self, value: JsValue) {
        self.flat.tag(FlatTag::Value);
        self.values.push(value);
    }

    pub(crate) fn object(&mut self, object: &dyn Object) {
        self.flat.object(object);
    }

    /// An object, or nothing.
    #[inline(never)]
    pub(crate) fn object_if(&mut self, object: Option<&impl Object>) {
        match object {
            Some(object) => self.object(object),
            None => self.absent(),
        }
    }

    pub(crate) fn value_ref(&mut self, value: &ValueRef<'_>) {
        self.flat.value_ref(value);
    }

    /// An object whose fields are written one by one.
    #[inline(never)]
    pub(crate) fn record(&mut self, name: &str) -> Record<'_> {
        let at = self.flat.begin();
        Record { reply: self, at, shape: name.to_owned(), has_extra: false }
    }

    pub(crate) fn finish(self) -> Array {
        let (numbers, text) = self.flat.parts();
        let parts = Array::of2(&Float64Array::from(numbers), &JsValue::from_str(text));
        for value in &self.values {
            parts.push(value);
        }
        parts
    }
}

/// An object being written: each value follows its field's name, and dropping this ends
/// the object.
pub(crate) struct Record<'a> {
    reply: &'a mut Reply,
    /// Where it began.
    at: usize,
    shape: String,
    has_extra: bool,
}

impl Record<'_> {
    /// Begins the field with this JavaScript name; its value is to be written next.
    #[inline(never)]
    pub(crate) fn field(&mut self, name: &str) -> &mut Reply {
        self.shape.push(' ');
        self.shape.push_str(name);
        self.reply
    }

    /// Ends the object with the fields that this version does not know.
    pub(crate) fn extra(mut self, extra: &Extra) {
        self.has_extra = true;
        self.reply.flat.extra(extra);
    }
}

impl Drop for Record<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        self.reply.flat.end(self.at, std::mem::take(&mut self.shape), self.has_extra);
    }
}
