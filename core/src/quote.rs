//! A text in quotes within a message, without the tables of Unicode that
//! `Debug` brings along.

use std::fmt;

/// Shows a text in quotes on one line.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars() {
            match char {
                '"' | '\\' => f.write_str(if char == '"' { "\\\"" } else { "\\\\" })?,
                // Controls, and what turns the direction of writing around.
                _ if char.is_control()
                    || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
                {
                    write!(f, "\\u{{{:x}}}", u32::from(char))?;
                }
                _ => fmt::Write::write_char(f, char)?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn a_text_stays_on_its_line_and_within_its_quotes() {
        let quoted = Quoted("a\"b\\c\nd\u{202e}e\u{1F511}").to_string();
        assert_eq!(quoted, "\"a\\\"b\\\\c\\u{a}d\\u{202e}e\u{1F511}\"");
    }
}
