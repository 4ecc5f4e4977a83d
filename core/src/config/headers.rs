//! Your own request headers: attribution, and others within limits.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::redact;
use crate::redact::{OneLine, Quoted};
use crate::types::{BuildError, BuildErrorKind};

const HTTP_REFERER: &str = "http-referer";
const TITLE: &str = "x-openrouter-title";
const OLD_TITLE: &str = "x-title";
const CATEGORIES: &str = "x-openrouter-categories";
/// Shorter values, such as `1` or `eu`, occur in other strings by chance.
const SHORTEST_SECRET: usize = 8;
/// Shorter parts of a value are words, such as `production` or `charset`.
const SHORTEST_PART: usize = 16;
/// The longest name that the `http` crate accepts.
const LONGEST_NAME: usize = 65_535;

/// Headers that only the core or the transport may set. A second `Authorization` or `Host`
/// could send a request as somebody else or to another place, a wrong length could smuggle in a
/// second request, `Accept-Encoding` would defeat the limit on the body.
const RESERVED: [&str; 19] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "keep-alive",
    "proxy-connection",
    "host",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "range",
];

/// Whether the `http` crate accepts this as a header's name: RFC 9110, section 5.6.2.
pub(crate) fn is_header_name(name: &str) -> bool {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_of_token)
}

/// Whether the text is visible ASCII, spaces and tabs.
pub(crate) fn is_visible(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Your own headers, for all requests of a client or of one call.
///
/// A header of a call overrides the client's header of the same name. All values are marked
/// sensitive, so that no `Debug` prints them: an extra header is often a gateway's token.
///
/// ```
/// use openrouter_keys_core::Headers;
///
/// let headers = Headers::new()
///     .http_referer("https://shop.example")?
///     .title("Shop")?
///     .categories(["programming-app", "cli-agent"])?
///     .header("x-gateway-token", "t0k3n")?;
/// assert!(Headers::new().header("authorization", "Bearer x").is_err());
/// # let _ = headers;
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "headers do nothing until a configuration or a call uses them"]
pub struct Headers(Vec<Header>);

#[derive(Clone)]
struct Header {
    /// In lower case.
    name: Cow<'static, str>,
    value: String,
    /// As the `http` crate has it, from the first request on.
    parsed: OnceLock<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `HTTP-Referer`: the app's URL, for OpenRouter's rankings.
    pub fn http_referer(self, url: impl AsRef<str>) -> Result<Self, BuildError> {
        self.set(HTTP_REFERER, url.as_ref())
    }

    /// Sets `X-OpenRouter-Title`: the app's name, for OpenRouter's rankings.
    pub fn title(self, name: impl AsRef<str>) -> Result<Self, BuildError> {
        self.set(TITLE, name.as_ref())
    }

    /// Sets `X-OpenRouter-Categories`: the app's categories, for OpenRouter's rankings.
    pub fn categories<S: AsRef<str>>(
        self,
        categories: impl IntoIterator<Item = S>,
    ) -> Result<Self, BuildError> {
        let mut joined = String::new();
        for category in categories {
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(category.as_ref());
        }
        self.set(CATEGORIES, &joined)
    }

    /// Sets any other header. Headers reserved for the library or the connection, such as
    /// `Authorization`, `Host`, `Cookie` and `Content-Length`, are refused, and so is a value
    /// with a line break.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<Self, BuildError> {
        let name = name.as_ref();
        if !is_header_name(name) {
            return Err(refused(format!("invalid header name {}", shown(name))));
        }
        let name = name.to_ascii_lowercase();
        if redact::mask(&name, &[]) != name {
            return Err(refused("the name of the header looks like an API key".to_owned()));
        }
        if RESERVED.contains(&&*name) {
            return Err(refused(format!(
                "the header {name} is set by the library and cannot be overridden"
            )));
        }
        self.set(name, value.as_ref())
    }

    fn set(mut self, name: impl Into<Cow<'static, str>>, value: &str) -> Result<Self, BuildError> {
        let name = name.into();
        // `fetch` refuses characters beyond Latin-1, and servers decode the rest differently.
        if !is_visible(value) {
            return Err(refused(format!(
                "the value of the header {} has a line break, a control character or a non-ASCII character",
                OneLine(&name)
            )));
        }
        self.put(Header { name, value: value.to_owned(), parsed: OnceLock::new() });
        Ok(self)
    }

    /// Adds a header, replacing one of the same name.
    fn put(&mut self, header: Header) {
        match self.0.iter_mut().find(|known| known.name == header.name) {
            Some(known) => *known = header,
            None => self.0.push(header),
        }
    }

    /// Adds headers, replacing any of the same name.
    pub(crate) fn extend(&mut self, others: &Self) {
        for header in &others.0 {
            self.put(header.clone());
        }
    }

    /// The names and values, in the order in which they were first set.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|header| (&*header.name, &*header.value))
    }

    /// Adds these headers to those of a request, marked sensitive.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        for header in &self.0 {
            if let Some((name, value)) = header.parsed() {
                headers.insert(name, value);
            }
        }
    }

    /// The values that may be secrets: those of headers other than attribution, and their long
    /// parts, because a server may echo only the token of `Bearer token`.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(|(name, _)| ![HTTP_REFERER, TITLE, OLD_TITLE, CATEGORIES].contains(name))
            .flat_map(|(_, value)| {
                let parts = value.split([' ', '\t', '=', ':', ',', ';']);
                let long = parts.filter(|part| part.len() >= SHORTEST_PART);
                long.chain(Some(value.trim()).filter(|value| value.len() >= SHORTEST_SECRET))
            })
    }
}

