//! The target of a redirect, as far as it is safe to show.

use http::header::{HeaderMap, LOCATION};
use http::uri::Uri;

use crate::config::has_bad_port;

/// The target of a redirect without its path and user information, which may be secrets; `None`
/// if the response names none, or one that is not http.
pub(super) fn origin(headers: &HeaderMap, request: &Uri) -> Option<String> {
    let target = headers.get(LOCATION)?.to_str().ok()?.trim();
    let is_slash = |c: char| c == '/' || c == '\\';
    // URL parsers treat `\` as a slash, and two slashes as the start of a host.
    let target = match target.strip_prefix(is_slash).and_then(|rest| rest.strip_prefix(is_slash)) {
        Some(rest) => format!("{}://{rest}", request.scheme_str()?),
        None => target.to_owned(),
    };
    let first = target.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // Without a scheme it is relative to the request.
    if first.contains(':') { origin_of(&target.parse().ok()?) } else { origin_of(request) }
}

/// Scheme, host and port of an http URL.
fn origin_of(uri: &Uri) -> Option<String> {
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority().filter(|authority| !has_bad_port(authority))?;
    let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{}{port}", authority.host()))
}
