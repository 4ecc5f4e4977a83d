//! Somebody else's text within a message: on one line, and without the tables of
//! Unicode that `Debug` brings along.

use std::fmt;

/// Shows a text in quotes on one line.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                _ => write_plain(f, char)?,
            }
        }
        f.write_str("\"")
    }
}

/// Shows a text without quotes on one line, and no more of it than a line holds.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 1000;
        for (at, char) in self.0.chars().enumerate() {
            if at == LONGEST {
                return f.write_str("…");
            }
            write_plain(f, char)?;
        }
        Ok(())
    }
}

/// Controls, and what turns the direction of writing around, as their numbers.
fn write_plain(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    let is_hidden = matches!(char, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if char.is_control() || is_hidden {
        return write!(f, "\\u{{{:x}}}", u32::from(char));
    }
    fmt::Write::write_char(f, char)
}

#[cfg(test)]
mod tests {
    use super::{OneLine, Quoted};

    #[test]
    fn a_text_without_quotes_stays_on_its_line_and_has_an_end() {
        assert_eq!(OneLine("a \"b\"\r\n\u{1b}[2J").to_string(), "a \"b\"\\u{d}\\u{a}\\u{1b}[2J");
        let text = OneLine(&"ä".repeat(60_000)).to_string();
        assert_eq!(text, format!("{}…", "ä".repeat(1000)));
    }

    #[test]
    fn a_text_stays_on_its_line_and_within_its_quotes() {
        let quoted = Quoted("a\"b\\c\nd\u{202e}e\u{1F511}").to_string();
        assert_eq!(quoted, "\"a\\\"b\\\\c\\u{a}d\\u{202e}e\u{1F511}\"");
    }
}
