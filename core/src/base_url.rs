//! Where the API is: scheme, authority and path prefix.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

use crate::error::{BuildError, BuildErrorKind};

/// The API's own address.
pub const DEFAULT_BASE_URL: &str = "https://openrouter.ai/api/v1";

/// The longest URI that the `http` crate reads as one text, which reqwest does.
const LONGEST: usize = 65_534;

/// The address under which the API's paths stand, checked.
///
/// A trailing slash is tolerated. A query, a fragment and user information are
/// refused, and so is plain `http`, except to this machine or where
/// [`allow_insecure_http`](BaseUrl::allow_insecure_http) asks for it: the API
/// key would travel in the clear.
///
/// ```
/// use openrouter_keys_core::BaseUrl;
///
/// assert!(BaseUrl::new("https://gateway.example/openrouter/v1/").is_ok());
/// assert!(BaseUrl::new("http://127.0.0.1:8080/api/v1").is_ok());
/// assert!(BaseUrl::new("http://gateway.example/v1").is_err());
/// assert!(BaseUrl::allow_insecure_http("http://gateway.example/v1").is_ok());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Without a trailing slash; empty for the root.
    prefix: Arc<str>,
}

impl BaseUrl {
    /// Checks an address.
    pub fn new(url: impl AsRef<str>) -> Result<Self, BuildError> {
        let base = Self::allow_insecure_http(url)?;
        if base.scheme == Scheme::HTTP && !is_loopback(base.authority.host()) {
            return Err(refused(
                "uses http:// to another machine, which would show the API key to everybody on the way; \
                 use https://, or BaseUrl::allow_insecure_http",
            ));
        }
        Ok(base)
    }

    /// Checks an address and lets it use plain `http` to another machine.
    pub fn allow_insecure_http(url: impl AsRef<str>) -> Result<Self, BuildError> {
        let url = url.as_ref();
        if url.contains('#') {
            return Err(refused("has a fragment (#…)"));
        }
        let uri: Uri = url
            .parse()
            .map_err(|_| refused("is no URL; it looks like https://openrouter.ai/api/v1"))?;
        let parts = uri.into_parts();
        let scheme = parts
            .scheme
            .filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme))
            .ok_or_else(|| {
            refused("does not begin with https:// (or http:// for this machine)")
        })?;
        let authority = parts.authority.ok_or_else(|| refused("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("has a user name or a password in it"));
        }
        if authority.host().is_empty() {
            return Err(refused("names no host"));
        }
        if has_bad_port(&authority) {
            return Err(refused("has a port that is no number from 0 to 65535"));
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(refused("has a query (?…)"));
        }
        let prefix = path.path().trim_end_matches('/');
        if !prefix.split('/').all(is_plain_segment) {
            return Err(refused("has a path with `.`, `..`, `\\` or an encoded dot in it"));
        }
        if prefix.ends_with("/keys") || prefix.ends_with("/key") {
            return Err(refused(
                "ends with the path of an operation; it looks like https://openrouter.ai/api/v1",
            ));
        }
        Ok(Self { scheme, authority, prefix: prefix.into() })
    }

    /// The URI of a path below the base. `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> Result<Uri, BuildError> {
        self.uri(path).ok_or_else(|| refused("is too long to be joined with a path"))
    }

    /// Scheme and authority have been read before; the path alone is read here.
    fn uri(&self, path: &str) -> Option<Uri> {
        let path = [&self.prefix, path].concat();
        let text = [self.scheme.as_str(), "://", self.authority.as_str(), &path];
        if text.iter().map(|part| part.len()).sum::<usize>() > LONGEST {
            return None;
        }
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(path)).ok()?);
        Uri::from_parts(parts).ok()
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("openrouter.ai"),
            prefix: "/api/v1".into(),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL itself is not repeated: it may hold a password.
fn refused(reason: &str) -> BuildError {
    BuildError::new(BuildErrorKind::BaseUrl, format!("the base URL {reason}"))
}

