//! The target of a redirect, as far as it is safe to show.

use crate::config::{BaseUrl, Url};
use crate::transport::{Head, KnownHeader, ReadHeaders};

/// The target of a redirect without its path and user information, which may be secrets; `None`
/// if the response names none, or one that is not http.
pub(super) fn origin(headers: &Head, request: &BaseUrl) -> Option<String> {
    let target = headers.first(KnownHeader::Location)?.trim();
    let is_slash = |c: char| c == '/' || c == '\\';
    // URL parsers treat `\` as a slash, and two slashes as the start of a host.
    let target = match target.strip_prefix(is_slash).and_then(|rest| rest.strip_prefix(is_slash)) {
        Some(rest) => [request.scheme().as_str(), "://", rest].concat(),
        None => target.to_owned(),
    };
    let first = target.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // Without a scheme it is relative to the request.
    if first.contains(':') {
        let Url { scheme, authority, .. } = Url::parse(&target)?;
        authority.origin(scheme)
    } else {
        request.authority().origin(request.scheme())
    }
}
