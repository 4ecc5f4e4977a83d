//! The parts of a request that depend on its operation.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::config::has_plain_segments;
use crate::redact::{MASK, Masked};
use crate::types::{BuildError, BuildErrorKind};

/// Most bodies are no longer than this, in bytes.
pub(super) const USUAL_BODY: usize = 128;

/// An operation's request: method, path below the base URL, query and body.
///
/// ```
/// use openrouter_keys_core::operation::Parts;
///
/// let activity = Parts::get("/activity")?.query("date", "2026-11-30");
/// assert_eq!(activity.path(), "/activity?date=2026-11-30");
/// assert!(Parts::get("/keys/../credits").is_err());
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "parts do nothing until their operation is sent"]
pub struct Parts {
    pub(crate) method: Method,
    /// Begins with a slash and includes the query.
    pub(crate) path: Cow<'static, str>,
    pub(crate) body: Option<Bytes>,
}

/// The body may contain a secret.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("method", &self.method)
            .field("path", &Masked(&self.path))
            .field("body", &self.body.as_ref().map(|_| MASK))
            .finish()
    }
}

impl Parts {
    /// Creates a request to a path below the base URL, such as `/credits`.
    ///
    /// The path is refused if a URL parser or a gateway could mistake it for another one:
    /// without a leading slash, with a query or fragment, with a `.` or `..` segment
    /// (percent-encoded or not), or with a character that is not allowed in a URL.
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        let path = path.into();
        check_path(&path)?;
        Ok(Self::checked(method, path))
    }

    /// Creates a GET request.
    pub fn get(path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(Method::GET, path)
    }

    /// Creates a POST request.
    pub fn post(path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(Method::POST, path)
    }

    /// Adds a query parameter, percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        push_parameter(self.path.to_mut(), name, value);
        self
    }

    /// Adds a JSON body.
    pub fn json<T: Serialize>(self, body: &T) -> Result<Self, BuildError> {
        self.with_json(body, USUAL_BODY)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the base URL with its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The JSON body.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// Creates a request to a path known to be valid.
    pub(super) fn checked(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self { method, path: path.into(), body: None }
    }

    /// Adds a body of about this length. A longer one leaves a copy of its beginning in memory.
    pub(super) fn with_json<T: Serialize>(
        self,
        body: &T,
        length: usize,
    ) -> Result<Self, BuildError> {
        let mut json = Vec::with_capacity(length);
        serde_json::to_writer(&mut json, body)
            .map_err(|_| other("the arguments cannot be written as JSON"))?;
        Ok(self.with_body(json))
    }

    pub(super) fn with_body(self, body: impl Into<Bytes>) -> Self {
        Self { body: Some(body.into()), ..self }
    }
}

/// The error does not quote the path: it may contain a secret by mistake.
pub(super) fn check_path(path: &str) -> Result<(), BuildError> {
    let problem = if !path.starts_with('/') {
        "does not begin with a slash"
    } else if path.contains(['?', '#']) {
        "has a query or a fragment; pass query parameters separately"
    } else if !path.bytes().all(is_plain) {
        "has a character that must be percent-encoded"
    } else if path.contains("//") || !has_plain_segments(path) {
        "has an empty, `.` or `..` segment"
    } else {
        return Ok(());
    };
    Err(other(format!("the path {problem}; it should look like /credits")))
}

fn other(problem: impl Into<Cow<'static, str>>) -> BuildError {
    BuildError::new(BuildErrorKind::Other, problem)
}

/// RFC 3986, section 3.3, without what URL parsers disagree on.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte)
}

/// Adds a parameter to a path, or to a query that begins with its question mark.
pub(super) fn push_parameter(path: &mut String, name: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    push_encoded(path, name);
    path.push('=');
    push_encoded(path, value);
}

fn push_encoded(text: &mut String, part: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Parts;
    use crate::config::BaseUrl;

    #[test]
    fn a_path_that_could_lead_elsewhere_is_refused_and_not_quoted() {
        for path in [
            "",
            "balance",
            "https://evil.example/credits",
            "//evil.example/credits",
            "/credits?x=1",
            "/credits#x",
            "/..",
            "/../v2/credits",
            "/keys/../credits",
            "/keys/./credits",
            "/keys//credits",
            "/%2e%2E/credits",
            "/.%2e/credits",
            "/%252e%252e/credits",
            "/%25252e./credits",
            "/%25%32%65%2525%32e/credits",
            "/..%3bx=1/credits",
            "/keys%2f..%2fcredits",
            "/keys%5c..%5ccredits",
            "/..;x=1/credits",
            "/keys\\..\\credits",
            "/cre dits",
            "/.\t./credits",
            "/credits\n",
            "/clés",
            "/{id}",
        ] {
            let refused = Parts::get(path).expect_err(path).to_string();
            assert!(path.len() < 2 || !refused.contains(path), "{refused}");
        }
    }

    #[test]
    fn a_plain_path_is_used_unchanged() {
        for path in ["/credits", "/models/openai%2Fgpt-4o/endpoints", "/a..b/...", "/x/"] {
            assert_eq!(Parts::get(path).unwrap().path(), path);
        }
    }

    proptest! {
        #[test]
        fn a_path_that_is_taken_stays_below_the_base_url_for_every_parser(
            path in "[a/.%25eEfFcC;:@~-]{0,16}", name in ".{0,6}", value in ".{0,6}"
        ) {
            let Ok(parts) = Parts::get(format!("/{path}")) else { return Ok(()) };
            let parts = parts.query(&name, &value);
            let base = BaseUrl::new("https://a.example/api/v1").unwrap();
            let uri = base.uri(base.join(parts.path()).unwrap()).unwrap();
            let url = url::Url::parse(&uri.to_string()).unwrap();
            prop_assert_eq!(url.path(), format!("/api/v1/{path}"));
            let pairs: Vec<_> = url.query_pairs().collect();
            prop_assert_eq!(pairs, vec![(name.as_str().into(), value.as_str().into())]);
        }
    }
}
