//! Access control: which `Host` names and web pages the server accepts.
//!
//! Any page that a browser shows can send requests to this machine. Checking `Host`
//! stops DNS rebinding; checking `Origin` and `Sec-Fetch-Site` stops all other pages.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, HeaderMap, HeaderValue, ORIGIN, VARY};
use http::uri::Authority;
use http::{HeaderName, Uri};

use crate::api_error::ApiError;
use crate::server::Server;
use crate::{behaviour, control};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The rules of one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// The address the server listens on, loopback or not.
    pub(crate) address: Option<IpAddr>,
    /// Other machines may connect. Any IP address is then accepted as `Host`: an attacker can
    /// point a name at this machine, but not an address.
    pub(crate) remote: bool,
    /// Additional accepted names, in lower case.
    pub(crate) hosts: Vec<String>,
    /// The origins whose pages may use the API and the control API.
    pub(crate) origins: Vec<String>,
    /// Pages of every origin may use the API, but not the control API.
    pub(crate) any_origin: bool,
}

/// The two parts of the server, which accept different pages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Area {
    Api,
    Control,
}

impl Area {
    fn of(uri: &Uri) -> Self {
        let rest = uri.path().strip_prefix(control::PATH);
        let is_control = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_control { Self::Control } else { Self::Api }
    }
}

/// Rejects a request before it is logged, matched with a fault or handled.
pub(crate) async fn guard(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let area = Area::of(request.uri());
    if let Err(refusal) = server.access.check(request.uri(), request.headers(), area) {
        server.print(|| format!("{} {} refused: {refusal}", request.method(), request.uri()));
        return refusal.into_response();
    }
    if area == Area::Api {
        return next.run(request).await;
    }
    let cors = server.access.cors(request.headers(), area);
    match behaviour::preflight(request.method(), request.headers()) {
        Some(preflight) if !cors.is_empty() => (cors, preflight).into_response(),
        _ => {
            let mut response = next.run(request).await;
            response.headers_mut().extend(cors);
            response
        }
    }
}

impl Access {
    fn check(&self, uri: &Uri, headers: &HeaderMap, area: Area) -> Result<(), ApiError> {
        let host = self.host(uri, headers)?;
        if area == Area::Api && self.any_origin {
            return Ok(());
        }
        let of = |name| headers.get_all(name).iter().map(shown);
        let foreign = if headers.contains_key(ORIGIN) {
            of(ORIGIN).find(|origin| !self.lets_in(origin, &host))
        } else {
            of(SEC_FETCH_SITE).find(|site| !["none", "same-origin"].contains(&&**site))
        };
        foreign.map_or(Ok(()), |foreign| Err(ApiError::foreign_origin(&foreign)))
    }

