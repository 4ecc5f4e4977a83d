//! Values as one list of numbers and one string, for bindings to other languages. They cross the
//! border in a few copies, however much they contain.
//!
//! Both sides identify an object by its shape, the names of its fields, which crosses once.

use std::cell::RefCell;

use zeroize::Zeroizing;

use super::json::{Extra, Json};
use super::key::Key;
use super::value_ref::{Object, ValueRef};
use crate::redact::shows_key;

/// The first number of each value.
#[derive(Clone, Copy)]
pub enum Tag {
    Absent,
    Null,
    False,
    True,
    /// A number, which follows.
    Number,
    /// A string, whose length follows.
    Text,
    /// A string of JSON, whose length follows.
    Json,
    /// JSON that is not of the documented type.
    Unexpected,
    /// A list, whose length follows.
    List,
    /// A value that is in neither the numbers nor the string.
    Value,
    /// An object of the first shape; the tags of the other shapes follow.
    Object,
}

impl Tag {
    #[expect(clippy::as_conversions, reason = "a number of one digit")]
    fn number(self) -> f64 {
        f64::from(self as u32)
    }
}

thread_local! {
    /// For each kind of object, its name and its fields' names in the order written.
    static SHAPES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The shape at this index: its name, and its fields' names.
pub fn shape(place: usize) -> String {
    SHAPES.with_borrow(|shapes| shapes.get(place).cloned()).unwrap_or_default()
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

fn shape_of(object: &dyn Object) -> String {
    let mut shape = object.name().to_owned();
    object.each_field(&mut |name, _| shape.extend([" ", name]));
    shape
}

/// Values written one after another.
pub struct Flat {
    numbers: Vec<f64>,
    text: String,
    keys: Vec<Zeroizing<String>>,
}

impl Flat {
    /// Marks strings that contain one of these keys: they are never printed.
    pub fn new(keys: Vec<Zeroizing<String>>) -> Self {
        Self { numbers: Vec::new(), text: String::new(), keys }
    }

    pub fn parts(&self) -> (&[f64], &str) {
        (&self.numbers, &self.text)
    }

    pub fn known_keys(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.as_str()).collect()
    }

    #[inline(never)]
    pub fn tag(&mut self, tag: Tag) {
        self.numbers.push(tag.number());
    }

    pub fn absent(&mut self) {
        self.tag(Tag::Absent);
    }

    #[inline(never)]
    pub fn bool(&mut self, value: bool) {
        self.tag(if value { Tag::True } else { Tag::False });
    }

    #[inline(never)]
    pub fn number(&mut self, value: f64) {
        self.head(Tag::Number, value);
    }

    #[inline(never)]
    pub fn text(&mut self, value: &str) {
        self.chars(Tag::Text, value);
    }

    #[inline(never)]
    pub fn json(&mut self, value: &Json) {
        self.chars(Tag::Json, value.as_str());
    }

    /// The head of a list; its values follow.
    #[inline(never)]
    pub fn list(&mut self, length: usize) {
        self.head(Tag::List, length_number(length));
    }

    /// Reserves room for `page` keys at most: the memory of a module never shrinks.
    pub fn keys<'a>(&mut self, keys: impl ExactSizeIterator<Item = &'a Key>, page: usize) {
        /// For a key of the usual size.
        const NUMBERS: usize = 50;
        const TEXT: usize = 400;
        let room = keys.len().min(page);
        self.numbers.reserve(room.saturating_mul(NUMBERS));
        self.text.reserve(room.saturating_mul(TEXT));
        self.list(keys.len());
        for key in keys {
            self.object(key);
        }
    }

    #[inline(never)]
    pub fn object(&mut self, object: &dyn Object) {
        let name = object.name();
        let is_it = |shape: &String| shape.split(' ').next() == Some(name);
        let known = SHAPES.with_borrow(|shapes| shapes.iter().position(is_it));
        let place = known.unwrap_or_else(|| place_of(shape_of(object)));
        self.numbers.push(shape_tag(place));
        object.each_field(&mut |_, value| self.value_ref(&value));
        self.extra(object.unknown_fields());
    }

    #[inline(never)]
    pub fn value_ref(&mut self, value: &ValueRef<'_>) {
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

    /// The fields that this version does not know, which end an object.
    #[inline(never)]
    pub fn extra(&mut self, extra: &Extra) {
        self.numbers.push(length_number(extra.len()));
        for (name, value) in extra.iter() {
            self.text(name);
            self.json(value);
        }
    }

    /// Begins an object whose fields are written one by one; see [`end`](Self::end).
    pub fn begin(&mut self) -> usize {
        let at = self.numbers.len();
        self.absent();
        at
    }

    /// Ends the object that began at this index, after its last field or [`extra`](Self::extra).
    #[inline(never)]
    pub fn end(&mut self, at: usize, shape: String, has_extra: bool) {
        if !has_extra {
            self.numbers.push(0.0);
        }
        let place = place_of(shape);
        if let Some(tag) = self.numbers.get_mut(at) {
            *tag = shape_tag(place);
        }
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
