//! A lenient JSON reader: one token that a strict parser rejects never costs the rest.
//!
//! Uses nothing of this crate.

mod big;
mod lenient;
mod number;
mod reader;
mod scan;
mod syntax_error;

pub use lenient::{closed, is_whole_string, repaired, string_end, text_of, unescape};
pub use number::{float, short};
pub use reader::ObjectVisitor;
pub use reader::Reader;
pub use scan::is_of_word;
pub use syntax_error::{SyntaxError, SyntaxErrorKind};
