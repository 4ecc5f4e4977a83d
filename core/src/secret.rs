//! Secrets: the API key that signs requests and the key that a create returns.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::error::{BuildError, BuildErrorKind};
use crate::redact::MASK;

const SCHEME: &str = "Bearer ";

/// The API key that authorises requests.
///
/// It lives in memory once, however many clients and requests share it, and is
/// overwritten when the last of them is gone. `Debug` does not show it, and
/// there is no `Display` and no serde; [`reveal`](ApiKey::reveal) is the one way
/// to read it.
///
/// ```
/// use openrouter_keys_core::ApiKey;
///
/// let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
/// assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
/// assert!(ApiKey::new("sk-or-v1-0123\n").is_err());
/// # Ok::<(), openrouter_keys_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    /// `Bearer <key>`, marked sensitive, over zeroizing memory.
    authorization: HeaderValue,
}

impl ApiKey {
    /// Takes a key of visible ASCII characters without spaces.
    ///
    /// Everything else (line breaks, tabs, surrounding spaces, other scripts)
    /// is refused here, before a header is made of it. The error tells the
    /// position of the first bad character and nothing of the key.
    pub fn new(key: impl Into<String>) -> Result<Self, BuildError> {
        let key = Zeroizing::new(key.into());
        if key.is_empty() {
            return Err(BuildError::new(BuildErrorKind::ApiKey, "the API key is empty"));
        }
        if let Some(position) = key.bytes().position(|byte| !byte.is_ascii_graphic()) {
            let problem = format!(
                "the API key has a space, a control or a non-ASCII character at byte {position} of {}; \
                 look for a line break or a space that was copied along",
                key.len()
            );
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
        // Only visible ASCII was let in, so that this is always text.
        self.authorization
            .to_str()
            .ok()
            .and_then(|bearer| bearer.strip_prefix(SCHEME))
            .unwrap_or_default()
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
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

/// The created key may sign requests in its turn.
impl TryFrom<&Secret> for ApiKey {
    type Error = BuildError;

    fn try_from(secret: &Secret) -> Result<Self, BuildError> {
        secret.to_api_key()
    }
}

/// A text that must not be seen: the key that a create returns, a partner's
/// `api_key`.
///
/// Overwritten when dropped; `Debug` does not show it, and there is no
/// `Display` and no serde. [`reveal`](Secret::reveal) is the one way to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Whether this is what the API shows of it: both ends around three dots.
    pub(crate) fn has_label(&self, label: &str) -> bool {
        label.split_once("...").is_some_and(|(start, end)| {
            !start.is_empty()
                && !end.is_empty()
                && self.reveal().len() > start.len().saturating_add(end.len())
                && self.reveal().starts_with(start)
                && self.reveal().ends_with(end)
        })
    }

    /// What the API shows of a key: 12 characters, three dots, 4 characters.
    pub(crate) fn label(&self) -> Option<String> {
        let (start, end) = (self.reveal().get(..12)?, self.reveal().len().checked_sub(4)?);
        let end = self.reveal().get(end..)?;
        // Not even half of it.
        (self.reveal().len() > 32).then(|| [start, "...", end].concat())
    }

    /// Wraps a text, whatever it holds.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The created key as one that signs requests, such as a
    /// `get_current_key_metadata` about itself.
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
    fn the_authorization_header_is_sensitive_and_shared() {
        let key = ApiKey::new("sk-or-v1-abc").unwrap();
        let header = key.authorization();
        assert!(header.is_sensitive());
        assert_eq!(header, "Bearer sk-or-v1-abc");
        assert_eq!(key.reveal(), "sk-or-v1-abc");
        assert_eq!(header.as_bytes().as_ptr(), key.clone().authorization().as_bytes().as_ptr());
    }
}
