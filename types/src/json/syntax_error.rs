//! Why a document cannot be read as JSON, and where the reader stopped.

use std::fmt;

/// An error of the reader. It has a position, but no part of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: SyntaxErrorKind,
    /// Counted from 1, like `column`, which counts bytes.
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// Not JSON.
    Invalid,
    /// Truncated JSON.
    Truncated,
    /// JSON of the wrong type, or with too many items.
    WrongType,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SyntaxErrorKind::Invalid => "invalid JSON",
            SyntaxErrorKind::Truncated => "truncated JSON",
            SyntaxErrorKind::WrongType => "a value of the wrong type",
        })?;
        write!(f, " (line {}, column {})", self.line, self.column)
    }
}
