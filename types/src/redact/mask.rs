//! Masks secrets in foreign strings.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::json::{is_whole_string, string_end, unescape};

type Cause = Box<dyn StdError + Send + Sync>;

/// What a secret is replaced with.
pub const MASK: &str = "[redacted]";

/// The shortest run of token characters after `sk-` that is taken for a key. A label such as
/// `sk-or-v1-0e6...1c96` has fewer.
const SHORTEST_KEY: usize = 20;
/// The shortest suffix that counts as a whole key; real ones have 64.
const SHORTEST_DIGITS: usize = 16;

/// The prefixes of this API's keys.
const PREFIXES: [&str; 2] = ["sk-or-v1-", "sk-or-mgmt-"];

/// How many levels of nested strings are searched: an error of a server behind two gateways is JSON
/// in a JSON string in a JSON string.
const LEVELS: usize = 4;

/// Replaces the given secrets, in any case, and anything that looks like an API key. A string that
/// hides one behind escapes is returned unescaped; one with more levels of escapes than are
/// searched is replaced entirely.
pub fn mask(text: &str, secrets: &[&str]) -> String {
    let mut shown = mask_plain(text, secrets);
    let mut level = shown.clone();
    for _ in 0..LEVELS {
        let Some(plain) = without_escapes(&level) else { return shown };
        level = mask_plain(&plain, secrets);
        if level != plain {
            shown.clone_from(&level);
        }
    }
    if without_escapes(&level).is_some() { MASK.to_owned() } else { shown }
}

/// Shows a value's own `Debug` output, without anything that looks like an API key: people paste
/// keys as names.
pub struct Masked<'a>(pub &'a dyn fmt::Debug);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = self;
        let text = if f.alternate() { format!("{value:#?}") } else { format!("{value:?}") };
        f.write_str(&mask(&text, &[]))
    }
}

/// Whether the string shows an OpenRouter key or one of these secrets, plainly or behind escapes.
///
/// Stricter than [`mask`]: a string that shows a key is left out of printed output and copies,
/// which must not happen to a name such as `helpdesk-…`.
pub fn shows_key<S: AsRef<str>>(text: &str, secrets: &[S]) -> bool {
    let is_short = |secret: &S| secret.as_ref().len() > text.len();
    if text.len() < SHORTEST_KEY && secrets.iter().all(is_short) {
        return false;
    }
    // Most strings have neither escapes nor a `k`: hashes and timestamps, for example.
    let is_plain = !text.bytes().any(|byte| matches!(byte, b'\\' | b'%' | b'k' | b'K'));
    if is_plain {
        return shows_secret(text, secrets);
    }
    let mut level = Cow::Borrowed(text);
    for _ in 0..=LEVELS {
        if shows_plainly(&level, secrets) {
            return true;
        }
        match without_escapes(&level) {
            Some(plain) if plain != level => level = plain.into(),
            _ => return false,
        }
    }
    true
}

fn shows_plainly<S: AsRef<str>>(text: &str, secrets: &[S]) -> bool {
    if shows_secret(text, secrets) {
        return true;
    }
    if text.len() < SHORTEST_KEY || !PREFIXES.into_iter().any(|prefix| has(text, prefix)) {
        return false;
    }
    let folded = text.to_ascii_lowercase();
    let is_key = |key: &str| {
        let mut behind = PREFIXES.iter().filter_map(|prefix| key.split_once(prefix));
        behind.any(|(_, digits)| digits.len() >= SHORTEST_DIGITS)
    };
    keys(&folded).any(|range| folded.get(range).is_some_and(is_key))
}

/// Every form of a secret ends with the shortest.
fn shows_secret<S: AsRef<str>>(text: &str, secrets: &[S]) -> bool {
    secrets.iter().any(|secret| forms(secret.as_ref()).last().is_some_and(|form| has(text, form)))
}

/// Whether the text contains the part, whatever the case of its letters.
fn has(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let [first, rest @ ..] = part else { return false };
    let Some(last) = text.len().checked_sub(part.len()) else { return false };
    let starts = text.iter().take(last.saturating_add(1)).enumerate();
    starts.filter(|(_, byte)| byte.eq_ignore_ascii_case(first)).any(|(at, _)| {
        let from = at.saturating_add(1);
        text.get(from..from.saturating_add(rest.len()))
            .is_some_and(|run| run.eq_ignore_ascii_case(rest))
    })
}

/// The string with JSON and URL escapes decoded; `None` if it has none.
fn without_escapes(text: &str) -> Option<String> {
    let unescaped = text.contains('\\').then(|| unescape(text));
    let decoded = percent_decoded(unescaped.as_deref().unwrap_or(text));
    decoded.or(unescaped)
}

