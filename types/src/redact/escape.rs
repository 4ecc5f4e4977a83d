//! Shows foreign strings in messages: on one line, and without the Unicode tables that `Debug`
//! pulls in.

use std::cmp::Ordering;
use std::fmt;

use super::mask;

/// The most characters of a value that a message shows: the longest name with a marker has 100.
const LONGEST_VALUE: usize = 100;
/// The most characters of a foreign sentence that a message shows.
const LONGEST_SENTENCE: usize = 500;

/// Shows a value in quotes on one line; if it is too long, its beginning and its length.
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars().take(LONGEST_VALUE) {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                _ => write_plain(f, char)?,
            }
        }
        write_end(f, self.0, LONGEST_VALUE, "\"")
    }
}

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows a sentence on one line; if it is too long, its beginning and its length.
pub struct OneLine<'a>(pub &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars().take(LONGEST_SENTENCE) {
            write_plain(f, char)?;
        }
        write_end(f, self.0, LONGEST_SENTENCE, "")
    }
}

impl fmt::Debug for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Closes a shown string, and says so if it was cut.
fn write_end(f: &mut fmt::Formatter<'_>, text: &str, shown: usize, quote: &str) -> fmt::Result {
    if text.chars().nth(shown).is_none() {
        return f.write_str(quote);
    }
    write!(f, "…{quote} ({} characters)", text.chars().count())
}

/// Lists the first ten values, with commas.
pub fn listed(f: &mut fmt::Formatter<'_>, values: &mut dyn Iterator<Item = String>) -> fmt::Result {
    const MOST: usize = 10;
    for (place, value) in (&mut *values).take(MOST).enumerate() {
        f.write_str(if place == 0 { "" } else { ", " })?;
        f.write_str(&value)?;
    }
    match values.count() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// Passes `{:#?}` of a structure through, with one value per line, and cuts lines that are too
/// long.
pub struct CutLines<'a, W> {
    to: &'a mut W,
    column: usize,
}

impl<'a, W: fmt::Write> CutLines<'a, W> {
    pub fn new(to: &'a mut W) -> Self {
        Self { to, column: 0 }
    }
}

impl<W: fmt::Write> fmt::Write for CutLines<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            self.column = if char == '\n' { 0 } else { self.column.saturating_add(1) };
            match self.column.cmp(&LONGEST_SENTENCE) {
                Ordering::Less => self.to.write_char(char)?,
                Ordering::Equal => self.to.write_char('…')?,
                Ordering::Greater => {}
            }
        }
        Ok(())
    }
}

/// Shows a string of any length on one line.
pub fn write_visible(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|char| write_plain(f, char))
}

/// Shows only a server's string: masked, on one line, with the formatter's padding.
pub fn write_foreign(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.pad(&OneLine(&mask::mask(text, &[])).to_string())
}

/// Writes invisible characters as their numbers: controls, format characters, blanks other than
/// a plain space, and characters that change the direction of writing.
fn write_plain(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    if char.is_control() || (char > '\u{7f}' && has(&HIDDEN, char)) {
        return write!(f, "\\u{{{:x}}}", u32::from(char));
    }
    fmt::Write::write_char(f, char)
}

/// How many columns a character takes in a terminal.
pub fn columns(char: char) -> usize {
    match char {
        '\0'..='\u{2ff}' => 1,
        _ if has(&COMBINING, char) => 0,
        _ if has(&WIDE, char) => 2,
        _ => 1,
    }
}

fn has(ranges: &[(char, char)], char: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&char))
}

/// Unicode 17: the categories Cf, Zl, Zp, Zs and Co, `Default_Ignorable_Code_Point`, noncharacters,
/// the planes without characters, and letters, marks and symbols that are invisible: blanks,
/// fillers, joiners, the null notehead.
const HIDDEN: [(char, char); 39] = [
    ('\u{a0}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{2d7f}', '\u{2d7f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{1107f}', '\u{1107f}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{13442}'),
    ('\u{16fe4}', '\u{16fe4}'),
    ('\u{1bc9d}', '\u{1bc9d}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{2fffe}', '\u{2ffff}'),
    ('\u{3fffe}', '\u{10ffff}'),
];

