//! Secrets: the API key that authenticates requests and the key that a create returns.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::{Zeroize, Zeroizing};

use super::build_error::{BuildError, BuildErrorKind};
use crate::redact::MASK;

const SCHEME: &str = "Bearer ";

/// The API key that authorises requests.
///
/// It is in memory only once, however many clients and requests share it, and is overwritten when
/// the last of them is dropped. `Debug` does not show it, and it implements neither `Display` nor
/// serde's traits; only [`reveal`](ApiKey::reveal) returns it.
///
/// ```
/// use openrouter_keys_core::ApiKey;
///
/// let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
/// assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
/// assert!(ApiKey::new("sk-or-v1-0123\n").is_err());
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    /// `Bearer <key>`, marked sensitive, over zeroizing memory.
    authorization: HeaderValue,
}

impl ApiKey {
    /// Accepts a key of visible ASCII characters without spaces.
    ///
    /// Anything else (line breaks, tabs, surrounding spaces, other scripts) is refused here, before
    /// it becomes a header, and so is a key in quotes or after its scheme. The error says what is
    /// wrong and shows no part of the key.
    pub fn new(key: impl Into<String>) -> Result<Self, BuildError> {
        let key = Zeroizing::new(key.into());
        if let Some(flaw) = flaw(&key) {
            let problem = ["the API key ", &flaw].concat();
            return Err(BuildError::new(BuildErrorKind::ApiKey, problem));
        }
        let mut bearer = Zeroizing::new(Vec::with_capacity(SCHEME.len().saturating_add(key.len())));
        bearer.extend_from_slice(SCHEME.as_bytes());
        bearer.extend_from_slice(key.as_bytes());
        let mut authorization =
            HeaderValue::from_maybe_shared(Bytes::from_owner(bearer)).map_err(|_| {
                BuildError::new(BuildErrorKind::ApiKey, "the API key cannot be a header")
            })?;
        authorization.set_sensitive(true);
        Ok(Self { authorization })
    }

    /// The key itself.
    pub fn reveal(&self) -> &str {
        // Only visible ASCII was accepted, so this never fails.
        self.authorization
            .to_str()
            .ok()
            .and_then(|bearer| bearer.strip_prefix(SCHEME))
            .unwrap_or_default()
    }

    #[doc(hidden)]
    pub fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }
}

/// What is wrong with a key, without showing any of it.
fn flaw(key: &str) -> Option<Cow<'static, str>> {
    let trimmed = key.trim_matches(is_blank);
    if trimmed.is_empty() {
        return Some(if key.is_empty() { "is empty" } else { "is only white space" }.into());
    }
    let first = key.chars().next().filter(|&c| is_blank(c)).map(named);
    let last = key.chars().next_back().filter(|&c| is_blank(c)).map(named);
    match (first, last) {
        (Some(first), Some(last)) => {
            return Some(format!("begins with {first} and ends with {last}; trim it").into());
        }
        (Some(first), None) => return Some(format!("begins with {first}; trim it").into()),
        (None, Some(last)) => return Some(format!("ends with {last}; trim it").into()),
        (None, None) => {}
    }
    match (key.starts_with(is_quote), key.ends_with(is_quote)) {
        (true, true) => return Some("is wrapped in quotes; remove them".into()),
        (true, false) => return Some("begins with a quote; remove it".into()),
        (false, true) => return Some("ends with a quote; remove it".into()),
        (false, false) => {}
    }
    let scheme = key.get(..SCHEME.len().saturating_sub(1));
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME.trim_end()))
        && key.contains(is_blank)
    {
        return Some("begins with the word Bearer; pass only the key".into());
    }
    if key.starts_with("sk-") && key.contains("...") {
        return Some("is masked, with dots in the middle; pass the whole key".into());
    }
    let (position, char) = key.char_indices().find(|(_, char)| !char.is_ascii_graphic())?;
    Some(format!("has {} at byte {position} of {}", named(char), key.len()).into())
}

/// Characters that editors, shells and files leave around a key.
fn is_blank(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_quote(char: char) -> bool {
    matches!(char, '"' | '\'' | '`' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}')
}

/// The name of a character that no key contains.
fn named(char: char) -> &'static str {
    match char {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "a line break",
        '\t' => "a tab",
        ' ' => "a space",
        '\u{feff}' => "a byte order mark",
        _ if char.is_control() => "a control character",
        _ if char.is_whitespace() => "white space",
        _ if is_blank(char) => "an invisible character",
        _ => "a non-ASCII character",
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({MASK})")
    }
}

impl TryFrom<&str> for ApiKey {
    type Error = BuildError;

    fn try_from(key: &str) -> Result<Self, BuildError> {
        Self::new(key)
    }
}

impl TryFrom<String> for ApiKey {
    type Error = BuildError;

    fn try_from(key: String) -> Result<Self, BuildError> {
        Self::new(key)
    }
}

/// Overwrites a body that may contain a secret, if this is the last reference to it.
pub fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// A created key can make requests too.
impl TryFrom<&Secret> for ApiKey {
    type Error = BuildError;

