//! Plain data for JavaScript: one list of numbers, one string, and the values that are
//! neither. They cross the border in a few copies, however much they contain.
//!
//! `js/internal/reply.js` reads it. Both sides identify an object by its shape, the names of
//! its fields, which crosses once.

use std::cell::RefCell;

use js_sys::{Array, Float64Array};
use openrouter_keys_core::internal::Object;
use openrouter_keys_core::internal::{ValueRef, shows_key};
use openrouter_keys_core::operation::PAGE_SIZE;
use openrouter_keys_core::types::{Extra, Json};
use openrouter_keys_core::{Key, KeyHash};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::secrets::known;
use crate::tag::Tag;

thread_local! {
    /// For each kind of object, its name and its fields' names in the order written.
    static SHAPES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The index of the shape, which is added on its first use.
fn place_of(shape: String) -> usize {
    SHAPES.with_borrow_mut(|shapes| {
        shapes.iter().position(|known| *known == shape).unwrap_or_else(|| {
            shapes.push(shape);
            shapes.len().saturating_sub(1)
        })
    })
}

fn push_name(shape: &mut String, name: &str) {
    shape.push(' ');
    shape.push_str(name);
}

fn shape_of(object: &dyn Object) -> String {
    let mut shape = object.name().to_owned();
    object.each_field(&mut |name, _| push_name(&mut shape, name));
    shape
}

/// The shape at this index: its name, and its fields' names.
#[wasm_bindgen]
pub fn shape(place: usize) -> String {
    SHAPES.with_borrow(|shapes| shapes.get(place).cloned()).unwrap_or_default()
}

/// Values written one after another.
pub(crate) struct Reply {
    numbers: Vec<f64>,
    text: String,
    values: Vec<JsValue>,
    /// Strings that contain one of these are never printed.
    keys: Vec<Zeroizing<String>>,
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
        Self { numbers: Vec::new(), text: String::new(), values: Vec::new(), keys: known() }
    }

    /// The keys that the current call knows.
    pub(crate) fn known_keys(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.as_str()).collect()
    }

    pub(crate) fn absent(&mut self) {
        self.tag(Tag::Absent);
    }

    #[inline(never)]
    pub(crate) fn bool(&mut self, value: bool) {
        self.tag(if value { Tag::True } else { Tag::False });
    }

    pub(crate) fn number(&mut self, value: impl Into<f64>) {
        self.head(Tag::Number, value.into());
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

    #[inline(never)]
    pub(crate) fn text(&mut self, value: &str) {
        self.chars(Tag::Text, value);
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
            Some(value) => self.chars(Tag::Json, value.as_str()),
            None => self.absent(),
        }
    }

    /// The head of a list; its values follow.
    #[inline(never)]
    pub(crate) fn list(&mut self, length: usize) {
        self.head(Tag::List, length_number(length));
    }

    #[inline(never)]
    pub(crate) fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.list(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    /// Reserves room for a page at most: a module's memory never shrinks.
    #[inline(never)]
    pub(crate) fn keys<'a>(&mut self, keys: impl ExactSizeIterator<Item = &'a Key>) {
        /// For a key of the usual size.
        const NUMBERS: usize = 50;
        const TEXT: usize = 400;
        let room = keys.len().min(PAGE_SIZE);
        self.numbers.reserve(room.saturating_mul(NUMBERS));
        self.text.reserve(room.saturating_mul(TEXT));
        self.list(keys.len());
        for key in keys {
            self.object(key);
        }
    }

    /// A JavaScript value, such as a secret, which must not be part of a longer string.
    #[inline(never)]
    pub(crate) fn value(&mut self, value: JsValue) {
        self.tag(Tag::Value);
        self.values.push(value);
    }

    pub(crate) fn object(&mut self, object: &dyn Object) {
        let name = object.name();
        let is_it = |shape: &String| shape.split(' ').next() == Some(name);
        let known = SHAPES.with_borrow(|shapes| shapes.iter().position(is_it));
        let place = known.unwrap_or_else(|| place_of(shape_of(object)));
        self.numbers.push(shape_tag(place));
        object.each_field(&mut |_, value| self.value_ref(&value));
        self.extra(object.unknown_fields());
    }

    /// An object, or nothing.
    #[inline(never)]
    pub(crate) fn object_if(&mut self, object: Option<&impl Object>) {
        match object {
            Some(object) => self.object(object),
            None => self.absent(),
        }
    }

    /// An object whose fields are written one by one.
    #[inline(never)]
    pub(crate) fn record(&mut self, name: &str) -> Record<'_> {
        let at = self.numbers.len();
        self.absent();
        Record { reply: self, at, shape: name.to_owned(), has_extra: false }
    }

    pub(crate) fn value_ref(&mut self, value: &ValueRef<'_>) {
        match value {
            ValueRef::Absent => self.absent(),
            ValueRef::Null => self.tag(Tag::Null),
            ValueRef::Unexpected(json) => self.chars(Tag::Unexpected, json.as_str()),
            ValueRef::Bool(value) => self.bool(*value),
            ValueRef::Whole(value) => self.number(whole(*value)),
            ValueRef::Number(value) => self.number(*value),
            ValueRef::Text(value) => self.text(value),
            ValueRef::List(items) => {
                self.list(items.len());
                for item in items {
                    self.value_ref(item);
                }
            }
            ValueRef::Object(object) => self.object(*object),
        }
    }

    /// Fields that this version does not know.
    fn extra(&mut self, extra: &Extra) {
        self.numbers.push(length_number(extra.len()));
        for (name, value) in extra.iter() {
            self.text(name);
            self.chars(Tag::Json, value.as_str());
        }
    }

    #[inline(never)]
    fn tag(&mut self, tag: Tag) {
        self.numbers.push(tag.number());
    }

    #[inline(never)]
    fn head(&mut self, tag: Tag, number: f64) {
        self.numbers.extend([tag.number(), number]);
    }

    /// Lengths are in UTF-16 units, as in JavaScript. The tag of a string that shows a key is
    /// negative.
    fn chars(&mut self, tag: Tag, text: &str) {
        let tag = if shows_key(text, &self.keys) { -tag.number() } else { tag.number() };
        let length = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        self.numbers.extend([tag, length_number(length)]);
        self.text.push_str(text);
    }

    pub(crate) fn finish(self) -> Array {
        let parts = Array::of2(&Float64Array::from(&*self.numbers), &JsValue::from_str(&self.text));
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
    /// The index of its tag.
    at: usize,
    shape: String,
    has_extra: bool,
}

impl Record<'_> {
    /// Begins the field with this JavaScript name; its value is to be written next.
    #[inline(never)]
    pub(crate) fn field(&mut self, name: &str) -> &mut Reply {
        push_name(&mut self.shape, name);
        self.reply
    }

    /// Ends the object with the fields that this version does not know.
    pub(crate) fn extra(mut self, extra: &Extra) {
        self.has_extra = true;
        self.reply.extra(extra);
    }
}

impl Drop for Record<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        if !self.has_extra {
            self.reply.numbers.push(0.0);
        }
        let place = place_of(std::mem::take(&mut self.shape));
        if let Some(tag) = self.reply.numbers.get_mut(self.at) {
            *tag = shape_tag(place);
        }
    }
}

fn shape_tag(place: usize) -> f64 {
    Tag::Object.number() + length_number(place)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a length above 2^53 does not fit into memory"
)]
fn length_number(length: usize) -> f64 {
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
