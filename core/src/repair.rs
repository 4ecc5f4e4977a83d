//! Reading JSON whose one odd token must not cost the rest.
//!
//! serde cannot step over a number beyond the range of a double, over half of a
//! surrogate pair, or over bytes that are no UTF-8: it gives up on the whole
//! text. Only a text that was refused is looked at here: such tokens become
//! strings or U+FFFD, and the text is read once more.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Reads JSON, a second time after a repair if the first time failed on a token
/// that can be repaired.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    parse_with(body, |text| serde_json::from_slice(text))
}

/// The same with a reader of the caller's, which may run twice.
pub(crate) fn parse_with<T>(
    body: &[u8],
    mut read: impl FnMut(&[u8]) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    read(body).or_else(|error| match repaired(body) {
        Some(text) => read(text.as_bytes()),
        None => Err(error),
    })
}

/// Whether there may be anything to repair, in one pass without a copy: most
/// texts that are refused are no JSON at all.
fn is_candidate(body: &[u8]) -> bool {
    const LONGEST_FINITE: usize = 300;
    let mut digits: usize = 0;
    let mut last = b' ';
    let mut seen = std::str::from_utf8(body).is_err() || body.starts_with(b"\xef\xbb\xbf");
    for &byte in body {
        let is_exponent = matches!(byte, b'e' | b'E') && last.is_ascii_digit();
        let is_escape = byte == b'u' && last == b'\\';
        let is_name = matches!((last, byte), (b'N', b'a') | (b'I', b'n'));
        digits = if byte.is_ascii_digit() { digits.saturating_add(1) } else { 0 };
        seen |= is_exponent || is_escape || is_name || digits > LONGEST_FINITE;
        last = byte;
    }
    seen
}

/// The repaired text, if there was anything to repair.
fn repaired(body: &[u8]) -> Option<String> {
    if !is_candidate(body) {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let mut changed = matches!(text, Cow::Owned(_));
    let mut rest = match text.strip_prefix('\u{feff}') {
        Some(without_bom) => {
            changed = true;
            without_bom
        }
        None => &text,
    };
    let mut out = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '"' => rest.split_at(string_end(rest)),
            c if is_word(c) => rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => rest.split_at(c.len_utf8()),
        };
        rest = after;
        match first {
            '"' => changed |= push_string(&mut out, token),
            _ if is_beyond_double(token) => {
                changed = true;
                out.extend(["\"", token, "\""]);
            }
            _ => out.push_str(token),
        }
    }
    changed.then_some(out)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// `1e999`, and the names that other writers use for what JSON cannot say.
fn is_beyond_double(token: &str) -> bool {
    let is_number = token.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    matches!(token, "NaN" | "Infinity" | "-Infinity")
        || is_number
            && token.parse::<f64>().is_ok_and(f64::is_infinite)
            && !token.ends_with(char::is_alphabetic)
}

/// Where the string that `text` begins with ends, its closing quote included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// Copies a string token; tells whether a lone surrogate was replaced.
fn push_string(out: &mut String, token: &str) -> bool {
    let mut changed = false;
    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (keep, length) = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => (true, 12),
            (Some(_), _) => (false, 6),
            // A plain escape, whose second character may be a backslash.
            (None, _) => (true, escape.chars().take(2).map(char::len_utf8).sum()),
        };
        let (escape, after) = escape.split_at(length.min(escape.len()));
        out.push_str(if keep { escape } else { "\\ufffd" });
        changed |= !keep;
        rest = after;
    }
    out.push_str(rest);
    changed
}

enum Half {
    High,
    Low,
}

/// Which half of a surrogate pair the text's leading `\uXXXX` stands for.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{parse, repaired};

    #[test]
    fn a_token_that_serde_cannot_step_over_becomes_one_that_it_can() {
        let body = b"\xef\xbb\xbf{\"a\":1e999,\"b\":\"\\ud800x\",\"c\":NaN,\"d\":\"\\ud83d\\ude00\\\\\",\"e\":-1e400}";
        assert_eq!(
            parse::<Value>(body).unwrap(),
            json!({"a": "1e999", "b": "\u{fffd}x", "c": "NaN", "d": "\u{1F600}\\", "e": "-1e400"})
        );
        let long = format!("[1{}]", "0".repeat(310));
        assert_eq!(
            parse::<Value>(long.as_bytes()).unwrap(),
            json!([long.trim_matches(['[', ']'])])
        );
        assert_eq!(parse::<Value>(b"[\"\xff\"]").unwrap(), json!(["\u{fffd}"]));
        assert_eq!(parse::<Value>(b"[\"\\udc00\\ud800\"]").unwrap(), json!(["\u{fffd}\u{fffd}"]));
    }

    #[test]
    fn what_is_no_json_stays_no_json() {
        for body in [
            "{",
            "{a:1}",
            "{} trailing",
            "[1,]",
            "\"\\",
            "\"\\u",
            "<html>",
            "",
            "[1e]",
            "[infinity]",
        ] {
            assert!(parse::<Value>(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn sound_json_is_left_alone(text in any::<String>(), number in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            let json = json!({"text": text, "list": [number, null, true]}).to_string();
            prop_assert_eq!(repaired(json.as_bytes()), None);
        }

        #[test]
        fn any_bytes_are_repaired_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = repaired(&bytes);
        }

        #[test]
        fn any_text_of_json_tokens_is_repaired_without_a_panic(text in r#"[\\"ud8Ce0-9NaI{}\[\],:.+é-]{0,40}"#) {
            let _ = repaired(text.as_bytes());
        }
    }
}