    /// The single host the request names, if the server accepts it.
    fn host(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, ApiError> {
        let mut named = headers.get_all(HOST).iter().map(shown);
        // HTTP/2 sends an authority; an HTTP/1 request to a proxy has one as well as the header.
        let authority = uri.authority().map(ToString::to_string);
        let host = match (named.next(), authority, named.next()) {
            (Some(host), None, None) | (None, Some(host), None) => host,
            (Some(host), Some(authority), None) if host == authority => host,
            _ => return Err(ApiError::bad_request("The request must name exactly one host.")),
        };
        if self.accepts_host(&host) { Ok(host) } else { Err(ApiError::foreign_host(&host)) }
    }

    fn accepts_host(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        // An authority can also contain a user name; a `Host` cannot.
        let port = host.strip_prefix(authority.host()).map(|port| port.trim_start_matches(':'));
        if !port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok()) {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let address = literal.unwrap_or(&name).parse::<IpAddr>().ok();
        match address.map(|address| address.to_canonical()) {
            Some(address) => {
                self.remote
                    || ["127.0.0.1", "::1"].iter().any(|own| own.parse() == Ok(address))
                    || self.address.map(|own| own.to_canonical()) == Some(address)
                    || self.hosts.contains(&name)
            }
            None => name == "localhost" || self.hosts.contains(&name),
        }
    }

    fn lets_in(&self, origin: &str, host: &str) -> bool {
        origin.eq_ignore_ascii_case(&format!("http://{host}"))
            || self.origins.iter().any(|own| origin.eq_ignore_ascii_case(own))
    }

    /// Whether pages of any other origin are accepted.
    pub(crate) fn has_cors(&self) -> bool {
        self.any_origin || !self.origins.is_empty()
    }

    /// The headers that let a page read the response.
    pub(crate) fn cors(&self, headers: &HeaderMap, area: Area) -> HeaderMap {
        let mut cors = HeaderMap::new();
        if area == Area::Api && self.any_origin {
            cors.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return cors;
        }
        if self.origins.is_empty() {
            return cors;
        }
        cors.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = headers.get(ORIGIN) {
            cors.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        cors
    }
}

/// An origin as browsers write it: scheme, host and perhaps a port, nothing else.
pub(crate) fn origin(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    // Browsers omit the scheme's default port.
    let default = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = authority.strip_suffix(default).unwrap_or(authority);
    let host = authority.parse::<Authority>().ok()?.host().to_owned();
    let port = authority.strip_prefix(&*host)?;
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok());
    (is_host(&host) && (port.is_empty() || is_port(port)))
        .then(|| format!("{scheme}://{authority}"))
}

/// A name for `Host`, without a port.
pub(crate) fn host_name(text: &str) -> Option<String> {
    is_host(text).then(|| text.to_ascii_lowercase())
}

/// A name, or an address as written in URLs. Patterns such as `*` are not supported.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()),
        None => {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        }
    }
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access { address: "127.0.0.1".parse().ok(), ..Access::default() }
    }

    #[test]
    fn loopback_names_are_accepted_with_any_port_and_lookalikes_are_not() {
        for host in ["127.0.0.1", "127.0.0.1:80", "LocalHost:1", "localhost", "[::1]:8080", "[::1]"]
        {
            assert!(access().accepts_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.localhost",
            "localhost.",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "0.0.0.0",
            "[::]",
            "2130706433",
            "127.1",
            "0x7f.0.0.1",
            "user@localhost",
            "localhost@evil.example",
            "localhost:x",
            "localhost/",
            "192.168.1.5",
        ] {
            assert!(!access().accepts_host(host), "{host}");
        }
    }

    #[test]
    fn additional_names_are_accepted() {
        let named = Access { hosts: vec!["emulator".to_owned()], ..access() };
        assert!(
            named.accepts_host("Emulator:8080") && !named.accepts_host("emulator.evil.example")
        );
        let remote = Access { remote: true, ..access() };
        assert!(remote.accepts_host("192.168.1.5:80") && remote.accepts_host("[fe80::1]"));
        assert!(!remote.accepts_host("evil.example"));
        let bound = Access { address: "127.0.0.9".parse().ok(), ..Access::default() };
        assert!(bound.accepts_host("127.0.0.9:80"));
    }

    #[test]
    fn an_origin_is_a_scheme_and_an_authority() {
        assert_eq!(origin("http://Localhost:5173").as_deref(), Some("http://localhost:5173"));
        // Browsers omit the scheme's default port.
        for (given, sent) in [
            ("http://localhost:80", "http://localhost"),
            ("https://a.example:443", "https://a.example"),
            ("https://a.example:80", "https://a.example:80"),
            ("HTTP://[::1]:5173", "http://[::1]:5173"),
        ] {
            assert_eq!(origin(given).as_deref(), Some(sent));
        }
        for bad in [
            "null",
            "*",
            "http://*",
            "https://*.example",
            "http://a:",
            "http://a:x",
            "http://a:65536",
            "http://[a]",
            "localhost",
            "http://a/",
            "http://a/b",
            "ftp://a",
            "http://",
            "http://u@a",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_host_name_has_no_port() {
        assert_eq!(host_name("Emulator").as_deref(), Some("emulator"));
        for bad in ["", "a:80", "a:", "http://a", "a/b", "a b", "u@a", "*", "*.a", "[a]"] {
            assert_eq!(host_name(bad), None, "{bad}");
        }
    }
}
