//! Finding a created secret in a body that is no sound JSON: its time will not
//! come again.

use crate::reader::Reader;
use crate::repair::{string_end, text_of, unescape};
use crate::secret::Secret;

/// The text of `"key"` in the body's outermost object. If quotes that do not
/// match hide where that is, the one text there is that looks like a key of this
/// API. A page for people holds none.
pub(super) fn salvage(body: &[u8]) -> Option<Secret> {
    let text = text_of(body);
    if text.trim_start().starts_with('<') {
        return None;
    }
    outermost(&text).or_else(|| only(&text)).map(Secret::from)
}

fn outermost(text: &str) -> Option<String> {
    let mut depth: usize = 0;
    let mut rest = text;
    loop {
        let (_, from) = rest.split_at_checked(rest.find(['"', '{', '}', '[', ']'])?)?;
        let (token, after) = from.split_at_checked(match from.as_bytes().first()? {
            b'"' => string_end(from),
            _ => 1,
        })?;
        match token {
            "{" | "[" => depth = depth.saturating_add(1),
            "}" | "]" => depth = depth.saturating_sub(1),
            _ if depth == 1 && unescape(token) == NAME => {
                const SHORTEST: usize = 12;
                let key = value(after).filter(|key| key.starts_with("sk-"));
                if let Some(key) = key.filter(|key| key.len() >= SHORTEST) {
                    return Some(key);
                }
            }
            _ => {}
        }
        rest = after;
    }
}

fn only(text: &str) -> Option<String> {
    const SHORTEST: usize = 20;
    let mut keys = text
        .match_indices(NAME)
        .filter_map(|(at, name)| value(text.get(at.checked_add(name.len())?..)?))
        .filter(|key| key.starts_with("sk-or-") && key.len() >= SHORTEST);
    let first = keys.next()?;
    keys.all(|other| other == first).then_some(first)
}

const NAME: &str = "\"key\"";

/// The text behind a name and its colon, if it has an end.
fn value(after: &str) -> Option<String> {
    let value = after.trim_start().strip_prefix(':')?;
    Reader::new(value).text().ok()
}

#[cfg(test)]
mod tests {
    use super::salvage;

    const KEY: &str = "sk-or-v1-0123456789abcdef0123";

    fn found(body: &str) -> Option<String> {
        salvage(body.as_bytes()).map(|key| key.reveal().to_owned())
    }

    #[test]
    fn the_key_of_the_outermost_object_goes_before_all_others() {
        for body in [
            r#"{"data":{"owner":{"key":"sk-live-of-somebody-else-0000"},"limit":+5},"key":"KEY"}"#,
            r#"{"data":[{"key":"sk-or-v1-another-0123456789abcdef"}],"limit":+5,"key" : "KEY","#,
            r#")]}', {"note":"\"key\":\"sk-or-v1-not-this-one-0123456789\"","key":"KEY","limit":+5}"#,
            r#"{"limit":+5,"k\u0065y":"\u0073k-or-v1-0123456789abcdef0123"}"#,
            r#"{"broken":"unclosed,"key":"KEY"}"#,
        ] {
            assert_eq!(found(&body.replace("KEY", KEY)).as_deref(), Some(KEY), "{body}");
        }
    }

    #[test]
    fn what_is_not_surely_the_created_key_is_not_taken_for_it() {
        for body in [
            r#"{"data":{"byok":{"key":"sk-ant-api03-of-a-provider-0123456789"},"na"#,
            r#"<html><script>window.state={"key":"KEY"}</script></html>"#,
            r#"{"hint":+1,"key":"sk-..."}"#,
            r#"{"a":+1,"key":"sk-or-v1-0123456789abcdef0"#,
            r#"{"a":"unclosed,"b":{"key":"KEY"},"c":{"key":"KEY-another"}}"#,
            r#"{"key":7,"a":+1}"#,
            "",
        ] {
            assert_eq!(found(&body.replace("KEY", KEY)), None, "{body}");
        }
    }
}