    fn try_from(secret: &Secret) -> Result<Self, BuildError> {
        secret.to_api_key()
    }
}

/// A string that must not be shown: the key that a create returns, a partner's `api_key`.
///
/// It is overwritten when dropped. `Debug` does not show it, and it implements neither
/// `Display` nor serde's traits; only [`reveal`](Secret::reveal) returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Whether this is the API's label for it: both ends around three dots.
    pub fn has_label(&self, label: &str) -> bool {
        label.split_once("...").is_some_and(|(start, end)| {
            !start.is_empty()
                && !end.is_empty()
                && self.reveal().len() > start.len().saturating_add(end.len())
                && self.reveal().starts_with(start)
                && self.reveal().ends_with(end)
        })
    }

    /// The API's label of a key: 12 characters, three dots, 4 characters.
    #[doc(hidden)]
    pub fn label(&self) -> Option<String> {
        let (start, end) = (self.reveal().get(..12)?, self.reveal().len().checked_sub(4)?);
        let end = self.reveal().get(end..)?;
        // A label must not show half of the secret.
        (self.reveal().len() > 32).then(|| [start, "...", end].concat())
    }

    /// Wraps a string without checking it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The string itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The created key as an [`ApiKey`] to make requests with, such as a `get_current_key_metadata`
    /// about itself.
    pub fn to_api_key(&self) -> Result<ApiKey, BuildError> {
        ApiKey::new(self.reveal())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({MASK})")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn a_key_that_cannot_be_a_header_is_refused_without_being_shown() {
        let bad = [
            "s3cr3t\r",
            "s3\ncr3t",
            "s3cr3t\0",
            "s3\tcr3t",
            "clés3cr3t",
            " s3cr3t",
            "s3 cr3t",
            "s3cr3t\u{7f}",
        ];
        for key in bad {
            let error = ApiKey::new(key).expect_err(key).to_string();
            assert!(!error.contains("s3") && !error.contains("cr3t"), "{error}");
        }
        assert!(ApiKey::new("").is_err());
    }

    #[test]
    fn the_error_says_what_is_wrong_with_a_refused_key() {
        for (key, says) in [
            ("", "is empty"),
            (" \r\n", "is only white space"),
            ("\u{feff}", "is only white space"),
            ("s3cr3t\n", "ends with a line break; trim it"),
            ("s3cr3t\r\n", "ends with a line break; trim it"),
            ("s3cr3t\u{2028}", "ends with a line break; trim it"),
            ("s3cr3t ", "ends with a space; trim it"),
            ("s3cr3t\t", "ends with a tab; trim it"),
            ("s3cr3t\0", "ends with a control character; trim it"),
            ("s3cr3t\u{a0}", "ends with white space; trim it"),
            ("s3cr3t\u{200b}", "ends with an invisible character; trim it"),
            ("\ns3cr3t", "begins with a line break; trim it"),
            ("\u{feff}s3cr3t", "begins with a byte order mark; trim it"),
            (" s3cr3t\n", "begins with a space and ends with a line break; trim it"),
            ("\"s3cr3t\"", "is wrapped in quotes; remove them"),
            ("'s3cr3t'", "is wrapped in quotes; remove them"),
            ("`s3cr3t`", "is wrapped in quotes; remove them"),
            ("\u{201c}s3cr3t\u{201d}", "is wrapped in quotes; remove them"),
            ("\"s3cr3t", "begins with a quote; remove it"),
            ("s3cr3t'", "ends with a quote; remove it"),
            ("Bearer s3cr3t", "begins with the word Bearer; pass only the key"),
            ("bearer  s3cr3t", "begins with the word Bearer; pass only the key"),
            ("sk-or-v1-0e6...1c96", "is masked, with dots in the middle; pass the whole key"),
            ("s3 cr3t", "has a space at byte 2 of 7"),
            ("s3\ncr3t", "has a line break at byte 2 of 7"),
            ("clés3cr3t", "has a non-ASCII character at byte 2 of 10"),
            ("s3cr3t\u{7f}x", "has a control character at byte 6 of 8"),
        ] {
            let error = ApiKey::new(key).expect_err(key);
            assert_eq!(
                error.to_string(),
                format!("the API key {says}; no request was made with it")
            );
        }
    }

    #[test]
    fn a_key_of_any_visible_ascii_characters_is_accepted() {
        for key in ["sk-or-v1-abc", "bearer", "Bearer-of-news", "a\"b", "{k}", "p=q/r+s==", "x..."]
        {
            assert_eq!(ApiKey::new(key).expect(key).reveal(), key);
        }
    }

    #[test]
    fn the_authorization_header_is_sensitive_and_shared() {
        let key = ApiKey::new("sk-or-v1-abc").unwrap();
        let header = key.authorization();
        assert!(header.is_sensitive());
        assert_eq!(header, "Bearer sk-or-v1-abc");
        assert_eq!(key.reveal(), "sk-or-v1-abc");
        assert_eq!(header.as_bytes().as_ptr(), key.clone().authorization().as_bytes().as_ptr());
    }
}
