//! A lenient JSON reader: one token that a strict parser rejects never costs the rest.
//!
//! Uses nothing of this crate.

mod big;
mod lenient;
mod number;
mod reader;
mod scan;
mod syntax_error;

pub(crate) use lenient::{closed, is_whole_string, repaired, string_end, text_of, unescape};
pub(crate) use number::{float, short};
pub(crate) use reader::ObjectVisitor;
pub(crate) use reader::Reader;
pub(crate) use scan::is_of_word;
pub(crate) use syntax_error::{SyntaxError, SyntaxErrorKind};
