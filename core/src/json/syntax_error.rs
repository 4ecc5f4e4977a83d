//! Why a document cannot be read as JSON, and where the reader stopped.

use std::fmt;

/// An error of the reader. It has a position, and no part of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub(crate) kind: SyntaxErrorKind,
    /// From 1, as `column`, which counts bytes.
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxErrorKind {
    /// Not JSON.
    Invalid,
    /// JSON that ends too early.
    Truncated,
    /// JSON of another type, or of more items, than the caller can read.
    WrongType,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SyntaxErrorKind::Invalid => "invalid JSON",
            SyntaxErrorKind::Truncated => "JSON that ends too early",
            SyntaxErrorKind::WrongType => "a value of another type",
        })?;
        write!(f, " (line {}, column {})", self.line, self.column)
    }
}