/// The string with URL escapes decoded; `None` if it has none.
pub fn percent_decoded(text: &str) -> Option<String> {
    let (first, mut rest) = text.split_once('%')?;
    let mut bytes = first.as_bytes().to_vec();
    let mut is_changed = false;
    loop {
        let code = rest.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                is_changed = true;
                bytes.push(byte);
                rest = rest.get(2..).unwrap_or_default();
            }
            None => bytes.push(b'%'),
        }
        let Some((before, after)) = rest.split_once('%') else { break };
        bytes.extend_from_slice(before.as_bytes());
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    is_changed.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Searches the original for everything: masking a secret that is part of another one first would
/// leave the rest of the other visible.
fn mask_plain(text: &str, secrets: &[&str]) -> String {
    let folded = Zeroizing::new(text.to_ascii_lowercase());
    let mut is_hidden = Vec::new();
    let mut hide = |range: Range<usize>| {
        is_hidden.resize(text.len(), false);
        is_hidden.get_mut(range).unwrap_or_default().fill(true);
    };
    keys(&folded).for_each(&mut hide);
    for secret in secrets {
        let secret = Zeroizing::new(secret.to_ascii_lowercase());
        for form in forms(&secret) {
            let found = folded.match_indices(form).filter(|(_, form)| !form.is_empty());
            found.for_each(|(at, form)| hide(at..at.saturating_add(form.len())));
        }
    }
    if is_hidden.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut was_hidden = false;
    for (at, char) in text.char_indices() {
        let is_hidden = is_hidden.get(at).copied().unwrap_or_default();
        match (was_hidden, is_hidden) {
            (false, true) => out.push_str(MASK),
            (_, false) => out.push(char),
            (true, true) => {}
        }
        was_hidden = is_hidden;
    }
    out
}

/// A secret, and if it is an API key, the key without parts of its prefix (`sk-or-v1-`,
/// `sk-or-mgmt-`): a server that repeats only that still reveals the key.
fn forms(secret: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(secret), |form| {
        let (_, rest) = form.split_once('-').filter(|_| secret.starts_with("sk-"))?;
        (rest.len() >= SHORTEST_KEY).then_some(rest)
    })
}

/// The ranges that look like an API key, in a lower-case string.
fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at: usize = 0;
    std::iter::from_fn(move || {
        loop {
            let from = text.get(at..)?;
            let start = at.saturating_add(from.find("sk-")?);
            let run = text.get(start..)?;
            let length = run.find(|c: char| !is_token(c)).unwrap_or(run.len());
            at = start.saturating_add(length);
            if length >= SHORTEST_KEY {
                return Some(start..at);
            }
        }
    })
}

/// Replaces a cause that shows a secret, itself or in its own causes, with their masked messages;
/// keeps any other.
pub fn mask_cause(cause: Cause, secrets: &[&str]) -> Cause {
    let mut debugged = format!("{cause:?} {cause:#?}");
    let mut text = cause.to_string();
    let mut deeper = cause.source();
    while let Some(error) = deeper {
        text.push_str(": ");
        text.push_str(&error.to_string());
        debugged.push_str(&[" ", &format!("{error:?} {error:#?}")].concat());
        deeper = error.source();
    }
    let masked = mask(&text, secrets);
    let is_clean = masked == text && mask(&debugged, secrets) == debugged;
    if is_clean { cause } else { masked.into() }
}