/// Combining marks of the scripts that most use them.
const COMBINING: [(char, char); 38] = [
    ('\u{300}', '\u{36f}'),
    ('\u{483}', '\u{489}'),
    ('\u{591}', '\u{5bd}'),
    ('\u{5bf}', '\u{5bf}'),
    ('\u{5c1}', '\u{5c2}'),
    ('\u{5c4}', '\u{5c5}'),
    ('\u{5c7}', '\u{5c7}'),
    ('\u{610}', '\u{61a}'),
    ('\u{64b}', '\u{65f}'),
    ('\u{670}', '\u{670}'),
    ('\u{6d6}', '\u{6dc}'),
    ('\u{6df}', '\u{6e4}'),
    ('\u{6e7}', '\u{6e8}'),
    ('\u{6ea}', '\u{6ed}'),
    ('\u{900}', '\u{902}'),
    ('\u{93a}', '\u{93a}'),
    ('\u{93c}', '\u{93c}'),
    ('\u{941}', '\u{948}'),
    ('\u{94d}', '\u{94d}'),
    ('\u{951}', '\u{957}'),
    ('\u{962}', '\u{963}'),
    ('\u{981}', '\u{981}'),
    ('\u{9bc}', '\u{9bc}'),
    ('\u{9c1}', '\u{9c4}'),
    ('\u{9cd}', '\u{9cd}'),
    ('\u{bcd}', '\u{bcd}'),
    ('\u{e31}', '\u{e31}'),
    ('\u{e34}', '\u{e3a}'),
    ('\u{e47}', '\u{e4e}'),
    ('\u{eb1}', '\u{eb1}'),
    ('\u{eb4}', '\u{ebc}'),
    ('\u{ec8}', '\u{ece}'),
    ('\u{1ab0}', '\u{1aff}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{20d0}', '\u{20f0}'),
    ('\u{302a}', '\u{302d}'),
    ('\u{3099}', '\u{309a}'),
    ('\u{fe20}', '\u{fe2f}'),
];

