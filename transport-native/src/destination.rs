//! Where a request goes: its URL for reqwest, and whether it stays on this machine.

use std::sync::OnceLock;

use http::Uri;
use http::uri::{Authority, Scheme};
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::internal::is_loopback;
use reqwest::Url;

/// The origin of the first request, parsed once: nearly all requests share it, and
/// parsing a whole URL takes a tenth of a call's time.
#[derive(Debug, Default)]
pub(crate) struct Destinations(OnceLock<Origin>);

#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
    url: Url,
    is_local: bool,
}

impl Destinations {
    /// The URL, and whether its host is this machine.
    pub(crate) fn of(&self, uri: &Uri) -> Result<(Url, bool), BoxError> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err("the request URI has no host".into());
        };
        if authority.as_str().contains('@') {
            return Err("the request URI contains a user name or a password".into());
        }
        let is_known =
            |origin: &&Origin| (&origin.scheme, &origin.authority) == (scheme, authority);
        if let Some(origin) = self.0.get().filter(is_known) {
            return Ok((origin.join(uri), origin.is_local));
        }
        let origin = Origin::new(scheme, authority)?;
        let destination = (origin.join(uri), origin.is_local);
        // The first one set is kept.
        let _ = self.0.set(origin);
        Ok(destination)
    }
}

impl Origin {
    fn new(scheme: &Scheme, authority: &Authority) -> Result<Self, BoxError> {
        let url = Url::parse(&format!("{scheme}://{authority}/"))?;
        let is_local = is_loopback(authority.host());
        Ok(Self { scheme: scheme.clone(), authority: authority.clone(), url, is_local })
    }

    fn join(&self, uri: &Uri) -> Url {
        let mut url = self.url.clone();
        url.set_path(uri.path());
        url.set_query(uri.query());
        url
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;
    use reqwest::Url;

    use super::Destinations;

    fn uri() -> impl Strategy<Value = Uri> {
        let origin = prop_oneof![
            Just("https://openrouter.ai"),
            Just("https://OpenRouter.AI:443"),
            Just("http://127.0.0.1:8080"),
            Just("http://[::1]:80"),
            Just("https://gateway.example:8443"),
        ];
        let path = r#"(/[A-Za-z0-9._~%!$&'()*+,;=:@^|{}"\\\[\]é-]{0,8}){0,4}/?"#;
        let query = r#"(\?[A-Za-z0-9._~%!$&'()*+,;=:@/?{}|"\\é-]{0,12})?"#;
        (origin, path, query).prop_filter_map("is a URI", |(origin, path, query)| {
            format!("{origin}{path}{query}").parse().ok()
        })
    }

    proptest! {
        #[test]
        fn a_url_is_the_same_as_if_it_were_read_whole(
            uris in proptest::collection::vec(uri(), 1..6)
        ) {
            let destinations = Destinations::default();
            for uri in uris {
                let (url, is_local) = destinations.of(&uri).unwrap();
                prop_assert_eq!(&url, &Url::parse(&uri.to_string()).unwrap());
                prop_assert_eq!(is_local, matches!(uri.host(), Some("127.0.0.1" | "[::1]")));
            }
        }
    }

    #[test]
    fn an_invalid_url_is_refused_each_time_and_does_not_affect_the_next() {
        let destinations = Destinations::default();
        for uri in [
            "/keys",
            "https://300.1.1.1/",
            "https://user:pw@a.example/",
            "https://a.example/keys",
            "https://300.1.1.1/",
        ] {
            let is_fit = uri.starts_with("https://a.");
            assert_eq!(destinations.of(&Uri::from_static(uri)).is_ok(), is_fit, "{uri}");
        }
    }
}
