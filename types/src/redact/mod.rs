//! Makes strings safe to print: masks API keys, escapes invisible characters.
//!
//! Uses: `json`.

mod escape;
mod mask;

pub use escape::{CutLines, OneLine, Quoted, columns, listed, write_foreign, write_visible};
pub use mask::{MASK, Masked, mask_cause, mask_json, percent_decoded};
pub use mask::{mask, shows_key};
