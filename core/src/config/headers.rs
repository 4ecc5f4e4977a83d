//! Your own request headers: attribution, and others within limits.

use http::header;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::redact;
use crate::redact::{OneLine, Quoted};
use crate::types::{BuildError, BuildErrorKind};

const HTTP_REFERER: HeaderName = HeaderName::from_static("http-referer");
const TITLE: HeaderName = HeaderName::from_static("x-openrouter-title");
const OLD_TITLE: HeaderName = HeaderName::from_static("x-title");
/// Shorter values, such as `1` or `eu`, occur in other strings by chance.
const SHORTEST_SECRET: usize = 8;
/// Shorter parts of a value are words, such as `production` or `charset`.
const SHORTEST_PART: usize = 16;
const CATEGORIES: HeaderName = HeaderName::from_static("x-openrouter-categories");

/// Headers that only the core or the transport may set. A second `Authorization` or `Host`
/// could send a request as somebody else or to another place, a wrong length could smuggle in a
/// second request, `Accept-Encoding` would defeat the limit on the body.
const RESERVED: [HeaderName; 19] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::RANGE,
];

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
#[derive(Clone, Debug, Default)]
#[must_use = "headers do nothing until a configuration or a call uses them"]
pub struct Headers(HeaderMap);

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
        let name = HeaderName::try_from(name)
            .map_err(|_| refused(format!("invalid header name {}", shown(name))))?;
        if redact::mask(name.as_str(), &[]) != name.as_str() {
            return Err(refused("the name of the header looks like an API key".to_owned()));
        }
        if RESERVED.contains(&name) {
            return Err(refused(format!(
                "the header {name} is set by the library and cannot be overridden"
            )));
        }
        self.set(name, value.as_ref())
    }

    fn set(mut self, name: HeaderName, value: &str) -> Result<Self, BuildError> {
        // `fetch` refuses characters beyond Latin-1, and servers decode the rest differently.
        let header = HeaderValue::from_str(value).ok().filter(|_| value.is_ascii());
        let Some(mut header) = header else {
            return Err(refused(format!(
                "the value of the header {} has a line break, a control character or a non-ASCII character",
                OneLine(name.as_str())
            )));
        };
        header.set_sensitive(true);
        self.0.insert(name, header);
        Ok(self)
    }

    /// Adds headers, replacing any of the same name.
    pub(crate) fn extend(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            self.0.insert(name, value.clone());
        }
    }

    /// The headers that a request starts from.
    pub(crate) fn to_map(&self) -> HeaderMap {
        self.0.clone()
    }

    /// The values that may be secrets: those of headers other than attribution, and their long
    /// parts, because a server may echo only the token of `Bearer token`.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(name, _)| ![HTTP_REFERER, TITLE, OLD_TITLE, CATEGORIES].contains(name))
            .filter_map(|(_, value)| value.to_str().ok())
            .flat_map(|value| {
                let parts = value.split([' ', '\t', '=', ':', ',', ';']);
                let long = parts.filter(|part| part.len() >= SHORTEST_PART);
                long.chain(Some(value.trim()).filter(|value| value.len() >= SHORTEST_SECRET))
            })
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