impl Header {
    /// `None` is not reached: whatever is accepted here, `http` accepts too.
    fn parsed(&self) -> Option<(HeaderName, HeaderValue)> {
        if let Some(parsed) = self.parsed.get() {
            return Some(parsed.clone());
        }
        let name = HeaderName::try_from(&*self.name).ok()?;
        let mut value = HeaderValue::from_str(&self.value).ok()?;
        value.set_sensitive(true);
        Some(self.parsed.get_or_init(|| (name, value)).clone())
    }
}

/// Without the values.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers(")?;
        let names = self.iter().map(|(name, _)| (name, format_args!("Sensitive")));
        f.debug_map().entries(names).finish()?;
        f.write_str(")")
    }
}

fn refused(problem: String) -> BuildError {
    BuildError::new(BuildErrorKind::Header, problem)
}

fn shown(name: &str) -> String {
    Quoted(&redact::mask(name, &[])).to_string()
}

#[cfg(test)]
mod tests {
    use super::Headers;

    #[test]
    fn a_reserved_header_is_refused() {
        for name in [
            "Authorization",
            "host",
            "COOKIE",
            "content-length",
            "Transfer-Encoding",
            "accept-encoding",
        ] {
            assert!(
                Headers::new()
                    .header(name, "x")
                    .unwrap_err()
                    .to_string()
                    .contains("set by the library"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_line_break_in_a_name_or_value_is_refused_without_showing_the_value() {
        for (name, value) in [
            ("x-a\r\nb", "1"),
            ("x-a", "secret\r\nHost: evil"),
            ("x-a", "secret\n"),
            ("x-a", "sécret"),
            ("", "1"),
        ] {
            let error = Headers::new().header(name, value).unwrap_err().to_string();
            assert!(!error.contains("cret") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_refused_name_is_quoted_only_if_short_and_not_a_secret() {
        let message = |name: &str| Headers::new().header(name, "1").unwrap_err().to_string();
        assert!(
            message("x team").starts_with("invalid header name \"x team\"; "),
            "{}",
            message("x team")
        );
        assert!(message(&format!("x team {}", "y".repeat(100_000))).len() < 200);
        assert!(!message("x sk-or-v1-0123456789abcdef0123456789abcdef").contains("456789"));
    }

    #[test]
    fn a_value_and_its_long_parts_are_secrets() {
        let secrets = |value: &str| -> Vec<String> {
            let headers = Headers::new().header("x-gateway", value).unwrap();
            headers.secrets().map(str::to_owned).collect()
        };
        assert_eq!(secrets("short"), [""; 0]);
        assert_eq!(secrets(" eight-ch "), ["eight-ch"]);
        let token = "gateway-token-5f5f5f5f";
        for value in [format!("Bearer {token}"), format!("v1={token}"), format!("user:{token}")] {
            assert_eq!(secrets(&value), [token, &value]);
        }
        assert!(
            Headers::new()
                .title("a title that is not a secret")
                .unwrap()
                .secrets()
                .next()
                .is_none()
        );
    }

    #[test]
    fn values_do_not_appear_in_debug() {
        let headers = Headers::new().header("x-gateway-token", "hunter2").unwrap();
        assert!(!format!("{headers:?}").contains("hunter2"));
    }
}
