//! The two kinds of API key, and how a response reveals that the wrong one was used.

use std::fmt;

use http::StatusCode;

/// The purpose of an API key. No key has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Manages keys, and cannot run inference. Once called *provisioning key*.
    Management,
    /// Runs inference. In this API, it can only request its own metadata.
    Inference,
}

impl KeyKind {
    /// `management` or `inference`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Inference => "inference",
        }
    }

    /// The kind as part of a sentence.
    #[doc(hidden)]
    pub fn described(self) -> &'static str {
        match self {
            Self::Management => "a management key",
            Self::Inference => "an inference key",
        }
    }

    /// Advice if a key of this kind is required.
    #[doc(hidden)]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Inference => {
                "use a management key; create one at https://openrouter.ai/settings/management-keys"
            }
            Self::Management => {
                "use an inference key; create one with `create` or at https://openrouter.ai/settings/keys"
            }
        }
    }

    /// The kind of the key that a request was made with, if the response says that it is wrong.
    ///
    /// The API has no error code for it, but its messages name the kind that is required, or the
    /// one that is not allowed. "Invalid management key" says nothing about this key's kind.
    #[doc(hidden)]
    pub fn told_by(status: StatusCode, message: &str) -> Option<Self> {
        const MANAGES: [&str; 2] = ["management key", "provisioning key"];
        const CANNOT: [&str; 3] = [" cannot", " can't", " can not"];
        const NEEDS: [&str; 5] = ["only", "requir", "need", "must", "use a"];
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return None;
        }
        let message = message.to_ascii_lowercase();
        let (before, rest) = MANAGES.iter().find_map(|name| message.split_once(name))?;
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        if CANNOT.iter().any(|cannot| rest.starts_with(cannot)) {
            return Some(Self::Management);
        }
        let is_needed = NEEDS.iter().any(|word| before.contains(word) || rest.contains(word));
        is_needed.then_some(Self::Inference)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::KeyKind;

    #[test]
    fn a_refusal_that_names_a_kind_of_key_reveals_the_kind_that_was_used() {
        use KeyKind::{Inference, Management};
        for (status, message, kind) in [
            (403, "Only a management key may manage keys.", Some(Inference)),
            (401, "Invalid Management Key", None),
            (401, "Your management key has expired", None),
            (401, "You must use a management key", Some(Inference)),
            (401, "A provisioning key is required", Some(Inference)),
            (403, "Management keys cannot be used for completions", Some(Management)),
            (403, "A provisioning key can't run inference", Some(Management)),
            (403, "Your account may not do this", None),
            (401, "User not found.", None),
            (404, "There is no such management key", None),
            (500, "The management key service failed", None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(KeyKind::told_by(status, message), kind, "{status} {message}");
        }
    }
}
