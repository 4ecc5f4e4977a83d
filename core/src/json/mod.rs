//! A lenient JSON reader: one token that a strict parser rejects never costs the rest.
//!
//! Uses nothing of this crate.

mod big;
mod lenient;
mod number;
mod reader;
mod scan;

pub(crate) use lenient::{closed, is_whole_string, repaired, string_end, text_of, unescape};
pub(crate) use number::{float, short};
pub use reader::Reader;
pub(crate) use reader::{Target, deserialize};
pub(crate) use scan::is_of_word;
