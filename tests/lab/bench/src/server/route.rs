//! The server's paths.

use http::Uri;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `{prefix}/api/v1/keys/{hash}`
    Key { delay: u64 },
    /// `{prefix}/api/v1/keys?offset={keys}`
    Page { page: Page, offset: usize },
    /// `/hold/api/v1/keys/{hash}`: one key, once it is released.
    Hold,
    /// `/held/{requests}`: a response once this many are held.
    Held(usize),
    /// `/release`: releases the held requests.
    Release,
}

/// The prefix: `/page/{keys per page}/total/{total keys}/delay/{milliseconds}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) keys: usize,
    pub(super) total: usize,
    pub(super) delay: u64,
}

impl Route {
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let path = uri.path().strip_prefix('/')?;
        if path == "release" {
            return Some(Self::Release);
        }
        if let Some(requests) = path.strip_prefix("held/") {
            return Some(Self::Held(requests.parse().ok()?));
        }
        if path.starts_with("hold/api/v1/keys/") {
            return Some(Self::Hold);
        }
        let (prefix, rest) = path.split_once("/api/v1/keys")?;
        let (keys, rest_of_prefix) = prefix.strip_prefix("page/")?.split_once("/total/")?;
        let (total, delay) = rest_of_prefix.split_once("/delay/")?;
        let (keys, total) = (keys.parse().ok()?, total.parse().ok()?);
        let page = Page { keys, total, delay: delay.parse().ok()? };
        if rest.len() > 1 {
            return Some(Self::Key { delay: page.delay });
        }
        let offset = uri.query().and_then(|query| {
            query.split('&').find_map(|pair| pair.strip_prefix("offset=")?.parse().ok())
        });
        Some(Self::Page { page, offset: offset.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<Route> {
        Route::of(&path.parse().unwrap())
    }

    #[test]
    fn the_prefix_sets_page_size_total_and_delay() {
        let prefix = "/page/100/total/250/delay/50/api/v1";
        let page = || Page { keys: 100, total: 250, delay: 50 };
        let first = Some(Route::Page { page: page(), offset: 0 });
        assert_eq!(of(&format!("{prefix}/keys")), first);
        assert_eq!(of(&format!("{prefix}/keys?include_disabled=true")), first);
        let third = Some(Route::Page { page: page(), offset: 198 });
        assert_eq!(of(&format!("{prefix}/keys?a=b&offset=198")), third);
        assert_eq!(of(&format!("{prefix}/keys/f01d")), Some(Route::Key { delay: 50 }));
    }

    #[test]
    fn requests_can_be_held() {
        assert_eq!(of("/hold/api/v1/keys/f01d"), Some(Route::Hold));
        assert_eq!(of("/held/10000"), Some(Route::Held(10_000)));
        assert_eq!(of("/release"), Some(Route::Release));
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in ["/", "/api/v1/keys", "/page/x/total/1/delay/0/api/v1/keys", "/held/many"] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
