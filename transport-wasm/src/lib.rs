//! openrouter-keys over `fetch`, for browsers, workers, edge runtimes and servers that run
//! JavaScript.
//!
//! ```no_run
//! # #[cfg(all(target_family = "wasm", target_os = "unknown"))]
//! # mod example {
//! use openrouter_keys_wasm::core::{ApiKey, List};
//!
//! async fn names(key: &str) -> Result<Vec<Option<String>>, Box<dyn std::error::Error>> {
//!     let client = openrouter_keys_wasm::client(ApiKey::new(key)?);
//!     let page = client.list(List::new()).await?;
//!     Ok(page.data.into_iter().map(|key| key.name.into_option()).collect())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! A request is sent once, without cookies, cache or referrer; redirects are never followed;
//! dropping a call aborts it. Whatever `fetch` rejects with becomes a typed error. Browsers do
//! not report why a request failed, so every rejected create is ambiguous there; Node, Bun and
//! Deno report for some failures that the request never left.
//!
//! The crate is for `wasm32-unknown-unknown` with a JavaScript host, and is empty on every other
//! target.

pub use openrouter_keys_core as core;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod abort;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod body;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod clock;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod failure;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod fetch_response;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod reader;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod request;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod timer;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod transport;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use {
    clock::Clock,
    failure::{Thrown, rejected},
    transport::{FetchTransport, client, client_with},
};
