//! Plain data on its way to JavaScript: one list of numbers and one text, which
//! cross the border in two copies however many values they hold.
//!
//! `js/tape.js` reads what is written here, in the same order.

use js_sys::{Array, Float64Array};
use openrouter_keys_core::internal::Answer;
use openrouter_keys_core::internal::{View, shows_key};
use openrouter_keys_core::operation::PAGE_SIZE;
use openrouter_keys_core::types::RateLimitNote;
use openrouter_keys_core::types::{Budget, Extra, FreeModelRequests, Json};
use openrouter_keys_core::{CurrentKey, Key};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::secrets::known;

const ABSENT: f64 = 0.0;
const NULL: f64 = 1.0;
const FALSE: f64 = 2.0;
const TRUE: f64 = 3.0;
const NUMBER: f64 = 4.0;
const TEXT: f64 = 5.0;
const JSON: f64 = 6.0;
const LIST: f64 = 7.0;
/// The tag of the first shape; the others follow.
const OBJECT: u8 = 8;

/// The objects of answers in the order of their tags.
const SHAPES: [&str; 5] = ["Key", "CurrentKey", "Budget", "RateLimitNote", "FreeModelRequests"];

/// Values written one after another.
pub(crate) struct Tape {
    numbers: Vec<f64>,
    text: String,
    /// No print shows a text that holds one of them.
    keys: Vec<Zeroizing<String>>,
}

impl Default for Tape {
    fn default() -> Self {
        Self { numbers: Vec::new(), text: String::new(), keys: known() }
    }
}

impl Tape {
    /// The keys that the present call knows.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.as_str()).collect()
    }

    /// Makes room for this many keys of the usual size, or for a page of them: a
    /// module's memory never shrinks.
    pub(crate) fn reserve_keys(&mut self, keys: usize) {
        const NUMBERS: usize = 50;
        const TEXT: usize = 400;
        let keys = keys.min(PAGE_SIZE);
        self.numbers.reserve(keys.saturating_mul(NUMBERS));
        self.text.reserve(keys.saturating_mul(TEXT));
    }

    pub(crate) fn null(&mut self) {
        self.numbers.push(NULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.numbers.push(if value { TRUE } else { FALSE });
    }

    pub(crate) fn number(&mut self, value: impl Into<f64>) {
        self.numbers.extend([NUMBER, value.into()]);
    }

    /// A number, or nothing.
    pub(crate) fn number_if(&mut self, value: Option<impl Into<f64>>) {
        match value {
            Some(value) => self.number(value),
            None => self.numbers.push(ABSENT),
        }
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.chars(TEXT, value);
    }

    /// A text, or nothing.
    pub(crate) fn text_if(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.numbers.push(ABSENT),
        }
    }

    pub(crate) fn json_if(&mut self, value: Option<&Json>) {
        match value {
            Some(value) => self.chars(JSON, value.as_str()),
            None => self.numbers.push(ABSENT),
        }
    }

    /// The head of a list; its values follow.
    pub(crate) fn list(&mut self, length: usize) {
        self.numbers.extend([LIST, count(length)]);
    }

    /// Names and values that this version does not know.
    pub(crate) fn extra(&mut self, extra: &Extra) {
        self.numbers.push(count(extra.len()));
        for (name, value) in extra.iter() {
            self.text(name);
            self.chars(JSON, value.as_str());
        }
    }

    pub(crate) fn object(&mut self, object: &dyn Answer) {
        let name = object.name();
        let shape = (OBJECT..).zip(SHAPES).find(|(_, shape)| *shape == name);
        self.numbers.push(shape.map_or(NULL, |(tag, _)| tag.into()));
        object.each_field(&mut |_, view| self.view(&view));
        self.extra(object.unknown_fields());
    }

    /// An object, or nothing.
    pub(crate) fn object_if(&mut self, object: Option<&impl Answer>) {
        match object {
            Some(object) => self.object(object),
            None => self.numbers.push(ABSENT),
        }
    }

    pub(crate) fn view(&mut self, view: &View<'_>) {
        match view {
            View::Null => self.null(),
            View::Odd(json) => self.chars(JSON, json.as_str()),
            View::Bool(value) => self.bool(*value),
            View::Whole(value) => self.number(whole(*value)),
            View::Number(value) => self.number(*value),
            View::Text(value) => self.text(value),
            View::List(items) => {
                self.list(items.len());
                for item in items {
                    self.view(item);
                }
            }
            View::Object(object) => self.object(*object),
            View::Absent => self.numbers.push(ABSENT),
        }
    }

    /// JavaScript counts a text in UTF-16. The tag of one that shows a key is negative.
    fn chars(&mut self, tag: f64, text: &str) {
        let tag = if shows_key(text, &self.keys) { -tag } else { tag };
        let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        self.numbers.extend([tag, count(length)]);
        self.text.push_str(text);
    }

    pub(crate) fn finish(self) -> Array {
        Array::of2(&Float64Array::from(&*self.numbers), &JsValue::from_str(&self.text))
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "what is longer than 2^53 does not fit into memory"
)]
fn count(length: usize) -> f64 {
    length as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "JavaScript has no other number; a count beyond 2^53 is rounded"
)]
fn whole(value: i64) -> f64 {
    value as f64
}

/// The names of the objects' fields, in the order of their tags and in the
/// order in which they are written.
#[wasm_bindgen]
pub fn shapes() -> String {
    let objects: [&dyn Answer; 5] = [
        &Key::default(),
        &CurrentKey::default(),
        &Budget::default(),
        &RateLimitNote::default(),
        &FreeModelRequests::default(),
    ];
    let mut text = String::new();
    for object in objects {
        object.each_field(&mut |name, _| {
            text.push_str(name);
            text.push(' ');
        });
        text.push(';');
    }
    text
}
