//! Finding a created secret in the wrong place, or in a body that is not valid JSON: it will
//! not be shown again.

use crate::json::{Reader, string_end, text_of, unescape};
use crate::types::Secret;

/// The string in the body that looks like a new key of this API and is not from the request.
///
/// Of several, one in a field named `key` counts first, then the outermost, then the first.
/// Strings within a string come last. HTML pages and error objects are not searched. A string
/// that breaks off does not count: half a secret is worthless.
pub(super) fn salvage(body: &[u8], is_own: &dyn Fn(&str) -> bool) -> Option<Secret> {
    let text = text_of(body);
    if text.trim_start().starts_with('<') {
        return None;
    }
    let mut search = Search { is_own, saw_error: false, best: None };
    search.json(&text, 0);
    if search.best.is_none() && !search.saw_error {
        search.quoted(&text);
        if !text.contains('"') {
            search
                .within(&text, (LEVELS, true, 0), &|key, after| !after.is_empty() || is_whole(key));
        }
    }
    search.best.map(|(_, key)| key)
}

/// Whether a string shows a key with its middle left out.
pub(super) fn is_masked(text: &str) -> bool {
    ["...", "\u{2026}", "**", "\u{2022}"].iter().any(|gap| text.contains(gap))
}

/// How deep strings within strings are searched.
const LEVELS: usize = 4;
const KEY: &str = "sk-or-";
/// A create never creates a key of this kind.
const MANAGEMENT_KEY: &str = "sk-or-mgmt-";
/// A label such as `sk-or-v1-0e6...1c96` breaks off after 12.
const SHORTEST: usize = 16;

/// How far a place is from where the key is expected; the lowest counts.
type Rank = (usize, bool, usize);

struct Search<'a> {
    is_own: &'a dyn Fn(&str) -> bool,
    saw_error: bool,
    best: Option<(Rank, Secret)>,
}

impl Search<'_> {
    fn json(&mut self, text: &str, level: usize) {
        let mut depth: usize = 0;
        let mut name = None;
        // The depth of the object whose error is being read.
        let mut error_at = None;
        let mut rest = text;
        while let Some(at) = rest.find(['"', '{', '}', '[', ']']) {
            let from = rest.get(at..).unwrap_or_default();
            let length = if from.starts_with('"') { string_end(from) } else { 1 };
            let (token, after) = from.split_at_checked(length).unwrap_or((from, ""));
            rest = after;
            match token {
                "{" | "[" => depth = depth.saturating_add(1),
                "}" | "]" => {
                    depth = depth.saturating_sub(1);
                    error_at = error_at.filter(|at| *at != depth);
                }
                _ if after.trim_start().starts_with(':') => {
                    error_at = error_at.filter(|at| *at < depth);
                    let found = unescape(token.trim_matches('"'));
                    if error_at.is_none() && depth == 1 && level == 0 && found == "error" {
                        error_at = Some(depth);
                        self.saw_error = true;
                    }
                    name = Some(found);
                }
                _ if error_at.is_some() => error_at = error_at.filter(|at| *at < depth),
                _ => {
                    let is_named = name.take().is_some_and(|name| name == "key");
                    self.string(token, (level, !is_named, depth));
                }
            }
        }
    }

    fn string(&mut self, token: &str, rank: Rank) {
        let (level, ..) = rank;
        let Ok(text) = Reader::new(token).text() else {
            // A string that breaks off may contain complete strings.
            if level < LEVELS {
                let inner = unescape(token.strip_prefix('"').unwrap_or(token));
                self.json(&inner, level.saturating_add(1));
            }
            return;
        };
        let key = text.trim();
        // Where the key is expected, a form that is not known yet counts.
        let is_due = rank == (0, false, 1) && key.starts_with("sk-") && !is_masked(key);
        if is_due && key.len() >= 12 || key.starts_with(KEY) && key.bytes().all(is_token) {
            self.take(key, rank, is_due);
        } else if level < LEVELS && key.starts_with(['{', '[', '"']) {
            self.json(key, level.saturating_add(1));
        } else {
            self.within(&text, (LEVELS, rank.1, rank.2), &|_, _| true);
        }
    }

    /// Finds a key within other text, if what follows shows that it is complete.
    fn within(&mut self, text: &str, rank: Rank, ends: &dyn Fn(&str, &str) -> bool) {
        for (at, _) in text.match_indices(KEY) {
            let (before, run) = text.split_at_checked(at).unwrap_or_default();
            let end = run.bytes().position(|byte| !is_token(byte)).unwrap_or(run.len());
            let (key, after) = run.split_at_checked(end).unwrap_or_default();
            let ends = ends(key, after);
            let after = after.strip_prefix('.').filter(|_| !is_masked(after)).unwrap_or(after);
            let is_apart = after
                .chars()
                .next()
                .is_none_or(|c| c.is_whitespace() || "\"'<>()[]{},;!&".contains(c));
            if ends && is_apart && !before.bytes().next_back().is_some_and(is_token) {
                self.take(key, rank, false);
            }
        }
    }

    /// Searches text whose unbalanced quotes hide where strings begin.
    fn quoted(&mut self, text: &str) {
        for (at, _) in text.match_indices("\"sk-or-") {
            // An escaped quote begins a string within a string, which ends elsewhere.
            let is_inner = text.get(..at).is_some_and(|before| before.ends_with('\\'));
            let token = text.get(at..).filter(|_| !is_inner);
            let key = token.and_then(|token| Reader::new(token).text().ok());
            if let Some(key) = key.filter(|key| key.bytes().all(is_token)) {
                self.take(&key, (0, true, 0), false);
            }
        }
    }

    fn take(&mut self, key: &str, rank: Rank, is_due: bool) {
        let is_key = is_due || key.len() >= SHORTEST && !key.starts_with(MANAGEMENT_KEY);
        let is_better = self.best.as_ref().is_none_or(|(best, _)| rank < *best);
        if is_key && is_better && !(self.is_own)(key) {
            self.best = Some((rank, Secret::from(key.to_owned())));
        }
    }
}

