//! Replaces JSON tokens that a strict reader rejects: half a surrogate pair becomes U+FFFD, a
//! number beyond a double a string.

use std::borrow::Cow;

use super::number::float;

/// The document with such tokens replaced; `None` if it has none.
pub fn repaired(text: &str) -> Option<String> {
    if !is_candidate(text.as_bytes()) {
        return None;
    }
    let mut changed = false;
    let mut rest = text;
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

/// Whether there may be anything to replace, in one pass without a copy.
fn is_candidate(text: &[u8]) -> bool {
    const LONGEST_FINITE: usize = 300;
    let mut digits: usize = 0;
    let mut last = b' ';
    let mut seen = false;
    for &byte in text {
        let is_exponent = matches!(byte, b'e' | b'E') && last.is_ascii_digit();
        let is_escape = byte == b'u' && last == b'\\';
        let is_name = matches!((last, byte), (b'N', b'a') | (b'I', b'n'));
        digits = if byte.is_ascii_digit() { digits.saturating_add(1) } else { 0 };
        seen |= is_exponent || is_escape || is_name || digits > LONGEST_FINITE;
        last = byte;
    }
    seen
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// `1e999`, and the names that other writers use for numbers that JSON does not have.
fn is_beyond_double(token: &str) -> bool {
    matches!(token, "NaN" | "Infinity" | "-Infinity") || float(token).is_infinite()
}

/// Where the string token at the start of `text` ends, including its closing quote.
pub fn string_end(text: &str) -> usize {
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

/// Whether a string token has its closing quote.
pub fn is_whole_string(token: &str) -> bool {
    let inner = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let escapes = |inner: &str| inner.bytes().rev().take_while(|byte| *byte == b'\\').count();
    inner.is_some_and(|inner| escapes(inner) & 1 == 0)
}

/// A body as a string. Bytes that are not UTF-8 become U+FFFD; the first check is many times
/// faster than the second.
pub fn text_of(body: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}

/// Truncated JSON, closed after its last whole value. A string or word that might continue is
/// dropped: half a secret must not be taken for something else.
pub fn closed(text: &str) -> String {
    let mut open = Vec::new();
    // Where the document can be cut, and how many brackets are open there.
    let mut whole = (0, 0);
    let mut is_value = true;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_end(rest),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let at = text.len().saturating_sub(after.len());
        match first {
            '{' | '[' => {
                open.push(if first == '{' { '}' } else { ']' });
                whole = (at, open.len());
                is_value = first == '[';
            }
            '}' | ']' => {
                open.pop();
                whole = (at, open.len());
            }
            ':' => is_value = true,
            ',' => is_value = open.last() == Some(&']'),
            '"' if is_value && is_whole_string(token) => whole = (at, open.len()),
            c if is_word(c) && !after.is_empty() && !open.is_empty() => whole = (at, open.len()),
            _ => {}
        }
        rest = after;
    }
    let (at, depth) = whole;
    let mut out = text.get(..at).unwrap_or_default().to_owned();
    out.extend(open.iter().take(depth).rev());
    out
}

/// The content of a string, unescaped. An invalid escape is kept as written.
pub fn unescape(raw: &str) -> String {
    let mut rest = raw;
    let mut out = String::with_capacity(rest.len());
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let mut after = escape.chars();
        match after.next() {
            Some('u') => {
                let (c, left) = code_point(escape);
                out.push(c);
                rest = left;
                continue;
            }
            Some(c) => out.push(match c {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            None => {}
        }
        rest = after.as_str();
    }
    out.push_str(rest);
    out
}

/// The character of `uXXXX` or of a surrogate pair, and the rest of the input.
fn code_point(escape: &str) -> (char, &str) {
    let Some((first, rest)) = unit(escape) else {
        return (char::REPLACEMENT_CHARACTER, escape.strip_prefix('u').unwrap_or(escape));
    };
    if let Some(c) = char::from_u32(first) {
        return (c, rest);
    }
    let second = rest.strip_prefix('\\').and_then(unit);
    if let (0xD800..=0xDBFF, Some((second @ 0xDC00..=0xDFFF, rest))) = (first, second) {
        let high = first.wrapping_sub(0xD800) << 10;
        let c = char::from_u32(0x1_0000_u32.wrapping_add(high | second.wrapping_sub(0xDC00)));
        return (c.unwrap_or(char::REPLACEMENT_CHARACTER), rest);
    }
    (char::REPLACEMENT_CHARACTER, rest)
}

/// The number of `uXXXX`, and the rest of the input.
fn unit(escape: &str) -> Option<(u32, &str)> {
    let (digits, rest) = escape.strip_prefix('u')?.split_at_checked(4)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    are_digits.then(|| Some((u32::from_str_radix(digits, 16).ok()?, rest)))?
}

/// Copies a string token; returns whether half of a surrogate pair was replaced.
fn push_string(out: &mut String, token: &str) -> bool {
    let mut changed = false;
    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (keep, length) = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => (true, 12),
            (Some(_), _) => (false, 6),
            // A simple escape; its second character may be a backslash.
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

/// Which half of a surrogate pair the leading `\uXXXX` is, if any.
fn surrogate(text: &str) -> Option<Half> {
    match unit(text.strip_prefix('\\')?)?.0 {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{closed, repaired, unescape};

    #[test]
    fn truncated_json_is_closed_after_its_last_whole_value() {
        let whole = r#"{"error":{"code":400,"message":"a \"b\"","list":[1,{"c":null}]},"d":"é"}"#;
        for (length, expected) in [
            (whole.len(), whole),
            (
                whole.len() - 1,
                r#"{"error":{"code":400,"message":"a \"b\"","list":[1,{"c":null}]},"d":"é"}"#,
            ),
            (
                whole.len() - 2,
                r#"{"error":{"code":400,"message":"a \"b\"","list":[1,{"c":null}]}}"#,
            ),
            (58, r#"{"error":{"code":400,"message":"a \"b\"","list":[1,{}]}}"#),
            (38, r#"{"error":{"code":400}}"#),
            (21, r#"{"error":{"code":400}}"#),
            // It may be 400 or 4000.
            (20, r#"{"error":{}}"#),
            (5, "{}"),
            (0, ""),
        ] {
            assert_eq!(closed(whole.get(..length).unwrap()), expected, "{length}");
        }
        assert_eq!(closed("<html>"), "");
    }

    proptest! {
        #[test]
        fn valid_json_is_left_alone(text in any::<String>(), number in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            let json = json!({"text": text, "list": [number, null, true]}).to_string();
            prop_assert_eq!(repaired(&json), None);
        }

        #[test]
        fn any_string_of_json_tokens_is_repaired_without_a_panic(text in r#"[\\"ud8Ce0-9NaI{}\[\],:.+é-]{0,40}"#) {
            let _ = (repaired(&text), unescape(&text), closed(&text));
        }

        #[test]
        fn a_string_survives_escaping(text in any::<String>()) {
            let token = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(unescape(&token[1..token.len() - 1]), text.clone());
            let all: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            prop_assert_eq!(unescape(&all.concat()), text);
        }
    }
}
