//! A caller's own reqwest clients: reading their settings, and where they are not used.
//!
//! reqwest shows its settings only in its `Debug` output. Anything not shown there is assumed
//! to be the default.

use openrouter_keys_core::error::{BuildError, BuildErrorKind};
use reqwest::Client;

use crate::need::Need;

#[derive(Debug)]
pub(crate) struct Given {
    replayable: Checked,
    creates: Checked,
}

#[derive(Debug)]
struct Checked {
    client: Client,
    may_proxy_http: bool,
}

impl Given {
    pub(crate) fn new(replayable: Client, creates: Client) -> Result<Self, BuildError> {
        Ok(Self { replayable: Checked::new(replayable)?, creates: Checked::new(creates)? })
    }

    /// The client for this need; `None` if it might send the API key to a proxy in plain text.
    pub(crate) fn get(&self, need: Need) -> Option<&Client> {
        let Checked { client, may_proxy_http } =
            if need.is_fresh { &self.creates } else { &self.replayable };
        let is_safe = need.is_tls || !need.is_local || !may_proxy_http;
        is_safe.then_some(client)
    }
}

impl Checked {
    fn new(client: Client) -> Result<Self, BuildError> {
        let shown = format!("{client:?}");
        if !shown.contains(r#"redirect_policy: "Policy(None)""#) {
            return Err(refused(
                "the reqwest client follows redirects; build it with redirect::Policy::none()",
            ));
        }
        check_shown(&shown)?;
        Ok(Self { client, may_proxy_http: may_proxy_http(&shown) })
    }
}

/// Refuses settings that cannot be switched off from outside.
pub(crate) fn check(client: &Client) -> Result<(), BuildError> {
    check_shown(&format!("{client:?}"))
}

fn check_shown(shown: &str) -> Result<(), BuildError> {
    // The first fields, before anything the caller can set.
    let (cookies, rest) = shown.split_once("accepts: ").unwrap_or((shown, ""));
    if cookies.contains("cookie_store: true") {
        return Err(refused("the reqwest client keeps cookies; build it without a cookie store"));
    }
    let accepts = rest.strip_prefix("Accepts {").and_then(|rest| rest.split('}').next());
    if accepts.is_some_and(|accepts| accepts.contains("true")) {
        return Err(refused(
            "the reqwest client decompresses responses; build it with \
             no_gzip(), no_brotli(), no_zstd() and no_deflate()",
        ));
    }
    Ok(())
}

/// Whether plain http may go through a proxy: the caller's, or the environment's when the client
/// was built. A proxy in an unknown form counts.
fn may_proxy_http(shown: &str) -> bool {
    let before = shown.split("redirect_policy: ").next().unwrap_or_default();
    let Some((_, proxies)) = before.split_once("proxies: [") else { return false };
    let proxies = proxies.trim_end_matches([']', ',', ' ']);
    // A matcher shows the proxy of each scheme that has one; a function shows `_`.
    let is_known = |part: &str| {
        part.is_empty() || part == ", " || part.starts_with(" {") || part.starts_with('(')
    };
    proxies.contains(" http: ")
        || !proxies.starts_with("Matcher")
        || proxies.contains(", _")
        || !proxies.split("Matcher").all(is_known)
}

fn refused(problem: &'static str) -> BuildError {
    BuildError::new(BuildErrorKind::Transport, problem)
}

#[cfg(test)]
mod tests {
    use reqwest::{Client, ClientBuilder, Proxy, redirect};

    use super::{Given, may_proxy_http};
    use crate::need::Need;

    const PROXY: &str = "http://127.0.0.1:9";

    fn built(with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        // Ignores the environment of the test.
        with(Client::builder().no_proxy().redirect(redirect::Policy::none())).build().unwrap()
    }

    #[test]
    fn a_client_that_may_send_plain_http_through_a_proxy_is_detected() {
        let http = || Proxy::http(PROXY).unwrap();
        let https = || Proxy::https(PROXY).unwrap();
        let custom = || Proxy::custom(|_| None::<reqwest::Url>);
        for (client, expected) in [
            (built(|client| client), false),
            (built(|client| client.proxy(https())), false),
            (built(|client| client.proxy(https()).proxy(https())), false),
            (built(|client| client.proxy(http())), true),
            (built(|client| client.proxy(https()).proxy(http())), true),
            (built(|client| client.proxy(Proxy::all(PROXY).unwrap())), true),
            (built(|client| client.proxy(Proxy::all("socks5://127.0.0.1:9").unwrap())), true),
            (built(|client| client.proxy(custom())), true),
            (built(|client| client.proxy(https()).proxy(custom())), true),
            (
                built(|client| {
                    let no = reqwest::NoProxy::from_string("localhost, 10.0.0.0/8, a.example");
                    client.proxy(https().no_proxy(no))
                }),
                false,
            ),
        ] {
            let shown = format!("{client:?}");
            assert_eq!(may_proxy_http(&shown), expected, "{shown}");
        }
        for later in ["Later { }", "Matcher, Later { }"] {
            let shown = format!("Client {{ proxies: [{later}], redirect_policy: ");
            assert!(may_proxy_http(&shown), "{shown}");
        }
        assert!(!may_proxy_http("Client { proxies: [Matcher], redirect_policy: "));
    }

    #[test]
    fn a_client_with_a_proxy_is_skipped_only_for_plain_http_to_this_machine() {
        let given = |client: Client| Given::new(client.clone(), client).unwrap();
        let proxied = given(built(|client| client.proxy(Proxy::all(PROXY).unwrap())));
        let direct = given(built(|client| client));
        for bits in 0..8 {
            let need =
                Need { is_tls: bits & 4 > 0, is_local: bits & 2 > 0, is_fresh: bits & 1 > 0 };
            assert!(direct.get(need).is_some(), "{need:?}");
            let is_plain_and_local = need.is_local && !need.is_tls;
            assert_eq!(proxied.get(need).is_none(), is_plain_and_local, "{need:?}");
        }
    }

    #[test]
    fn a_client_that_keeps_cookies_or_decompresses_is_refused() {
        for (shown, problem) in [
            ("Client { cookie_store: true, accepts: Accepts, ", "cookies"),
            ("Client { accepts: Accepts { gzip: true }, ", "no_gzip"),
            ("Client { accepts: Accepts { gzip: false, brotli: true }, ", "no_brotli"),
        ] {
            let refused = super::check_shown(shown).unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
        }
        for shown in [
            "Client { accepts: Accepts, referer: true }",
            "Client { accepts: Accepts { gzip: false, deflate: false }, referer: true }",
        ] {
            super::check_shown(shown).unwrap();
        }
        assert!(Given::new(Client::new(), Client::new()).is_err());
    }
}
