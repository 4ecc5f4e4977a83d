//! Where the API is: scheme, authority and path prefix.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery};

use super::url::{self, LONGEST, Scheme, Url, is_no_port};
use crate::redact::percent_decoded;
use crate::types::{BuildError, BuildErrorKind};

/// The API's own base URL.
pub const DEFAULT_BASE_URL: &str = "https://openrouter.ai/api/v1";

/// The validated URL that the API's paths are appended to.
///
/// A trailing slash and surrounding white space are accepted. A query, a fragment and user
/// information are refused, and so is plain `http`, which would send the API key in the clear,
/// except to this machine or with [`allow_insecure_http`](BaseUrl::allow_insecure_http). Write
/// a non-ASCII host in its punycode form.
///
/// ```
/// use openrouter_keys_core::BaseUrl;
///
/// assert!(BaseUrl::new("https://gateway.example/openrouter/v1/").is_ok());
/// assert!(BaseUrl::new("http://127.0.0.1:8080/api/v1").is_ok());
/// assert!(BaseUrl::new("http://gateway.example/v1").is_err());
/// assert!(BaseUrl::allow_insecure_http("http://gateway.example/v1").is_ok());
/// ```
#[derive(Clone)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Cow<'static, str>,
    /// Without a trailing slash; empty for the root.
    prefix: Arc<str>,
    /// The authority as the `http` crate has it, from the first request on.
    parsed: OnceLock<Authority>,
}

impl BaseUrl {
    /// Checks a base URL.
    pub fn new(url: impl AsRef<str>) -> Result<Self, BuildError> {
        let base = Self::allow_insecure_http(url)?;
        if base.scheme == Scheme::Http && !is_loopback(base.authority().host()) {
            return Err(refused(
                "uses http:// to another machine, which would send the API key in the clear; \
                 use https:// or allow_insecure_http",
            ));
        }
        Ok(base)
    }

    /// Checks a base URL, allowing plain `http` to another machine.
    pub fn allow_insecure_http(url: impl AsRef<str>) -> Result<Self, BuildError> {
        let url = url.as_ref().trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if let Some(flaw) = flaw(url) {
            return Err(refused(flaw));
        }
        let Some(Url { scheme, authority, path }) = Url::parse(url) else {
            return Err(refused(if url.len() > LONGEST {
                "is longer than 65534 bytes"
            } else {
                "has a character where a URL does not allow it"
            }));
        };
        let prefix = path.trim_end_matches('/');
        if prefix.ends_with("/keys") || prefix.ends_with("/key") {
            return Err(refused(
                "ends with the path of an operation; it should look like https://openrouter.ai/api/v1",
            ));
        }
        let authority = Cow::Owned(authority.0.to_owned());
        Ok(Self { scheme, authority, prefix: prefix.into(), parsed: OnceLock::new() })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn authority(&self) -> url::Authority<'_> {
        url::Authority(&self.authority)
    }

    /// The whole path of an operation's. `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> Result<Bytes, BuildError> {
        let origin = [self.scheme.as_str(), "://", &self.authority];
        let length = origin.iter().map(|part| part.len()).sum::<usize>();
        let path = [&self.prefix, path].concat();
        if length.saturating_add(path.len()) > LONGEST {
            return Err(refused("is too long to be joined with a path"));
        }
        Ok(path.into())
    }

    /// The URI with a path that was [joined](Self::join). Only the path is parsed each time.
    pub(crate) fn uri(&self, path: Bytes) -> Option<Uri> {
        let mut parts = Parts::default();
        parts.scheme = Some(match self.scheme {
            Scheme::Http => http::uri::Scheme::HTTP,
            Scheme::Https => http::uri::Scheme::HTTPS,
        });
        parts.authority = Some(self.parsed_authority()?);
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(path).ok()?);
        Uri::from_parts(parts).ok()
    }

    fn parsed_authority(&self) -> Option<Authority> {
        if let Some(parsed) = self.parsed.get() {
            return Some(parsed.clone());
        }
        let text = match &self.authority {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::copy_from_slice(text.as_bytes()),
        };
        let parsed = Authority::from_maybe_shared(text).ok()?;
        Some(self.parsed.get_or_init(|| parsed).clone())
    }
}

/// Hosts have no case.
impl PartialEq for BaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.authority.eq_ignore_ascii_case(&other.authority)
            && self.prefix == other.prefix
    }
}

