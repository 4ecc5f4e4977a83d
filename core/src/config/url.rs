//! Absolute `http` and `https` URLs as text, split as the `http` crate splits them.
//!
//! `http::Uri` would add several kilobytes to the npm package's module. Tests hold this parser
//! against it.

use std::fmt;

/// The longest URI that the `http` crate parses from one string, as reqwest does.
pub(super) const LONGEST: usize = 65_534;

/// The most colons that an authority may have in a row of parts: an IPv6 address with a port.
const MOST_COLONS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The parts of an absolute URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority<'a>,
    /// Without query and fragment; empty if the authority ends the URL.
    pub(crate) path: &'a str,
}

impl<'a> Url<'a> {
    /// Splits a URL; `None` if `http::Uri` does not accept it, or it has another scheme.
    pub(crate) fn parse(url: &'a str) -> Option<Self> {
        if url.len() > LONGEST {
            return None;
        }
        let after = |scheme: &str| {
            let start = url.get(..scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then(|| url.get(scheme.len()..))?
        };
        let (scheme, rest) = match after("http://") {
            Some(rest) => (Scheme::Http, rest),
            None => (Scheme::Https, after("https://")?),
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_valid = is_authority(authority)
            && path.bytes().all(is_of_path)
            && query.bytes().all(is_of_query);
        is_valid.then_some(Self { scheme, authority: Authority(authority), path })
    }
}

/// Host and port, perhaps after user information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a>(pub(super) &'a str);

impl<'a> Authority<'a> {
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// Without user information.
    fn bare(self) -> &'a str {
        self.0.rsplit('@').next().unwrap_or_default()
    }

    /// The host, an IPv6 address with its brackets.
    pub(crate) fn host(self) -> &'a str {
        let bare = self.bare();
        let end = match bare.strip_prefix('[').and_then(|inner| inner.find(']')) {
            Some(bracket) => bracket.checked_add(2),
            None => bare.find(':'),
        };
        end.and_then(|end| bare.get(..end)).unwrap_or(bare)
    }

    /// Scheme, host and port; `None` if the host is followed by anything but a port from 0 to
    /// 65535.
    pub(crate) fn origin(self, scheme: Scheme) -> Option<String> {
        let (scheme, host) = (scheme.as_str(), self.host());
        match self.bare().strip_prefix(host)? {
            "" => Some([scheme, "://", host].concat()),
            port => {
                let port = port.strip_prefix(':').filter(|port| !is_no_port(port))?;
                // Without leading zeros.
                let port: u16 = port.parse().ok()?;
                Some(format!("{scheme}://{host}:{port}"))
            }
        }
    }
}

/// Whether the text is anything but a number from 0 to 65535.
pub(super) fn is_no_port(text: &str) -> bool {
    !text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse::<u16>().is_err()
}

fn is_authority(text: &str) -> bool {
    let (mut colons, mut has_percent) = (0_u32, false);
    let (mut opened, mut closed) = (false, false);
    for byte in text.bytes() {
        match byte {
            b'%' => has_percent = true,
            b':' if colons == MOST_COLONS => return false,
            b':' => colons = colons.saturating_add(1),
            b'[' if has_percent || opened => return false,
            b'[' => opened = true,
            b']' if !opened || closed => return false,
            b']' => (closed, colons, has_percent) = (true, 0, false),
            // Colons and encoded characters of the user information do not count.
            b'@' => (colons, has_percent) = (0, false),
            _ if !is_of_authority(byte) => return false,
            _ => {}
        }
    }
    let is_whole = opened == closed && colons <= 1 && !has_percent;
    is_whole && !text.is_empty() && !text.ends_with('@')
}

fn is_of_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$&'()*+,-.;=_~".contains(&byte)
}

fn is_of_path(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | b'<' | b'>' | b'`' | 0x7f)
}

fn is_of_query(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | b'<' | b'>' | b'"' | 0x7f)
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use http::uri::PathAndQuery;
    use proptest::prelude::*;

    use super::Url;

    /// What `http::Uri` makes of an absolute URL.
    fn by_http(url: &str) -> Option<(String, String, String)> {
        let uri: Uri = url.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
        Some((scheme.to_owned(), uri.authority()?.to_string(), uri.path().to_owned()))
    }

    fn by_us(url: &str) -> Option<(String, String, String)> {
        let Url { scheme, authority, path } = Url::parse(url)?;
        // `http` adds the slash of an empty path.
        let path = if path.is_empty() { "/" } else { path };
        Some((scheme.to_string(), authority.0.to_owned(), path.to_owned()))
    }

    /// What `http` makes of an origin.
    fn origin_by_http(url: &str) -> Option<String> {
        let uri: Uri = url.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
        let authority = uri.authority()?;
        let bare = authority.as_str().rsplit('@').next().unwrap();
        match bare.strip_prefix(authority.host())?.strip_prefix(':') {
            Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            Some(_) if authority.port_u16().is_none() => return None,
            None if bare != authority.host() => return None,
            _ => {}
        }
        let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{}{port}", authority.host()))
    }

    #[test]
    fn each_byte_is_taken_where_http_takes_it() {
        for byte in 0..128_u8 {
            let c = char::from(byte);
            for url in [
                format!("https://a{c}b/c"),
                format!("https://a/b{c}c"),
                format!("https://a/b?c{c}d"),
                format!("https://a/b#c{c}d"),
                format!("https://{c}"),
                format!("{c}https://a"),
            ] {
                assert_eq!(by_us(&url), by_http(&url), "{url:?}");
            }
        }
    }

    #[test]
    fn the_longest_url_is_that_of_http() {
        for length in 65_500..65_560 {
            let url = format!("https://a.example/{}", "x".repeat(length));
            assert_eq!(by_us(&url).is_some(), by_http(&url).is_some(), "{length}");
        }
        assert!(PathAndQuery::try_from("/x".repeat(super::LONGEST / 2)).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn an_absolute_url_is_split_as_http_splits_it(
            scheme in "(https?|HTTPS?|ftp)", rest in "[a-c0-9:@%/?#\\[\\]<>\"`{}|\\\\^é. ~-]{0,24}"
        ) {
            let url = format!("{scheme}://{rest}");
            prop_assert_eq!(by_us(&url), by_http(&url));
            let origin = Url::parse(&url).and_then(|url| url.authority.origin(url.scheme));
            prop_assert_eq!(origin, origin_by_http(&url));
        }

        #[test]
        fn any_string_is_split_as_http_splits_it(url in "[htps:/a0\\[\\]@.%]{0,16}") {
            prop_assert_eq!(by_us(&url), by_http(&url));
        }
    }
}
