//! Where a request goes: `BASE\nHASH`. A URL parser and the library must agree that an accepted
//! hash is exactly one segment below `/keys` at the given host.

use http::Uri;
use openrouter_keys_core::machine::{Attempt, Seed};
use openrouter_keys_core::operation::{Delete, Get, Operation};
use openrouter_keys_core::{ApiKey, BaseUrl, CallOptions, Config, KeyHash};
use url::{Host, Url};

/// Builds the requests of get and delete.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (base, hash) = text.split_once('\n').unwrap_or((text, "abc"));
    if let Ok(accepted) = BaseUrl::new(base) {
        assert_eq!(BaseUrl::allow_insecure_http(base), Ok(accepted));
        is_private(base);
    }
    let accepted = KeyHash::new(hash).is_ok();
    for url in [Ok(BaseUrl::default()), BaseUrl::allow_insecure_http(base)].into_iter().flatten() {
        for uri in [built(&url, Get::new(hash)), built(&url, Delete::new(hash))] {
            match uri {
                Some(uri) => {
                    assert!(accepted, "a refused hash was sent");
                    leads_there(&url.to_string(), &uri, hash);
                }
                None => assert!(!accepted || base.len() > 60_000, "an accepted hash was refused"),
            }
        }
    }
}

fn built<O: Operation>(base: &BaseUrl, operation: O) -> Option<Uri> {
    let config = Config::new().base_url(base.clone());
    let mut attempt =
        Attempt::first(&config, &CallOptions::new(), operation, Seed::default()).ok()?;
    Some(attempt.request(&ApiKey::new("sk-or-v1-test").unwrap()).uri().clone())
}

fn leads_there(base: &str, uri: &Uri, hash: &str) {
    let base_uri: Uri = base.parse().unwrap();
    assert_eq!((uri.scheme(), uri.authority()), (base_uri.scheme(), base_uri.authority()));
    assert_eq!(uri.query(), None);
    assert!(uri.path().ends_with(&format!("/keys/{hash}")), "{uri}");

    // A URL that no parser accepts goes nowhere.
    let (Ok(url), Ok(base)) = (Url::parse(&uri.to_string()), Url::parse(base)) else { return };
    assert_eq!(url.path(), format!("{}/keys/{hash}", base.path().trim_end_matches('/')));
    assert_eq!((url.scheme(), url.host(), url.port()), (base.scheme(), base.host(), base.port()));
    assert_eq!((url.query(), url.fragment(), url.password()), (None, None, None));
    assert_eq!(url.username(), "");
}

/// The API key is sent unencrypted only within this machine.
fn is_private(base: &str) {
    let Ok(url) = Url::parse(base) else { return };
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    assert!(url.scheme() == "https" || is_here, "plain http to {url}");
}
