//! The tag that each value of a reply begins with.
#![expect(clippy::float_cmp, reason = "wasm-bindgen compares whole numbers")]

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

impl Tag {
    #[expect(clippy::as_conversions, reason = "a number of one digit")]
    pub(crate) fn number(self) -> f64 {
        f64::from(self as u32)
    }
}
