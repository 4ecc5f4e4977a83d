//! The tag that each value of a reply begins with.
#![expect(clippy::float_cmp, reason = "wasm-bindgen compares whole numbers")]

use openrouter_keys_core::internal::FlatTag;
use wasm_bindgen::prelude::wasm_bindgen;

/// The first number of each value; JavaScript gets the enum from the glue.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Tag {
    /// Nothing: the field is left out.
    Absent,
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
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
    /// A JavaScript value, such as what a function threw.
    Value,
    /// An object of the first shape; the tags of the other shapes follow.
    Object,
}

/// What the module writes and what JavaScript reads are the same numbers.
#[expect(clippy::as_conversions, reason = "constant discriminants")]
const _: () = {
    assert!(Tag::Absent as u32 == FlatTag::Absent as u32);
    assert!(Tag::Null as u32 == FlatTag::Null as u32);
    assert!(Tag::False as u32 == FlatTag::False as u32);
    assert!(Tag::True as u32 == FlatTag::True as u32);
    assert!(Tag::Number as u32 == FlatTag::Number as u32);
    assert!(Tag::Text as u32 == FlatTag::Text as u32);
    assert!(Tag::Json as u32 == FlatTag::Json as u32);
    assert!(Tag::Unexpected as u32 == FlatTag::Unexpected as u32);
    assert!(Tag::List as u32 == FlatTag::List as u32);
    assert!(Tag::Value as u32 == FlatTag::Value as u32);
    assert!(Tag::Object as u32 == FlatTag::Object as u32);
};