/// Masks the strings of a JSON document, where an escape could hide a secret, and keeps everything
/// else; `None` if there was nothing to mask.
pub fn mask_json(json: &str, secrets: &[&str]) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut changed = false;
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let (before, from) = rest.split_at(start);
        let (token, after) = from.split_at(string_end(from));
        out.push_str(before);
        match masked_token(token, secrets) {
            Some(masked) => {
                changed = true;
                out.push_str(&masked);
            }
            None => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// A string token that shows a secret, without it.
fn masked_token(token: &str, secrets: &[&str]) -> Option<String> {
    let inner = token.strip_prefix('"').unwrap_or(token);
    // Half a surrogate pair must not hide a secret.
    let text = unescape(inner.strip_suffix('"').unwrap_or(inner));
    let masked = mask(&text, secrets);
    if masked == text {
        return None;
    }
    let mut shown = serde_json::to_string(&masked).ok()?;
    if !is_whole_string(token) {
        // A truncated string stays truncated.
        shown.pop();
    }
    Some(shown)
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{mask, shows_key};

    #[test]
    fn only_openrouter_keys_and_given_secrets_count_as_shown() {
        const KEY: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00";
        let own = ["acmecorp-0123456789abcdef"];
        let json = serde_json::to_string(&["sk", KEY]).unwrap();
        for shown in [
            KEY,
            "a SK-OR-MGMT-C0FFEE00C0FFEE00, in capitals",
            "customer_sk-or-v1-c0ffee00c0ffee00c0ffee00",
            "of ACMEcorp-0123456789abcdef",
            &json,
            &json.replace("sk", r"\u0073k"),
            &serde_json::to_string(&json.replace("sk", r"\u0073k")).unwrap(),
            "https://gateway.example/?key=%73k-or-v1-c0ffee00c0ffee00",
        ] {
            assert!(shows_key(shown, &own), "{shown}");
        }
        // Without its prefix it is still a known key.
        assert!(shows_key("c0ffee00c0ffee00c0ffee00", &[KEY]));
        for clean in [
            "",
            "sk-or-v1-0e6...1c96",
            "helpdesk-automation-production",
            "task-or-event-processing-pipeline",
            "sk-or-v1- is how a key begins",
            "sk-or-v1-not-this-one",
            "acmecorp",
            "100 % of C:\\temp",
            r#"{"plan":"pro","path":"a\/b"}"#,
        ] {
            assert!(!shows_key(clean, &own), "{clean}");
        }
        assert!(!shows_key("anything", &[""]));
    }

    #[test]
    fn keys_are_masked_and_labels_are_not() {
        assert_eq!(
            mask("bad key sk-or-v1-0123456789abcdef (sk-or-v1-0e6...1c96)", &[]),
            "bad key [redacted] (sk-or-v1-0e6...1c96)"
        );
        assert_eq!(mask("sk-or-v1-abc_def_012345678", &[]), "[redacted]");
    }

    #[test]
    fn keys_are_masked_with_and_without_their_prefix() {
        for key in ["sk-or-v1-c0ffee00c0ffee00c0ffee00", "sk-or-mgmt-c0ffee00c0ffee00c0ffee00"] {
            assert_eq!(mask(key, &[]), "[redacted]");
            let said = "c0ffee00c0ffee00c0ffee00 is not a key";
            assert_eq!(mask(said, &[key]), "[redacted] is not a key");
        }
        let label = "sk-or-mgmt-0e6...1c96";
        assert_eq!(mask(label, &[]), label);
    }

    #[test]
    fn a_secret_in_a_string_within_a_string_is_masked() {
        let said = r#"upstream said {"error":"bad key \u0073k-or-v1-0123456789abcdef"}"#;
        let mut text = said.to_owned();
        for _ in 0..4 {
            assert!(!mask(&text, &[]).contains("0123456789abcdef"), "{text}");
            text = serde_json::to_string(&text).unwrap();
        }
        let secret = "hunter\"2\\";
        let said = serde_json::to_string(secret).unwrap();
        assert_eq!(mask(&said, &[secret]), "\"[redacted]\"");
        assert_eq!(mask(r"C:\temp\u0041 is \no key", &[]), r"C:\temp\u0041 is \no key");
    }

    #[test]
    fn a_secret_within_another_leaves_no_part_of_it_visible() {
        let (key, partner) = ("sk-or-v1-c0ffee00c0ffee00c0ffee00", "acmecorp-0123456789abcdef");
        let secrets = ["acmecorp", "sk-or-v1", key, partner];
        let said = format!("{partner} {key} c0ffee00c0ffee00c0ffee00 acmecorp");
        assert_eq!(mask(&said, &secrets), "[redacted] [redacted] [redacted] [redacted]");
        assert_eq!(mask("abcdef", &["abcd", "cdef"]), "[redacted]");
    }

    #[test]
    fn a_secret_behind_more_escapes_than_another_is_masked_too() {
        let said =
            r#"\u0073k-or-v1-0123456789abcdef0123 and "\\u0073k-or-v1-c0ffee00c0ffee00c0ffee00""#;
        assert_eq!(mask(said, &[]), "[redacted] and \"[redacted]\"");
        let mut text = "\\u0073k-or-v1-0123456789abcdef0123".to_owned();
        for _ in 0..8 {
            assert!(!mask(&text, &[]).contains("0123456789"), "{text}");
            text = serde_json::to_string(&text).unwrap();
        }
        let mut text = "%73k-or-v1-0123456789abcdef0123".to_owned();
        for _ in 0..8 {
            assert!(!mask(&text, &[]).contains("0123456789"), "{text}");
            text = text.replace('%', "%25");
        }
    }

    #[test]
    fn a_known_secret_is_masked_in_capitals_and_behind_url_escapes() {
        let secret = "Abc+def/ghi=jkl";
        assert_eq!(mask("?key=Abc%2Bdef%2fghi%3Djkl&x=100%", &[secret]), "?key=[redacted]&x=100%");
        assert_eq!(mask("ABC+DEF/GHI=JKL", &[secret]), "[redacted]");
        assert_eq!(mask("SK-OR-V1-0123456789ABCDEF", &[]), "[redacted]");
        assert_eq!(mask("100%, 5%zz, %", &[secret]), "100%, 5%zz, %");
    }

    #[test]
    fn a_known_secret_of_any_form_is_masked() {
        assert_eq!(
            mask("user hunter2 said hunter2", &["hunter2", ""]),
            "user [redacted] said [redacted]"
        );
    }
}
