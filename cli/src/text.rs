//! Foreign text on a terminal: shown, never obeyed.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text with every control, invisible or direction-changing character written as an
/// escape, so that a name cannot move the cursor, hide a part of itself or imitate another.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_invisible(char) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(char));
            }
            _ => shown.push(char),
        }
    }
    shown
}

/// The same for a text of several lines or columns: line breaks and tabs stay.
pub(crate) fn visible_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let content = part.trim_end_matches(['\n', '\t']);
        shown.push_str(&visible(content));
        shown.push_str(part.strip_prefix(content).unwrap_or_default());
    }
    shown
}

/// JSON of the same value, in which every character that a terminal would obey or not show is
/// an escape. JSON has the ASCII controls as escapes already.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        if char < '\u{7f}' || !is_invisible(char) {
            escaped.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// A TOML string in which every character that a terminal would obey or not show is an escape.
pub(crate) fn toml_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            _ if is_invisible(char) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(char));
            }
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Controls, format characters, separators other than a space, fillers and tags: what a
/// terminal would obey or not show. From Unicode 16: categories Cc, Cf, Zl, Zp, Zs, and the
/// default-ignorable letters.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || (char.is_whitespace() && char != ' ')
        || matches!(u32::from(char),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Whether the text contains an API key of this service.
pub(crate) fn shows_key(text: &str) -> bool {
    openrouter_keys_core::internal::shows_key::<&str>(text, &[])
}

/// A message as it may be printed: nothing that a terminal would obey, and no API key. Masking
/// may undo escapes, so it comes first.
pub(crate) fn printable(message: &str) -> String {
    let lines = message.split_inclusive('\n');
    lines.map(|line| visible_lines(&without_keys(line))).collect()
}

/// The text with anything that looks like an API key masked.
pub(crate) fn without_keys(text: &str) -> String {
    openrouter_keys_core::internal::mask(text, &[])
}

/// A value of a result, in which a key is masked: people paste keys as names. What only resembles
/// one stays, unlike in a message.
pub(crate) fn masked(value: &str) -> Cow<'_, str> {
    if shows_key(value) { without_keys(value).into() } else { value.into() }
}

/// One argument for a POSIX shell, quoted if need be.
pub(crate) fn quoted_for_shell(argument: &str) -> String {
    if visible(argument) != argument {
        return quoted_with_escapes(argument);
    }
    match shlex::try_quote(argument) {
        Ok(quoted) => quoted.into_owned(),
        Err(_) => visible(argument),
    }
}

/// As `$'…'`, with the bytes of what a terminal would obey or not show as escapes.
fn quoted_with_escapes(argument: &str) -> String {
    let mut quoted = String::from("$'");
    for char in argument.chars() {
        match char {
            '\'' | '\\' => quoted.extend(['\\', char]),
            _ if is_invisible(char) => {
                for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            _ => quoted.push(char),
        }
    }
    quoted.push('\'');
    quoted
}

/// The command line of this run, to paste. Secrets are never arguments.
pub(crate) fn this_command() -> String {
    let arguments = std::env::args_os().skip(1);
    let quoted: Vec<_> =
        arguments.map(|argument| quoted_for_shell(&argument.to_string_lossy())).collect();
    format!("openrouter-keys {}", quoted.join(" "))
}

/// Cuts the text to this width in columns of a terminal; the rest becomes `…`.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = most.saturating_sub(1);
    for char in text.chars() {
        let Some(rest) = left.checked_sub(char.width().unwrap_or_default()) else { break };
        left = rest;
        kept.push(char);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::{
        cut, escaped_json, masked, printable, quoted_for_shell, toml_string, visible,
        visible_lines, without_keys,
    };

    #[test]
    fn a_name_cannot_move_the_cursor_or_hide() {
        assert_eq!(
            visible("a\u{1b}[31mb\nc\u{200b}d\u{202e}e"),
            "a\\u{1b}[31mb\\nc\\u{200b}d\\u{202e}e"
        );
        assert_eq!(visible("Zoë 東京 👍"), "Zoë 東京 👍");
    }

    #[test]
    fn several_lines_keep_their_breaks() {
        assert_eq!(visible_lines("a\tb\u{1b}\n\nc\r\n"), "a\tb\\u{1b}\n\nc\\r\n");
    }

    #[test]
    fn escaped_json_has_the_same_value() {
        let json = "{\n\"name\": \"Zoë \u{9b}31m \u{202e} \u{e0041}\"}";
        let escaped = escaped_json(json);
        assert!(escaped.contains("Zoë \\u009b31m \\u202e \\udb40\\udc41"), "{escaped}");
        let parse = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(parse(&escaped), parse(json));
    }

    #[test]
    fn a_toml_string_has_the_same_value() {
        let name = "q\"u\\o\n\u{1b}[31m \u{202e} \u{e0041} 👍";
        let quoted = toml_string(name);
        assert!(!quoted.chars().any(super::is_invisible), "{quoted}");
        let table: toml::Table = toml::from_str(&format!("a = {quoted}")).unwrap();
        assert_eq!(table["a"].as_str(), Some(name));
    }

    #[test]
    fn what_masking_unescapes_is_not_obeyed() {
        let key = "sk%2Dor-v1-0123456789abcdef0123456789abcdef";
        let shown = printable(&format!("first\nx\\u001b[31m {key}\nlast\n"));
        assert!(!shown.contains('\u{1b}') && !shown.contains("0123456789abcdef"), "{shown}");
        assert!(shown.starts_with("first\n") && shown.ends_with("\nlast\n"), "{shown}");
    }

    #[test]
    fn a_key_in_a_name_is_masked() {
        let key = format!("sk-or-v1-{}", "0123456789abcdef".repeat(4));
        assert!(!without_keys(&format!("my {key} x")).contains("0123456789abcdef0123"));
        assert_eq!(without_keys("ci-main"), "ci-main");
        assert!(!masked(&format!("{key} x")).contains("0123456789abcdef0123"));
        assert_eq!(masked("task-automation-of-production"), "task-automation-of-production");
    }

    #[test]
    fn an_argument_is_quoted_if_the_shell_would_read_it() {
        assert_eq!(quoted_for_shell("ada"), "ada");
        assert_eq!(quoted_for_shell("Ada's key"), "\"Ada's key\"");
        assert_eq!(quoted_for_shell("a\n\u{202e}'b"), "$'a\\012\\342\\200\\256\\'b'");
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("東京の鍵", 5), "東京…");
    }
}
