//! Settings of a client and of a call: base URL, headers, timeouts, retries.
//!
//! Uses: `types`, `redact`.

mod base_url;
mod headers;
mod retry_budget;
mod retry_policy;
mod settings;
mod url;

pub(crate) use self::url::Url;
pub(crate) use base_url::has_plain_segments;
pub use base_url::{BaseUrl, DEFAULT_BASE_URL, is_loopback};
pub use headers::Headers;
pub(crate) use headers::{is_header_name, is_visible};
pub use retry_policy::{Jitter, RetryPolicy};
pub(crate) use retry_policy::{Trouble, next_entropy};
pub(crate) use settings::Settings;
pub use settings::{CallOptions, Config};