impl Eq for BaseUrl {}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            scheme: Scheme::Https,
            authority: Cow::Borrowed("openrouter.ai"),
            prefix: "/api/v1".into(),
            parsed: OnceLock::new(),
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

/// Finds what is wrong with a URL, part by part. An HTTP parser would not say what, and URL
/// parsers would repair some problems, each differently.
fn flaw(url: &str) -> Option<&'static str> {
    if url.is_empty() {
        return Some("is empty");
    }
    if url.starts_with(['"', '\'', '`']) {
        return Some("is wrapped in quotes; remove them");
    }
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some("contains a space, a line break or another control character");
    }
    if url.contains('\\') {
        return Some("has a backslash; write / instead");
    }
    if url.contains('#') {
        return Some("has a fragment (#…)");
    }
    if url.contains('?') {
        return Some("has a query (?…)");
    }
    let begins =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some(if begins("http:") || begins("https:") {
            "lacks two slashes after its scheme; it should look like https://openrouter.ai/api/v1"
        } else if url.starts_with('/') && !url.starts_with("//") {
            "is only a path; it should look like https://openrouter.ai/api/v1"
        } else {
            "has no scheme; write https:// before it"
        });
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some("does not begin with https:// (or http:// for this machine)");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    flaw_of_authority(authority).or_else(|| flaw_of_path(path))
}

fn flaw_of_authority(authority: &str) -> Option<&'static str> {
    if authority.contains('@') {
        return Some("contains a user name or a password");
    }
    if !authority.is_ascii() {
        return Some(
            "has a host with non-ASCII letters; write it in its punycode form, such as \
             xn--bcher-kva.example for bücher.example",
        );
    }
    let (host, port) = match authority.strip_prefix('[').map(|inner| inner.split_once(']')) {
        Some(None) => return Some("has an opening bracket but no closing one"),
        Some(Some((address, _))) if address.contains('%') => {
            return Some("has an IPv6 address with a zone (%…), which no URL parser accepts");
        }
        Some(Some((address, _))) if !looks_like_v6(address) => {
            return Some("has something other than an IPv6 address in brackets");
        }
        Some(Some((address, port))) => (address, port),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Some("has no host");
    }
    if host.contains('%') {
        return Some("has an encoded character (%…) in its host; write the host itself");
    }
    if port.matches(':').count() > 1 {
        return Some("has several colons after its scheme; an IPv6 address needs brackets");
    }
    if looks_like_v4(host) && !is_v4(host) {
        return Some(
            "has a host that looks like an IPv4 address but is not a valid one, such as 192.0.2.1",
        );
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => Some("has a colon after its host but no port"),
        Some(port) if !is_no_port(port) && port.parse() != Ok(0_u16) => None,
        _ => Some("has a port that is not a number from 1 to 65535"),
    }
}

fn flaw_of_path(path: &str) -> Option<&'static str> {
    let path = path.trim_end_matches('/');
    if path.replace("://", "").contains("//") {
        return Some("has two slashes in a row in its path");
    }
    if !has_plain_segments(path) {
        return Some("has a `.` or `..` segment, perhaps encoded, in its path");
    }
    None
}

/// The error does not quote the URL: it may contain a password.
fn refused(reason: &str) -> BuildError {
    BuildError::new(BuildErrorKind::BaseUrl, format!("the base URL {reason}"))
}

