//! What each value of a reply begins with.
#![expect(clippy::float_cmp, reason = "wasm-bindgen compares whole numbers")]

use wasm_bindgen::prelude::wasm_bindgen;

/// What a value begins with; JavaScript has it from the glue.
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
    /// Values, whose number follows.
    List,
    /// A value of JavaScript's own, such as what a function threw.
    Value,
    /// An object of the first shape; those of the others follow.
    Object,
}

impl Tag {
    #[expect(clippy::as_conversions, reason = "a number of one digit")]
    pub(crate) fn number(self) -> f64 {
        f64::from(self as u32)
    }
}
