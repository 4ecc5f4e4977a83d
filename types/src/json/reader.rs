//! Reads responses from JSON.
//!
//! A response is money: one token that a strict parser rejects (half of a surrogate pair, a
//! number beyond a double, `NaN`) must not lose the rest. This reader accepts such tokens and
//! rejects everything else that is not JSON. It keeps what it read before an error, reads the
//! documented fields without an intermediate form, and does not recurse. serde's `RawValue`
//! decodes 100 keys 2.4 times slower and adds 22 to 36 KB to the npm package's module.

use std::borrow::Cow;

use super::lenient::unescape;
use super::scan::{behind, is_number, is_of_word, plain};
use super::syntax_error::{SyntaxError, SyntaxErrorKind};

/// How many values of a list are read. An empty row is far larger in memory than on the wire, so a
/// small body could fill the memory.
const MOST_ITEMS: usize = 10_000;

/// Reads a response from start to end.
pub struct Reader<'a> {
    text: &'a str,
    pub at: usize,
}

/// An object that is being read. It keeps what was read even if the rest is unreadable.
pub trait ObjectVisitor {
    /// The names of the documented fields, in their usual order.
    fn names(&self) -> &'static [&'static str];

    /// Reads the value of the field at this place among the names. If a field is repeated, the last
    /// value counts.
    fn field(&mut self, place: usize, reader: &mut Reader<'_>) -> Result<(), SyntaxError>;

    /// Keeps an undocumented field.
    fn unknown(&mut self, name: String, raw: &str);
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    /// Reads the whole document, which must be an object.
    pub fn document(&mut self, target: &mut dyn ObjectVisitor) -> Result<(), SyntaxError> {
        if self.begins(b'{') {
            self.object(target)?;
            return self.end();
        }
        // A body that is not JSON at all must be reported as such.
        if !self.begins(b'[') {
            self.raw()?;
        }
        Err(self.error(SyntaxErrorKind::WrongType))
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    /// Whether the next value begins with this.
    pub fn begins(&mut self, first: u8) -> bool {
        self.space() == Some(first)
    }

    /// Reads an object; its opening bracket comes next.
    pub fn object(&mut self, target: &mut dyn ObjectVisitor) -> Result<(), SyntaxError> {
        let names = target.names();
        self.step();
        let (mut expected, mut is_first) = (0, true);
        while self.item(is_first, b'}')? {
            is_first = false;
            if !self.is_at_name(names.get(expected)) {
                let name = self.name()?;
                let Some(place) = names.iter().position(|known| *known == name) else {
                    let name = name.into_owned();
                    target.unknown(name, self.raw()?);
                    continue;
                };
                expected = place;
            }
            target.field(expected, self)?;
            expected = expected.saturating_add(1);
        }
        Ok(())
    }

    /// Reads a list; its opening bracket comes next.
    pub fn list(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        self.step();
        let mut items: usize = 0;
        while self.item(items == 0, b']')? {
            if items >= MOST_ITEMS {
                return Err(self.error(SyntaxErrorKind::WrongType));
            }
            read(self)?;
            items = items.saturating_add(1);
        }
        Ok(())
    }

    /// Checks that only white space follows.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        match self.space() {
            None => Ok(()),
            Some(_) => Err(self.error(SyntaxErrorKind::Invalid)),
        }
    }

    /// A string, unescaped.
    pub fn text(&mut self) -> Result<String, SyntaxError> {
        match self.space() {
            Some(b'"') => self.string().map(Cow::into_owned),
            _ => Err(self.error(SyntaxErrorKind::WrongType)),
        }
    }

    /// Any value, exactly as written.
    pub fn raw(&mut self) -> Result<&'a str, SyntaxError> {
        self.space();
        let start = self.at;
        // The closing brackets of the open lists and objects.
        let mut open = Vec::new();
        loop {
            let begun = match self.space() {
                Some(b'{') => Some(b'}'),
                Some(b'[') => Some(b']'),
                Some(b'"') => {
                    self.string()?;
                    None
                }
                _ => {
                    self.word()?;
                    None
                }
            };
            let mut is_first = begun.is_some();
            if begun.is_some() {
                self.step();
            }
            open.extend(begun);
            loop {
                let Some(close) = open.last().copied() else {
                    return Ok(self.since(start));
                };
                if self.item(is_first, close)? {
                    if close == b'}' {
                        self.name()?;
                    }
                    break;
                }
                open.pop();
                is_first = false;
            }
        }
    }

    /// Steps over a comma to the next item, or over the closing bracket; returns whether there is
    /// an item.
    fn item(&mut self, is_first: bool, close: u8) -> Result<bool, SyntaxError> {
        match self.space() {
            Some(next) if next == close => {
                self.step();
                return Ok(false);
            }
            Some(_) if is_first => return Ok(true),
            Some(b',') => self.step(),
            _ => return Err(self.unexpected()),
        }
        match self.space() {
            Some(next) if next != close => Ok(true),
            _ => Err(self.unexpected()),
        }
    }

    /// Steps over this name and its colon, if they come next.
    fn is_at_name(&mut self, name: Option<&&str>) -> bool {
        let colon = || behind(self.rest()?.strip_prefix(b"\"")?, name?.as_bytes());
        let Some(rest) = colon().and_then(|colon| colon.strip_prefix(b"\":")) else {
            return false;
        };
        self.at = self.text.len().saturating_sub(rest.len());
        true
    }

    /// Reads the name of a field and the colon after it.
    fn name(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        if self.space() != Some(b'"') {
            return Err(self.unexpected());
        }
        let name = self.string()?;
        if self.space() != Some(b':') {
            return Err(self.unexpected());
        }
        self.step();
        Ok(name)
    }

    /// A string without its quotes and escapes.
    pub fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.step();
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at = self.at.saturating_add(self.rest().map_or(0, plain));
            match self.peek() {
                Some(b'"') => {
                    let raw = self.since(start);
                    self.step();
                    return Ok(if has_escapes { unescape(raw).into() } else { raw.into() });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.step();
                    self.escape()?;
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// The rest of an escape, after the backslash.
    fn escape(&mut self) -> Result<(), SyntaxError> {
        let digits = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.unexpected()),
        };
        self.step();
        for _ in 0..digits {
            if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.unexpected());
            }
            self.step();
        }
        Ok(())
    }

    /// Steps over this literal, if it comes next.
    pub fn literal(&mut self, literal: &str) -> bool {
        let behind = self.at.saturating_add(literal.len());
        let is_it = self.rest().is_some_and(|rest| rest.starts_with(literal.as_bytes()))
            && !self.byte(behind).is_some_and(is_of_word);
        if is_it {
            self.at = behind;
        }
        is_it
    }

    /// A number or a literal.
    pub fn word(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        self.skip(is_of_word);
        let word = self.since(start);
        // Other writers use the last three names for numbers that JSON does not have.
        let names = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];
        if is_number(word) || names.contains(&word) {
            return Ok(word);
        }
        let may_go_on =
            names.iter().any(|name| name.starts_with(word)) || is_number(&format!("{word}0"));
        if self.peek().is_some() || !may_go_on {
            self.at = start;
        }
        Err(self.unexpected())
    }

    /// Steps over white space; returns the next byte.
    pub fn space(&mut self) -> Option<u8> {
        match self.peek() {
            Some(..=b' ') => self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')),
            other => other,
        }
    }

    /// Steps over bytes of a kind; returns the next byte.
    fn skip(&mut self, is_it: impl Fn(u8) -> bool) -> Option<u8> {
        let rest = self.rest().unwrap_or_default();
        let length = rest.iter().position(|byte| !is_it(*byte)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(length).copied()
    }

    pub fn rest(&self) -> Option<&'a [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    pub fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn unexpected(&self) -> SyntaxError {
        self.error(match self.peek() {
            None => SyntaxErrorKind::Truncated,
            Some(_) => SyntaxErrorKind::Invalid,
        })
    }

    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        let read = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let mut lines = read.split(|byte| *byte == b'\n');
        let line = lines.clone().count();
        let column = lines.next_back().map_or(0, <[u8]>::len).saturating_add(1);
        SyntaxError { kind, line, column }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::lenient::repaired;
    use super::super::scan::plain;
    use super::super::syntax_error::SyntaxErrorKind;
    use super::Reader;

    /// The value as serde reads it from what this reader kept.
    fn read(text: &str) -> Option<Value> {
        let mut reader = Reader::new(text);
        let raw = reader.raw().ok()?;
        reader.end().ok()?;
        Some(serde_json::from_str(repaired(raw).as_deref().unwrap_or(raw)).unwrap())
    }

    #[test]
    fn a_token_that_a_strict_reader_rejects_becomes_one_that_it_accepts() {
        let text = "\u{feff}{\"a\":1e999,\"b\":\"\\ud800x\",\"c\":NaN,\"d\":\"\\ud83d\\ude00\\\\\",\"e\":-1e400,\"f\":-Infinity}";
        assert_eq!(
            read(text).unwrap(),
            json!({"a": "1e999", "b": "\u{fffd}x", "c": "NaN", "d": "\u{1F600}\\", "e": "-1e400", "f": "-Infinity"})
        );
        let long = format!("[1{}]", "0".repeat(310));
        assert_eq!(read(&long).unwrap(), json!([long.trim_matches(['[', ']'])]));
        assert_eq!(read(r#"["\udc00\ud800"]"#).unwrap(), json!(["\u{fffd}\u{fffd}"]));
    }

    #[test]
    fn invalid_json_is_still_rejected() {
        for text in [
            "{",
            "}",
            "{a:1}",
            "{} trailing",
            "[1,]",
            "{\"a\":1,}",
            "[,1]",
            "{,}",
            "[1 2]",
            "\"\\",
            "\"\\u",
            "\"\\u12g4\"",
            "\"\\x\"",
            "\"a\nb\"",
            "<html>",
            "",
            " ",
            "[1e]",
            "[infinity]",
            "[01]",
            "[.5]",
            "[1.]",
            "[+1]",
            "[--1]",
            "[1e+]",
            "nul",
            "[tru]",
            "{\"a\"}",
            "{\"a\" 1}",
            "{1:2}",
            "[1}",
            "{\"a\":1]",
            "'a'",
            "[Nan]",
        ] {
            assert_eq!(read(text), None, "{text}");
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_could_continue_past_the_end_is_truncated_and_any_other_is_invalid() {
        use SyntaxErrorKind::{Invalid, Truncated};
        for (text, kind, column) in [
            ("[tru", Truncated, 5),
            ("[-Inf", Truncated, 6),
            ("[-", Truncated, 3),
            ("[1.", Truncated, 4),
            ("[2e+", Truncated, 5),
            ("[nope", Invalid, 2),
            ("[1.2.", Invalid, 2),
            ("[tru]", Invalid, 2),
            ("[1.,", Invalid, 2),
        ] {
            let refused = Reader::new(text).raw().unwrap_err();
            assert_eq!((refused.kind, refused.line, refused.column), (kind, 1, column), "{text}");
        }
    }

    #[test]
    fn a_million_brackets_are_kept_without_recursion() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(Reader::new(&deep).raw().unwrap(), deep);
    }

    proptest! {
        #[test]
        fn any_valid_json_is_read_to_the_same_value(value in super::tests::values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(Reader::new(&text).raw().unwrap(), &text);
            prop_assert_eq!(read(&text), Some(value));
        }

        #[test]
        fn any_string_of_json_tokens_is_accepted_or_rejected_as_by_serde(text in r#"([\[\]{},: \n]|"[a\\\\"u0-9/]{0,3}"|-?[0-9]{1,3}(\.[0-9]?)?([eE][+-]?[0-9]?)?|true|null|fals){0,9}"#) {
            // `1`, `e1` and `000` combine to a number that serde rejects.
            prop_assume!(repaired(&text).is_none());
            let by_serde: Option<Value> = serde_json::from_str(&text).ok();
            // These characters cannot form half a surrogate pair.
            prop_assert_eq!(read(&text), by_serde);
        }

        #[test]
        fn a_string_ends_at_the_same_byte_whether_one_or_eight_are_checked_at_once(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x1e_u8..0x24, Just(b'\\'), Just(0xa2)], 0..40)) {
            let ends = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
            prop_assert_eq!(plain(&bytes), bytes.iter().position(ends).unwrap_or(bytes.len()));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in r#"[\\"ud8Ce0-9NaI{}\[\],:.+é \u{0}-]{0,40}"#) {
            let _ = read(&text);
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