/// `East_Asian_Width` W and F (Unicode 17); ranges span gaps without characters.
const WIDE: [(char, char); 90] = [
    ('\u{1100}', '\u{115f}'),
    ('\u{231a}', '\u{231b}'),
    ('\u{2329}', '\u{232a}'),
    ('\u{23e9}', '\u{23ec}'),
    ('\u{23f0}', '\u{23f0}'),
    ('\u{23f3}', '\u{23f3}'),
    ('\u{25fd}', '\u{25fe}'),
    ('\u{2614}', '\u{2615}'),
    ('\u{2630}', '\u{2637}'),
    ('\u{2648}', '\u{2653}'),
    ('\u{267f}', '\u{267f}'),
    ('\u{268a}', '\u{268f}'),
    ('\u{2693}', '\u{2693}'),
    ('\u{26a1}', '\u{26a1}'),
    ('\u{26aa}', '\u{26ab}'),
    ('\u{26bd}', '\u{26be}'),
    ('\u{26c4}', '\u{26c5}'),
    ('\u{26ce}', '\u{26ce}'),
    ('\u{26d4}', '\u{26d4}'),
    ('\u{26ea}', '\u{26ea}'),
    ('\u{26f2}', '\u{26f3}'),
    ('\u{26f5}', '\u{26f5}'),
    ('\u{26fa}', '\u{26fa}'),
    ('\u{26fd}', '\u{26fd}'),
    ('\u{2705}', '\u{2705}'),
    ('\u{270a}', '\u{270b}'),
    ('\u{2728}', '\u{2728}'),
    ('\u{274c}', '\u{274c}'),
    ('\u{274e}', '\u{274e}'),
    ('\u{2753}', '\u{2755}'),
    ('\u{2757}', '\u{2757}'),
    ('\u{2795}', '\u{2797}'),
    ('\u{27b0}', '\u{27b0}'),
    ('\u{27bf}', '\u{27bf}'),
    ('\u{2b1b}', '\u{2b1c}'),
    ('\u{2b50}', '\u{2b50}'),
    ('\u{2b55}', '\u{2b55}'),
    ('\u{2e80}', '\u{303e}'),
    ('\u{3041}', '\u{3247}'),
    ('\u{3250}', '\u{4dbf}'),
    ('\u{4dc0}', '\u{a4c6}'),
    ('\u{a960}', '\u{a97c}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe10}', '\u{fe19}'),
    ('\u{fe30}', '\u{fe6b}'),
    ('\u{ff01}', '\u{ff60}'),
    ('\u{ffe0}', '\u{ffe6}'),
    ('\u{16fe0}', '\u{18dff}'),
    ('\u{1aff0}', '\u{1b2fb}'),
    ('\u{1d300}', '\u{1d356}'),
    ('\u{1d360}', '\u{1d376}'),
    ('\u{1f004}', '\u{1f004}'),
    ('\u{1f0cf}', '\u{1f0cf}'),
    ('\u{1f18e}', '\u{1f18e}'),
    ('\u{1f191}', '\u{1f19a}'),
    ('\u{1f200}', '\u{1f265}'),
    ('\u{1f300}', '\u{1f320}'),
    ('\u{1f32d}', '\u{1f335}'),
    ('\u{1f337}', '\u{1f37c}'),
    ('\u{1f37e}', '\u{1f393}'),
    ('\u{1f3a0}', '\u{1f3ca}'),
    ('\u{1f3cf}', '\u{1f3d3}'),
    ('\u{1f3e0}', '\u{1f3f0}'),
    ('\u{1f3f4}', '\u{1f3f4}'),
    ('\u{1f3f8}', '\u{1f43e}'),
    ('\u{1f440}', '\u{1f440}'),
    ('\u{1f442}', '\u{1f4fc}'),
    ('\u{1f4ff}', '\u{1f53d}'),
    ('\u{1f54b}', '\u{1f54e}'),
    ('\u{1f550}', '\u{1f567}'),
    ('\u{1f57a}', '\u{1f57a}'),
    ('\u{1f595}', '\u{1f596}'),
    ('\u{1f5a4}', '\u{1f5a4}'),
    ('\u{1f5fb}', '\u{1f64f}'),
    ('\u{1f680}', '\u{1f6c5}'),
    ('\u{1f6cc}', '\u{1f6cc}'),
    ('\u{1f6d0}', '\u{1f6d2}'),
    ('\u{1f6d5}', '\u{1f6d8}'),
    ('\u{1f6dc}', '\u{1f6df}'),
    ('\u{1f6eb}', '\u{1f6ec}'),
    ('\u{1f6f4}', '\u{1f6fc}'),
    ('\u{1f7e0}', '\u{1f7eb}'),
    ('\u{1f7f0}', '\u{1f7f0}'),
    ('\u{1f90c}', '\u{1f93a}'),
    ('\u{1f93c}', '\u{1f945}'),
    ('\u{1f947}', '\u{1f9ff}'),
    ('\u{1fa70}', '\u{1faff}'),
    ('\u{20000}', '\u{2fffd}'),
    ('\u{30000}', '\u{3fffd}'),
];

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::{CutLines, OneLine, Quoted, columns};

    fn is_shown(char: char) -> bool {
        OneLine(char.encode_utf8(&mut [0; 4])).to_string().starts_with(char)
    }

    #[test]
    fn an_unquoted_string_stays_on_one_line_and_is_cut() {
        assert_eq!(OneLine("a \"b\"\r\n\u{1b}[2J").to_string(), "a \"b\"\\u{d}\\u{a}\\u{1b}[2J");
        let text = OneLine(&"ä".repeat(60_000)).to_string();
        assert_eq!(text, format!("{}… (60000 characters)", "ä".repeat(500)));
    }

    #[test]
    fn a_long_value_is_shown_with_its_beginning_and_its_length() {
        let whole = "ä".repeat(100);
        assert_eq!(Quoted(&whole).to_string(), format!("\"{whole}\""));
        let cut = format!("{whole}é");
        assert_eq!(Quoted(&cut).to_string(), format!("\"{whole}…\" (101 characters)"));
    }

    #[test]
    fn each_line_is_cut_separately() {
        let mut text = String::new();
        let long = "x".repeat(10_000);
        write!(CutLines::new(&mut text), "a\n{long}\nb\n{long}").unwrap();
        let cut = format!("{}…", "x".repeat(499));
        assert_eq!(text, format!("a\n{cut}\nb\n{cut}"));
    }

    #[test]
    fn a_quoted_string_stays_on_one_line_and_within_its_quotes() {
        let quoted = Quoted("a\"b\\c\nd\u{202e}e\u{1F511}").to_string();
        assert_eq!(quoted, "\"a\\\"b\\\\c\\u{a}d\\u{202e}e\u{1F511}\"");
    }

    #[test]
    fn invisible_characters_are_written_as_their_numbers() {
        let lone = [
            0x7f, 0x85, 0xa0, 0xad, 0x34f, 0x61c, 0x6dd, 0x70f, 0x8e2, 0x115f, 0x1160, 0x1680,
            0x17b4, 0x17b5, 0x180e, 0x2028, 0x2029, 0x202f, 0x205f, 0x2800, 0x3000, 0x3164, 0xfeff,
            0xffa0, 0xfffe, 0xffff, 0x110bd, 0x110cd, 0x1d159, 0x1fffe, 0x2ffff, 0x2d7f, 0x1107f,
            0x1bc9d,
        ];
        let ranges = [
            (0, 0x1f),
            (0x80, 0x9f),
            (0x600, 0x605),
            (0x180b, 0x180f),
            (0x2000, 0x200f),
            (0x202a, 0x202e),
            (0x2060, 0x206f),
            (0xe000, 0xf8ff),
            (0xfdd0, 0xfdef),
            (0xfe00, 0xfe0f),
            (0xfff0, 0xfffb),
            (0x13430, 0x13442),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0xe0000, 0xe0fff),
            (0xf0000, 0x10_ffff),
        ];
        let all = ranges.iter().flat_map(|(first, last)| *first..=*last).chain(lone);
        for char in all.filter_map(char::from_u32) {
            let number = format!("\\u{{{:x}}}", u32::from(char));
            let text = char.to_string();
            assert_eq!(OneLine(&text).to_string(), number);
            assert_eq!(Quoted(&text).to_string(), format!("\"{number}\""));
        }
    }

    #[test]
    fn visible_characters_are_shown_unchanged() {
        // Compared with the standard library's tables: how `Debug` shows the character after
        // another.
        const BLANKS: [char; 10] = [
            '\u{2800}',
            '\u{2d7f}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{1107f}',
            '\u{13440}',
            '\u{13441}',
            '\u{13442}',
            '\u{1bc9d}',
            '\u{1d159}',
        ];
        for char in (0..=0x10_ffff).filter_map(char::from_u32) {
            let debugged = format!("{:?}", format!("a{char}"));
            let is_visible = debugged.contains(char) && !BLANKS.contains(&char);
            let is_filler = matches!(
                char,
                '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                    | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{16fe4}'
                    | '\u{e0100}'..='\u{e01ef}'
            );
            if is_visible && !is_filler {
                assert!(is_shown(char) || "\"\\".contains(char), "{:x}", u32::from(char));
            }
        }
    }

    #[test]
    fn a_wide_character_takes_two_columns_and_a_mark_none() {
        let width = |text: &str| text.chars().map(columns).sum::<usize>();
        for (text, expected) in [
            ("Kunde 42", 8),
            ("client é ü", 10),
            ("e\u{301}", 1),
            ("顧客", 4),
            ("고객", 4),
            ("ﾃｽﾄ", 3),
            ("テスト", 6),
            ("ＡＢ", 4),
            ("Ключ", 4),
            ("🔑", 2),
            ("✅ ok", 5),
            ("กุญแจ", 4),
            ("שָׁלוֹם", 4),
            ("€—…", 3),
            ("𠮷", 2),
        ] {
            assert_eq!(width(text), expected, "{text}");
        }
    }
}