/// Whether a key has the documented length, so that nothing can be missing.
fn is_whole(key: &str) -> bool {
    const DIGITS: usize = 64;
    let digits = key.strip_prefix("sk-or-v1-").unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::salvage;

    const KEY: &str = "sk-or-v1-0123456789abcdef0123";
    const OWN: &str = "sk-or-v1-of-the-request-itself";

    fn found(body: &str) -> Option<String> {
        let body = body.replace("KEY", KEY).replace("OWN", OWN);
        salvage(body.as_bytes(), &|text| text == OWN).map(|key| key.reveal().to_owned())
    }

    #[test]
    fn a_key_is_found_wherever_it_is() {
        for body in [
            r#"{"data":{"key":"KEY"}}"#,
            r#"{"key":{"value":"KEY"}}"#,
            r#"{"api_key":"KEY"}"#,
            r#"{"result":[{"data":{"token":"KEY","label":"sk-or-v1-0e6...1c96"}}]}"#,
            r#"["KEY"]"#,
            r#""KEY""#,
            r#"{"body":"{\"data\":{\"key\":\"KEY\"}}"}"#,
            r#"{"body":"\"{\\\"key\\\":\\\"KEY\\\"}\""}"#,
            r#"{"message":"Your key is KEY. Keep it safe."}"#,
            r#"{"header":"Bearer KEY"}"#,
            r#"{"data":{"key":"KEY","limit":1"#,
            r#"{"data":{"key":"KEY""#,
            r#"{"error":null,"data":{"key":"KEY"}}"#,
            r#"{"error":{"code":500,"key":"sk-or-v1-in-an-error-0123456789"},"data":{"key":"KEY"}}"#,
            r#"{"error":"sk-or-v1-in-an-error-0123456789","data":{"key":"KEY"}}"#,
            r#"{"key":"sk-or-v1-0e6...1c96","data":{"secret":" KEY "}}"#,
            r#"{"a":"unclosed,"b":{"key":"KEY"},"c":{"key":"sk-or-v1-another-0123456789"}}"#,
            r#"{"body":"{\"data\":{\"key\":\"KEY\",\"na"#,
            "{'key': 'KEY', 'data': {}}",
            "key: KEY\nhash: h",
            "key=KEY&hash=h",
            "Your key is KEY. Keep it safe.",
            "KEY\n",
        ] {
            assert_eq!(found(body).as_deref(), Some(KEY), "{body}");
        }
    }

    #[test]
    fn name_then_depth_then_order_decide_between_several_keys() {
        let other = "sk-or-v1-another-0123456789abcdef";
        for body in [
            r#"{"id":"OTHER","data":{"key":"KEY"}}"#,
            r#"{"data":{"key":"OTHER"},"key":"KEY","limit":+5}"#,
            r#"{"a":{"b":"OTHER"},"c":"KEY"}"#,
            r#"{"a":"KEY","c":"OTHER"}"#,
            r#"{"a":"{\"key\":\"OTHER\"}","c":"KEY"}"#,
            r#"{"a":"the key OTHER","b":"{\"c\":\"KEY\"}"}"#,
            r#"{"key":"OWN","old":"KEY"}"#,
            r#"{"parent":{"key":"sk-or-mgmt-0123456789abcdef0123"},"a":{"b":"KEY"}}"#,
        ] {
            assert_eq!(found(&body.replace("OTHER", other)).as_deref(), Some(KEY), "{body}");
        }
    }

    #[test]
    fn the_key_of_the_outermost_object_takes_precedence() {
        for body in [
            r#"{"data":{"owner":{"key":"sk-live-of-somebody-else-0000"},"limit":+5},"key":"KEY"}"#,
            r#"{"data":[{"key":"sk-or-v1-another-0123456789abcdef"}],"limit":+5,"key" : "KEY","#,
            r#")]}', {"note":"\"key\":\"sk-or-v1-not-this-one-0123456789\"","key":"KEY","limit":+5}"#,
            r#"{"limit":+5,"k\u0065y":"\u0073k-or-v1-0123456789abcdef0123"}"#,
            r#"{"broken":"unclosed,"key":"KEY"}"#,
        ] {
            assert_eq!(found(body).as_deref(), Some(KEY), "{body}");
        }
    }

    #[test]
    fn a_key_of_doubtful_origin_is_not_taken_for_the_created_one() {
        for body in [
            r#"{"data":{"byok":{"key":"sk-ant-api03-of-a-provider-0123456789"},"na"#,
            r#"<html><script>window.state={"key":"KEY"}</script></html>"#,
            r#"{"hint":+1,"key":"sk-..."}"#,
            r#"{"a":+1,"key":"sk-or-v1-0123456789abcdef0"#,
            r#"{"a":"{\"key\":\"sk-or-v1-0123456789abcdef0"}"#,
            r#"{"data":{"label":"sk-or-v1-0e6...1c96"}}"#,
            r#"{"data":{"label":"sk-or-v1-0e6f44a47a05f1da...1c96"}}"#,
            r#"{"data":{"label":"sk-or-v1-0e6f44a47a05f1da****1c96"}}"#,
            r#"{"message":"made sk-or-v1-0e6f44a47a05f1da...1c96"}"#,
            r#"{"message":"made sk-or-v1-0e6f44a47a05f1da…"}"#,
            r#"{"error":{"message":"KEY is not valid","metadata":{"key":"KEY"}}}"#,
            r#"{"error":{"message":"KEY is not valid","metadata":{"key":"KEY"#,
            r#"{"data":{"key":"OWN"}}"#,
            r#"{"data":{"parent":"sk-or-mgmt-0123456789abcdef0123"}}"#,
            r#"{"key":7,"a":+1}"#,
            r#"{"body":"{\"key\":\"sk-or-v1-0123456789abcdef0"#,
            r#"{"body":"{\"key\":\"sk-or-v1-0123456789abcdef0\"#,
            "key=KEY",
            "key: OWN\n",
            "made sk-or-v1-0e6f44a47a05f1da...1c96\n",
            "",
        ] {
            assert_eq!(found(body), None, "{body}");
        }
    }
}
