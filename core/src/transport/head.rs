//! The headers of a response, as far as the core reads them.
//!
//! The rules for responses need eleven headers. They read them through [`ReadHeaders`], so that
//! the npm package's module, which gets its headers as lines of text, has no `HeaderMap` in it.

use http::{HeaderMap, HeaderName};

use crate::config::{is_header_name, is_visible};

macro_rules! known_headers {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The headers that the core itself reads or writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum KnownHeader {
            $($(#[$doc])* $variant,)*
        }

        impl KnownHeader {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in lower case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// A constant: no name is parsed at run time.
            #[inline]
            pub(crate) const fn name(self) -> HeaderName {
                match self {
                    $(Self::$variant => const { HeaderName::from_static($name) },)*
                }
            }
        }
    };
}

known_headers! {
    /// `Accept`
    Accept = "accept",
    /// `Authorization`
    Authorization = "authorization",
    /// `CF-Ray`
    CfRay = "cf-ray",
    /// `Content-Encoding`
    ContentEncoding = "content-encoding",
    /// `Content-Type`
    ContentType = "content-type",
    /// `Date`
    Date = "date",
    /// `Location`
    Location = "location",
    /// `X-RateLimit-Limit`
    RateLimitLimit = "x-ratelimit-limit",
    /// `X-RateLimit-Remaining`
    RateLimitRemaining = "x-ratelimit-remaining",
    /// `X-RateLimit-Reset`
    RateLimitReset = "x-ratelimit-reset",
    /// `X-Request-ID`
    RequestId = "x-request-id",
    /// `Retry-After`
    RetryAfter = "retry-after",
    /// `Retry-After-Ms`
    RetryAfterMs = "retry-after-ms",
    /// `X-Should-Retry`
    ShouldRetry = "x-should-retry",
}

/// A response's headers.
pub trait ReadHeaders: Send + Sync {
    /// The first value of the header, if that is visible ASCII.
    fn first(&self, name: KnownHeader) -> Option<&str>;

    /// Calls `take` with each value of the header; with an empty string instead of one that is
    /// not visible ASCII.
    fn each<'a>(&'a self, name: KnownHeader, take: &mut dyn FnMut(&'a str));

    /// All of them, one per line: name, colon, value.
    fn lines(&self) -> String;

    /// The headers as a map, if they are one.
    fn map(&self) -> Option<&HeaderMap> {
        None
    }
}

impl ReadHeaders for HeaderMap {
    #[inline]
    fn first(&self, name: KnownHeader) -> Option<&str> {
        self.get(name.name())?.to_str().ok()
    }

    #[inline]
    fn each<'a>(&'a self, name: KnownHeader, take: &mut dyn FnMut(&'a str)) {
        for value in self.get_all(name.name()) {
            take(value.to_str().unwrap_or_default());
        }
    }

    fn lines(&self) -> String {
        let mut lines = String::new();
        for (name, value) in self {
            let value = String::from_utf8_lossy(value.as_bytes());
            lines.extend([name.as_str(), ":", &value, "\n"]);
        }
        lines
    }

    fn map(&self) -> Option<&HeaderMap> {
        Some(self)
    }
}

/// Headers as lines of text.
#[derive(Debug)]
pub struct HeaderLines(String);

impl HeaderLines {
    /// Takes one header per line: name, colon, value. Leaves out what the `http` crate would
    /// refuse.
    pub fn new(text: &str) -> Self {
        let mut lines = String::with_capacity(text.len());
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            if is_header_name(name) && !value.bytes().any(is_control) {
                lines.extend(name.chars().map(|c| c.to_ascii_lowercase()));
                lines.extend([":", value, "\n"]);
            }
        }
        Self(lines)
    }

    fn values(&self, name: KnownHeader) -> impl Iterator<Item = &str> {
        let name = name.as_str();
        self.0.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':'))
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

impl ReadHeaders for HeaderLines {
    fn first(&self, name: KnownHeader) -> Option<&str> {
        self.values(name).next().filter(|value| is_visible(value))
    }

    fn each<'a>(&'a self, name: KnownHeader, take: &mut dyn FnMut(&'a str)) {
        for value in self.values(name) {
            take(if is_visible(value) { value } else { "" });
        }
    }

    fn lines(&self) -> String {
        self.0.clone()
    }
}

/// The headers of a response that the core keeps.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) type Head = HeaderMap;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) type Head = ResponseHeaders;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use either::ResponseHeaders;

/// Where the module of the npm package runs.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod either {
    use std::fmt;
    use std::ops::Deref;
    use std::sync::{Arc, LazyLock};

    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{KnownHeader, ReadHeaders};

    /// A response's headers, in the form in which they arrived. Dereferences to a `HeaderMap`,
    /// which is empty in the npm package's module.
    #[derive(Clone, Default)]
    pub struct ResponseHeaders(Option<Arc<dyn ReadHeaders>>);

    impl ResponseHeaders {
        /// Wraps headers of any form.
        pub fn new(headers: impl ReadHeaders + 'static) -> Self {
            Self(Some(Arc::new(headers)))
        }
    }

    impl ReadHeaders for ResponseHeaders {
        fn first(&self, name: KnownHeader) -> Option<&str> {
            self.0.as_deref()?.first(name)
        }

        fn each<'a>(&'a self, name: KnownHeader, take: &mut dyn FnMut(&'a str)) {
            if let Some(headers) = &self.0 {
                headers.each(name, take);
            }
        }

        fn lines(&self) -> String {
            self.0.as_deref().map(ReadHeaders::lines).unwrap_or_default()
        }

        fn map(&self) -> Option<&HeaderMap> {
            self.0.as_deref()?.map()
        }
    }

    impl Deref for ResponseHeaders {
        type Target = HeaderMap;

        fn deref(&self) -> &HeaderMap {
            static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
            self.map().unwrap_or(&NONE)
        }
    }

    impl From<HeaderMap> for ResponseHeaders {
        fn from(map: HeaderMap) -> Self {
            Self::new(map)
        }
    }

    impl<'a> IntoIterator for &'a ResponseHeaders {
        type Item = (&'a HeaderName, &'a HeaderValue);
        type IntoIter = http::header::Iter<'a, HeaderValue>;

        fn into_iter(self) -> Self::IntoIter {
            self.iter()
        }
    }

    impl fmt::Debug for ResponseHeaders {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(&**self, f)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{HeaderLines, KnownHeader, ReadHeaders};

    /// The lines as a map, as far as the `http` crate accepts them.
    fn map(text: &str) -> HeaderMap {
        let parse = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        };
        text.lines().filter_map(parse).collect()
    }

    fn each(headers: &dyn ReadHeaders, name: KnownHeader) -> Vec<String> {
        let mut values = Vec::new();
        headers.each(name, &mut |value| values.push(value.to_owned()));
        values
    }

    /// Repeated names may stand in another order.
    fn sorted(lines: &str) -> Vec<&str> {
        let mut lines: Vec<_> = lines.split('\n').collect();
        lines.sort_by_key(|line| line.split_once(':').map(|(name, _)| name));
        lines
    }

    #[test]
    fn every_known_name_is_in_lower_case_and_the_same_for_http() {
        for name in KnownHeader::ALL {
            assert_eq!(name.name().as_str(), name.as_str());
            assert_eq!(name.as_str(), name.as_str().to_ascii_lowercase());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn lines_are_read_like_a_map(
            lines in proptest::collection::vec(
                ("(date|Retry-After|retry-after|x-request-id|x y|é|:|)", "[ -~\té\u{0}\u{7f}\r]{0,6}"),
                0..6,
            )
        ) {
            let text: String =
                lines.iter().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
            let (lines, map) = (HeaderLines::new(&text), map(&text));
            for &name in KnownHeader::ALL {
                prop_assert_eq!(lines.first(name), map.first(name));
                prop_assert_eq!(each(&lines, name), each(&map, name));
            }
            let (ours, theirs) = (lines.lines(), map.lines());
            prop_assert_eq!(sorted(&ours), sorted(&theirs));
        }
    }
}