/// Whether no segment is `.` or `..`, however often it is decoded.
pub(crate) fn has_plain_segments(path: &str) -> bool {
    let mut path = path.to_owned();
    while let Some(decoded) = percent_decoded(&path) {
        path = decoded;
    }
    // Some gateways ignore what follows a semicolon, and so still see the dots.
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    !path.split(['/', '\\']).any(is_dots)
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

/// Four numbers, the first of which is 127.
fn is_loopback_v4(host: &str) -> bool {
    host.starts_with("127.") && is_v4(host)
}

fn is_v4(host: &str) -> bool {
    let is_number = |part: &str| {
        let is_plain = part == "0" || !part.starts_with('0');
        is_plain && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    host.split('.').count() == 4 && host.split('.').all(is_number)
}

/// Whether a string has only characters of an IPv6 address. URL parsers, which accept no other
/// address in brackets, check the rest.
fn looks_like_v6(address: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    address.is_empty() || address.contains(':') && address.bytes().all(is_part)
}

/// Whether URL parsers read a host as an IPv4 address, including `127.1` and `0x7f000001`.
fn looks_like_v4(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.starts_with(|first: char| first.is_ascii_digit())
        && last.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'X'))
        && (last.bytes().all(|byte| byte.is_ascii_digit())
            || matches!(last.get(..2), Some("0x" | "0X")))
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;
    use url::Url;

    use super::{BaseUrl, DEFAULT_BASE_URL};

    fn joined(base: &BaseUrl, path: &str) -> Option<Uri> {
        base.uri(base.join(path).ok()?)
    }

    #[test]
    fn the_default_is_the_documented_url() {
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
            let uri = joined(&BaseUrl::new(url).unwrap(), "/keys?offset=1").unwrap();
            assert_eq!(uri.to_string(), "https://openrouter.ai/api/v1/keys?offset=1");
        }
        assert_eq!(
            joined(&BaseUrl::new("https://a.example").unwrap(), "/key").unwrap().to_string(),
            "https://a.example/key"
        );
    }

    #[test]
    fn joining_a_path_gives_the_uri_of_the_joined_string_if_that_is_valid() {
        for length in (0..40).chain(65_500..65_534) {
            let base = format!("https://a.example/{}", "x".repeat(length));
            // The base itself may be too long.
            let Ok(url) = BaseUrl::new(&base) else { continue };
            for path in ["/key", "/keys?offset=100", "/keys/f01d52606dc8f0a8"] {
                let text = format!("{}{path}", base.trim_end_matches('/'));
                assert_eq!(joined(&url, path), text.parse().ok(), "{length} {path}");
            }
        }
    }

    #[test]
    fn a_url_that_would_lose_or_leak_something_is_refused() {
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
        ] {
            let error = BaseUrl::new(url).expect_err(url);
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn surrounding_white_space_and_capitals_in_the_host_are_accepted() {
        for url in [
            " https://openrouter.ai/api/v1",
            "https://openrouter.ai/api/v1\n",
            "\u{feff}https://openrouter.ai/api/v1/\r\n",
            "HTTPS://openrouter.ai/api/v1",
        ] {
            assert_eq!(BaseUrl::new(url).expect(url), BaseUrl::default(), "{url:?}");
        }
        for url in [
            "https://OpenRouter.AI/api/v1",
            "https://xn--bcher-kva.example",
            "https://[2001:db8::1]:8443/v1",
            "https://proxy.example/https://openrouter.ai/api/v1",
            "https://a.example:65535",
            "https://192.0.2.1:8443",
            "https://1and1.example",
            "https://a.0xyz",
            "HTTP://LOCALHOST:1",
        ] {
            assert!(BaseUrl::new(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_error_says_what_is_wrong_with_the_url() {
        let slashes =
            "lacks two slashes after its scheme; it should look like https://openrouter.ai/api/v1";
        let port = "has a port that is not a number from 1 to 65535";
        let colons = "has several colons after its scheme; an IPv6 address needs brackets";
        let encoded = "has an encoded character (%…) in its host; write the host itself";
        let address =
            "has a host that looks like an IPv4 address but is not a valid one, such as 192.0.2.1";
        let dots = "has a `.` or `..` segment, perhaps encoded, in its path";
        let scheme = "does not begin with https:// (or http:// for this machine)";
        let character = "has a character where a URL does not allow it";
        for (url, flaw) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("\"https://a.example\"", "is wrapped in quotes; remove them"),
            ("openrouter.ai/api/v1", "has no scheme; write https:// before it"),
            ("localhost:8080", "has no scheme; write https:// before it"),
            ("//openrouter.ai/api/v1", "has no scheme; write https:// before it"),
            ("/api/v1", "is only a path; it should look like https://openrouter.ai/api/v1"),
            ("http:/a.example", slashes),
            ("HTTPS:a.example", slashes),
            ("https:", slashes),
            ("htps://a.example", scheme),
            ("ws://a.example", scheme),
            ("://a.example", scheme),
            ("https:\\\\a.example\\v1", "has a backslash; write / instead"),
            ("https://a.example\\@b.example", "has a backslash; write / instead"),
            ("https://a.ex ample", "contains a space, a line break or another control character"),
            ("https://a.exa\nmple", "contains a space, a line break or another control character"),
            ("https://a.example?x=1", "has a query (?…)"),
            ("https://a.example#x", "has a fragment (#…)"),
            ("https://", "has no host"),
            ("https:///a.example", "has no host"),
            ("https://:443", "has no host"),
            ("https://[]", "has no host"),
            ("https://user@a.example", "contains a user name or a password"),
            ("https://user:pw@a.example", "contains a user name or a password"),
            (
                "https://bücher.example/v1",
                "has a host with non-ASCII letters; write it in its punycode form, such as \
                 xn--bcher-kva.example for bücher.example",
            ),
            ("http://127.1/v1", address),
            ("https://2130706433", address),
            ("https://0x7f.0.0.1", address),
            ("https://192.0.2.256", address),
            ("https://192.0.2.01", address),
            ("https://1.2.3.4.5", address),
            ("https://a%2eexample", encoded),
            ("https://%61.example:1", encoded),
            (
                "https://[fe80::1%25eth0]/",
                "has an IPv6 address with a zone (%…), which no URL parser accepts",
            ),
            ("https://[v1.a]/", "has something other than an IPv6 address in brackets"),
            ("https://[g::1]:8443", "has something other than an IPv6 address in brackets"),
            ("https://[a.example]", "has something other than an IPv6 address in brackets"),
            ("https://[::1", "has an opening bracket but no closing one"),
            ("https://::1/", "has no host"),
            ("https://2001:db8::1", colons),
            ("https://a.example:1:2", colons),
            ("https://a.example:", "has a colon after its host but no port"),
            ("https://[::1]:", "has a colon after its host but no port"),
            ("https://a.example:0", port),
            ("https://a.example:00", port),
            ("https://a.example:65536", port),
            ("https://a.example:+1", port),
            ("https://a.example:1a", port),
            ("https://[::1]8080", port),
            ("https://a.example//v1", "has two slashes in a row in its path"),
            ("https://a.example/api//v1", "has two slashes in a row in its path"),
            ("https://a.example/v1/../v2", dots),
            ("https://a.example/./v1", dots),
            ("https://a.example/%2e%2E/v1", dots),
            ("https://a.example/%252e%252e/v1", dots),
            ("https://a.example/v1%2f..%2fv2", dots),
            ("https://a.example/..;x=1/v1", dots),
            ("https://a<b.example", character),
            ("https://a.example/v1<x>", character),
        ] {
            for base in [BaseUrl::new(url), BaseUrl::allow_insecure_http(url)] {
                let expected = format!("the base URL {flaw}; no request was made with it");
                assert_eq!(base.expect_err(url).to_string(), expected, "{url}");
            }
        }
        let long = format!("https://a.example/{}", "x".repeat(70_000));
        assert!(BaseUrl::new(long).unwrap_err().to_string().contains("longer than 65534 bytes"));
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn an_accepted_url_is_split_the_same_by_http_and_by_url_parsers(
            scheme in "(https?|HTTPS)", host in "([a-cA-C0-9.-]{1,8}|\\[[0-9a-f:]{2,8}\\])",
            port in "(:[0-9]{1,5})?", path in "(/[a-c0-9%.;:@/\\[{^é~-]{0,8})?"
        ) {
            let text = format!("{scheme}://{host}{port}{path}");
            let Ok(base) = BaseUrl::allow_insecure_http(&text) else { return Ok(()) };
            let uri = joined(&base, "/keys?offset=1").unwrap();
            prop_assert_eq!(uri.to_string(), format!("{base}/keys?offset=1"));
            prop_assert_eq!(uri.scheme_str(), Some(base.scheme().as_str()));
            prop_assert_eq!(uri.host(), Some(base.authority().host()));
            prop_assert_eq!(uri.host(), Some(&*host));
            // A URL parser also checks the address in brackets and the host's labels.
            let Ok(url) = Url::parse(&uri.to_string()) else { return Ok(()) };
            prop_assert_eq!(url.scheme(), base.scheme().as_str());
            let port = uri.port_u16().unwrap_or(if url.scheme() == "http" { 80 } else { 443 });
            prop_assert_eq!(url.port_or_known_default(), Some(port));
            if !host.starts_with('[') {
                prop_assert_eq!(url.host_str(), Some(&*host.to_ascii_lowercase()));
            }
            prop_assert_eq!(url.path().matches('/').count(), uri.path().matches('/').count());
            prop_assert!(url.path().ends_with("/keys"), "{}", url);
            prop_assert_eq!(url.query(), uri.query());
        }
    }
}
