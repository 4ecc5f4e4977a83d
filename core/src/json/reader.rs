//! From JSON text to answers.
//!
//! An answer is money: one token that a strict reader cannot step over (half of
//! a surrogate pair, a number beyond a double, `NaN`) must not cost the rest.
//! This reader takes such tokens for what they are and refuses everything else
//! that is no JSON. It keeps what it read before an error, reads the documented
//! fields without an intermediate form, and does not recurse over the text.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::lenient::unescape;
use super::scan::{behind, is_number, is_of_word, plain};
use crate::types::{DecodeError, DecodeErrorKind, Json};

/// How many values of a list are read. In memory an empty row is far larger
/// than on the wire, so that a small body could fill the memory.
const MOST_ITEMS: usize = 10_000;

/// Reads the text of an answer from its beginning to its end.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// An object that is being read. It has what was read even if the rest cannot
/// be.
pub(crate) trait Target {
    /// The names of the documented fields, in the order in which they mostly
    /// come.
    fn names(&self) -> &'static [&'static str];

    /// Reads the value of the field that has this place among the names. Of one
    /// that is repeated, the last counts.
    fn field(&mut self, place: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// Keeps a field that is not documented.
    fn unknown(&mut self, name: String, json: Json);
}

/// Reads an object from a JSON text that another reader delivers.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Target + Default,
{
    let json = Json::deserialize(deserializer)?;
    let mut object = T::default();
    Reader::new(json.as_str()).document(&mut object).map_err(D::Error::custom)?;
    Ok(object)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    /// Reads the whole text, which is to be an object.
    pub(crate) fn document(&mut self, target: &mut dyn Target) -> Result<(), DecodeError> {
        if self.begins(b'{') {
            self.object(target)?;
            return self.end();
        }
        // What is no JSON at all is told as such.
        if !self.begins(b'[') {
            self.raw()?;
        }
        Err(self.error(DecodeErrorKind::WrongType))
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    /// Whether the next value begins with this.
    pub(crate) fn begins(&mut self, first: u8) -> bool {
        self.space() == Some(first)
    }

    /// Reads an object, whose bracket comes next.
    pub(crate) fn object(&mut self, target: &mut dyn Target) -> Result<(), DecodeError> {
        let names = target.names();
        self.step();
        let (mut expected, mut is_first) = (0, true);
        while self.item(is_first, b'}')? {
            is_first = false;
            if !self.is_at_name(names.get(expected)) {
                let name = self.name()?;
                let Some(place) = names.iter().position(|known| *known == name) else {
                    target.unknown(name.into_owned(), self.json()?);
                    continue;
                };
                expected = place;
            }
            target.field(expected, self)?;
            expected = expected.saturating_add(1);
        }
        Ok(())
    }

    /// Reads a list, whose bracket comes next.
    pub(crate) fn list(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.step();
        let mut items: usize = 0;
        while self.item(items == 0, b']')? {
            if items >= MOST_ITEMS {
                return Err(self.error(DecodeErrorKind::WrongType));
            }
            read(self)?;
            items = items.saturating_add(1);
        }
        Ok(())
    }

    /// The one value that a whole text is.
    pub(crate) fn whole(text: &'a str) -> Result<Json, DecodeError> {
        let mut reader = Self::new(text);
        let json = reader.json()?;
        reader.end()?;
        Ok(json)
    }

    /// Nothing may follow but space.
    pub(crate) fn end(&mut self) -> Result<(), DecodeError> {
        match self.space() {
            None => Ok(()),
            Some(_) => Err(self.error(DecodeErrorKind::Syntax)),
        }
    }

    /// A string, without its escapes.
    pub(crate) fn text(&mut self) -> Result<String, DecodeError> {
        match self.space() {
            Some(b'"') => self.string().map(Cow::into_owned),
            _ => Err(self.error(DecodeErrorKind::WrongType)),
        }
    }

    /// Any value, as it stands in the text.
    pub(crate) fn raw(&mut self) -> Result<&'a str, DecodeError> {
        self.space();
        let start = self.at;
        // What closes the lists and objects that are open.
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

    /// Steps over a comma to the next item, or over the closing bracket.
    fn item(&mut self, is_first: bool, close: u8) -> Result<bool, DecodeError> {
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

    /// Steps over this name and its colon, if that is what follows.
    fn is_at_name(&mut self, name: Option<&&str>) -> bool {
        let colon = || behind(self.rest()?.strip_prefix(b"\"")?, name?.as_bytes());
        let Some(rest) = colon().and_then(|colon| colon.strip_prefix(b"\":")) else {
            return false;
        };
        self.at = self.text.len().saturating_sub(rest.len());
        true
    }

    /// The name of a field, with the colon behind it.
    fn name(&mut self) -> Result<Cow<'a, str>, DecodeError> {
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
    fn string(&mut self) -> Result<Cow<'a, str>, DecodeError> {
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

    /// What follows a backslash.
    fn escape(&mut self) -> Result<(), DecodeError> {
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

    /// Steps over this literal, if that is what follows.
    fn literal(&mut self, literal: &str) -> bool {
        let behind = self.at.saturating_add(literal.len());
        let is_it = self.rest().is_some_and(|rest| rest.starts_with(literal.as_bytes()))
            && !self.byte(behind).is_some_and(is_of_word);
        if is_it {
            self.at = behind;
        }
        is_it
    }

    /// A number or a literal.
    fn word(&mut self) -> Result<&'a str, DecodeError> {
        let start = self.at;
        self.skip(is_of_word);
        let word = self.since(start);
        // The names are what other writers use for what JSON cannot say.
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

    /// Steps over space; the byte behind it.
    fn space(&mut self) -> Option<u8> {
        match self.peek() {
            Some(..=b' ') => self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')),
            other => other,
        }
    }

    /// Steps over what is of a kind; the byte behind it.
    fn skip(&mut self, is_it: impl Fn(u8) -> bool) -> Option<u8> {
        let rest = self.rest().unwrap_or_default();
        let length = rest.iter().position(|byte| !is_it(*byte)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(length).copied()
    }

    fn rest(&self) -> Option<&'a [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn unexpected(&self) -> DecodeError {
        self.error(match self.peek() {
            None => DecodeErrorKind::Truncated,
            Some(_) => DecodeErrorKind::Syntax,
        })
    }

    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        let read = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let mut lines = read.split(|byte| *byte == b'\n');
        let line = lines.clone().count();
        let column = lines.next_back().map_or(0, <[u8]>::len).saturating_add(1);
        DecodeError::at("$", kind).with_position(line, column)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::lenient::repaired;
    use super::super::scan::plain;
    use super::Reader;
    use crate::types::{DecodeErrorKind, Field, Json};

    /// The value as serde reads what this reader kept of it.
    fn read(text: &str) -> Option<Value> {
        let mut reader = Reader::new(text);
        let raw = reader.raw().ok()?;
        reader.end().ok()?;
        Some(serde_json::from_str(Json::received(raw).as_str()).unwrap())
    }

    #[test]
    fn a_token_that_a_strict_reader_cannot_step_over_becomes_one_that_it_can() {
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
    fn what_is_no_json_stays_no_json() {
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
    fn a_word_that_could_go_on_behind_the_end_is_cut_off_and_any_other_is_wrong() {
        use DecodeErrorKind::{Syntax, Truncated};
        for (text, kind, column) in [
            ("[tru", Truncated, 5),
            ("[-Inf", Truncated, 6),
            ("[-", Truncated, 3),
            ("[1.", Truncated, 4),
            ("[2e+", Truncated, 5),
            ("[nope", Syntax, 2),
            ("[1.2.", Syntax, 2),
            ("[tru]", Syntax, 2),
            ("[1.,", Syntax, 2),
        ] {
            let refused = Reader::new(text).raw().unwrap_err();
            assert_eq!((refused.kind(), refused.position()), (kind, Some((1, column))), "{text}");
        }
    }

    #[test]
    fn a_million_brackets_are_kept_without_recursion() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(Reader::new(&deep).raw().unwrap(), deep);
    }

    proptest! {
        #[test]
        fn any_sound_json_is_read_to_the_same_value(value in super::tests::values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(Reader::new(&text).raw().unwrap(), &text);
            prop_assert_eq!(read(&text), Some(value));
        }

        #[test]
        fn any_text_of_json_tokens_is_taken_or_refused_as_serde_does(text in r#"([\[\]{},: \n]|"[a\\\\"u0-9/]{0,3}"|-?[0-9]{1,3}(\.[0-9]?)?([eE][+-]?[0-9]?)?|true|null|fals){0,9}"#) {
            // `1`, `e1` and `000` make a number that serde does not take.
            prop_assume!(repaired(&text).is_none());
            let by_serde: Option<Value> = serde_json::from_str(&text).ok();
            // Half a surrogate pair cannot be made of these characters.
            prop_assert_eq!(read(&text), by_serde);
        }

        #[test]
        fn a_string_ends_at_the_same_byte_whether_one_or_eight_are_looked_at_at_once(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x1e_u8..0x24, Just(b'\\'), Just(0xa2)], 0..40)) {
            let ends = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
            prop_assert_eq!(plain(&bytes), bytes.iter().position(ends).unwrap_or(bytes.len()));
        }

        #[test]
        fn a_number_field_takes_the_numbers_of_json_and_ends_where_they_do(text in r"-?[0-9]{1,17}(\.[0-9]{0,4})?([eE][+-]?[0-9]{1,3})?", behind in "[,} xE.]?") {
            let whole = format!("{text}{behind}");
            let mut reader = Reader::new(&whole);
            let read = reader.number_field();
            let glued = matches!(behind.as_str(), "x" | "E" | ".");
            match serde_json::from_str::<f64>(&text) {
                Ok(_) if !glued => {
                    prop_assert_eq!(read.unwrap(), Field::Value(text.parse().unwrap()));
                    prop_assert_eq!(reader.at, text.len());
                }
                // Beyond a double.
                Err(_) if matches!(read, Ok(Field::Odd(_))) => prop_assert!(text.parse::<f64>().unwrap().is_infinite()),
                _ => prop_assert!(read.is_err(), "{:?}", read),
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in r#"[\\"ud8Ce0-9NaI{}\[\],:.+é \u{0}-]{0,40}"#) {
            let _ = read(&text);
        }
    }

    pub(super) fn values() -> impl Strategy<Value = Value> {
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
