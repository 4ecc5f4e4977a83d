//! From JSON text to nodes.
//!
//! An answer is money: one token that a strict reader cannot step over (half of
//! a surrogate pair, a number beyond a double, `NaN`) must not cost the rest.
//! This reader takes such tokens for what they are and refuses everything else
//! that is no JSON. It keeps what it read before an error, reads the documented
//! fields without an intermediate form, and does not recurse over the text.

use std::borrow::Cow;

use crate::error::{DecodeError, DecodeErrorKind};
use crate::float::float;
use crate::json::Json;
use crate::node::{Fields, Kind, Node, ObjectNode};
use crate::repair::unescape;

/// How many values of a list are read. In memory an empty row is far larger
/// than on the wire, so that a small body could fill the memory.
const MOST_ITEMS: usize = 10_000;

pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    /// Reads an object into one that keeps what was read even if the rest
    /// cannot be.
    pub(crate) fn object(
        &mut self,
        fields: Fields,
        object: &mut ObjectNode,
    ) -> Result<(), DecodeError> {
        match self.space() {
            Some(b'{') => self.step(),
            Some(b'[') => return Err(self.error(DecodeErrorKind::WrongType)),
            _ => {
                self.raw()?;
                return Err(self.error(DecodeErrorKind::WrongType));
            }
        }
        // Fields mostly come in the order of the table.
        let mut expected = 0;
        let mut is_first = true;
        while self.item(is_first, b'}')? {
            is_first = false;
            if let Some(kind) = self.expected(fields.get(expected)) {
                object.fields.push((expected, self.value(kind)?));
                expected = expected.saturating_add(1);
                continue;
            }
            let name = self.name()?;
            match fields.iter().position(|(known, _)| *known == name) {
                Some(place) => {
                    let kind = fields.get(place).map_or(Kind::Any, |(_, kind)| *kind);
                    object.fields.push((place, self.value(kind)?));
                    expected = place.saturating_add(1);
                }
                None => object.extra.push(name.into_owned(), Json::received(self.raw()?)),
            }
        }
        Ok(())
    }

    /// Reads a value of this kind; one of another kind is odd, but no error.
    pub(crate) fn value(&mut self, kind: Kind) -> Result<Node, DecodeError> {
        match (kind, self.space()) {
            (Kind::Object(fields), Some(b'{')) => {
                let mut object = ObjectNode::default();
                self.object(fields, &mut object)?;
                Ok(Node::Object(object))
            }
            (Kind::List(kind), Some(b'[')) => self.list(*kind),
            (Kind::Text, Some(b'"')) => Ok(Node::Text(self.string()?.into_owned())),
            (_, Some(b'"' | b'{' | b'[')) => Ok(Node::Odd(Json::received(self.raw()?))),
            _ => Ok(scalar(kind, self.word()?)),
        }
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

    fn list(&mut self, kind: Kind) -> Result<Node, DecodeError> {
        self.step();
        let mut items = Vec::new();
        while self.item(items.is_empty(), b']')? {
            if items.len() >= MOST_ITEMS {
                return Err(self.error(DecodeErrorKind::WrongType));
            }
            let item = match (kind, items.last(), self.space()) {
                // Rows have mostly as many fields as the row before.
                (Kind::Object(fields), Some(Node::Object(last)), Some(b'{')) => {
                    let mut object = ObjectNode::default();
                    object.fields.reserve(last.fields.len());
                    self.object(fields, &mut object)?;
                    Node::Object(object)
                }
                _ => self.value(kind)?,
            };
            items.push(item);
        }
        Ok(Node::List(items))
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

    /// Steps over the name of this field and its colon, if that is what follows.
    fn expected(&mut self, field: Option<&(&str, Kind)>) -> Option<Kind> {
        let (name, kind) = field?;
        let rest = self.text.get(self.at..)?.strip_prefix('"')?;
        rest.strip_prefix(name)?.strip_prefix("\":")?;
        self.at = self.at.saturating_add(name.len()).saturating_add(3);
        Some(*kind)
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
            match self.skip(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')) {
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

    /// A number or a literal.
    fn word(&mut self) -> Result<&'a str, DecodeError> {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
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
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_it(*byte)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(length).copied()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
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

/// A number or a literal.
fn scalar(kind: Kind, raw: &str) -> Node {
    match (kind, raw) {
        (_, "null") => return Node::Null,
        (Kind::Bool, "true") => return Node::Bool(true),
        (Kind::Bool, "false") => return Node::Bool(false),
        (Kind::Whole, _) => {
            if let Ok(number) = raw.parse() {
                return Node::Whole(number);
            }
        }
        (Kind::Number, _) => {
            let number = float(raw);
            if number.is_finite() {
                return Node::Number(number);
            }
        }
        _ => {}
    }
    Node::Odd(Json::received(raw))
}

/// `-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(word: &str) -> bool {
    let bytes = word.as_bytes();
    let whole = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let Some(mut rest) = whole.strip_prefix(b"0").or_else(|| behind_digits(whole)) else {
        return false;
    };
    if let [b'.', fraction @ ..] = rest {
        let Some(behind) = behind_digits(fraction) else { return false };
        rest = behind;
    }
    match rest {
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            behind_digits(exponent).is_some_and(<[u8]>::is_empty)
        }
        _ => rest.is_empty(),
    }
}

/// What follows the digits, of which there has to be one.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(count..).filter(|_| count > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::Reader;
    use crate::error::DecodeErrorKind;
    use crate::json::Json;
    use crate::repair::repaired;

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
        fn any_sound_json_is_read_to_the_same_value(value in crate::reader::tests::values(), pretty in any::<bool>()) {
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