/// Whether there is more behind the host than a port from 0 to 65535.
pub(crate) fn has_bad_port(authority: &Authority) -> bool {
    let bare = authority.as_str().rsplit('@').next().unwrap_or_default();
    match bare.strip_prefix(authority.host()) {
        Some("") => false,
        Some(rest) => rest.strip_prefix(':').is_none_or(is_no_port),
        None => true,
    }
}

fn is_no_port(text: &str) -> bool {
    !text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse::<u16>().is_err()
}

fn is_plain_segment(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    let dots = lower.replace("%2e", ".");
    dots != "." && dots != ".." && !segment.contains('\\')
}

/// Whether a host is this machine: `localhost`, its subdomains, 127.0.0.0/8 and
/// `::1`. Such a host may be reached without TLS, and without a proxy.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || is_below_localhost(bare)
        || bare == "::1"
        || is_loopback_v4(bare)
}

fn is_below_localhost(host: &str) -> bool {
    const DOMAIN: &str = ".localhost";
    let end = host.len().checked_sub(DOMAIN.len()).and_then(|start| host.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(DOMAIN))
}

/// Four numbers of which the first is 127.
fn is_loopback_v4(host: &str) -> bool {
    let is_number = |part: &str| {
        let is_plain = part == "0" || !part.starts_with('0');
        is_plain && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    host.starts_with("127.") && host.split('.').count() == 4 && host.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, DEFAULT_BASE_URL};

    #[test]
    fn the_default_is_the_documented_address() {
        assert_eq!(BaseUrl::new(DEFAULT_BASE_URL).unwrap(), BaseUrl::default());
        assert_eq!(BaseUrl::default().to_string(), DEFAULT_BASE_URL);
    }

    #[test]
    fn a_trailing_slash_changes_nothing() {
        for url in [
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai/api/v1/",
            "https://openrouter.ai/api/v1//",
        ] {
            let uri = BaseUrl::new(url).unwrap().join("/keys?offset=1").unwrap();
            assert_eq!(uri.to_string(), "https://openrouter.ai/api/v1/keys?offset=1");
        }
        assert_eq!(
            BaseUrl::new("https://a.example").unwrap().join("/key").unwrap().to_string(),
            "https://a.example/key"
        );
    }

    #[test]
    fn a_base_joined_with_a_path_is_the_uri_of_their_text_as_long_as_that_is_one() {
        for length in (0..40).chain(65_500..65_534) {
            let base = format!("https://a.example/{}", "x".repeat(length));
            // The base itself may be too long.
            let Ok(url) = BaseUrl::new(&base) else { continue };
            for path in ["/key", "/keys?offset=100", "/keys/f01d52606dc8f0a8"] {
                let text = format!("{}{path}", base.trim_end_matches('/'));
                assert_eq!(url.join(path).ok(), text.parse().ok(), "{length} {path}");
            }
        }
    }

    #[test]
    fn an_address_that_would_lose_or_leak_something_is_refused() {
        for url in [
            "",
            "openrouter.ai",
            "/api/v1",
            "ftp://a.example",
            "https://",
            "https://a.example?x=1",
            "https://a.example/#f",
            "https://user:pw@a.example/",
            "https://a.example:port/",
            "https://a.example:99999",
            "https://a.example/v1/../v2",
            "https://a.example/%2e%2E/",
            "https://a.example/.",
            "http://a.example",
            "http://127.0.0.1.a.example",
            "http://localhost.a.example",
            "http://evillocalhost",
            "https://openrouter.ai/api/v1/keys/",
            "http://[::1]evil.example:80/",
            "https://9:99999",
            "https://:443",
            "https://a.example:+1",
            "https://a.example/a b",
            "https://a.example\n",
        ] {
            let error = BaseUrl::new(url).expect_err(url);
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn this_machine_may_be_reached_without_tls() {
        for url in [
            "http://localhost:1",
            "http://127.9.9.9/x",
            "http://[::1]:8080/api",
            "http://keys.localhost",
        ] {
            assert!(BaseUrl::new(url).is_ok(), "{url}");
        }
    }
}
