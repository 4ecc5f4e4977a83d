//! Manage OpenRouter API keys from native Rust.
//!
//! [`client()`] and [`from_env`] create a [`Client`] over reqwest. With the feature
//! `blocking`, the module `blocking` has the same API for threads that may block.
//! `openrouter-keys-core` is re-exported in full, so this is the only dependency you need.
//!
//! ```no_run
//! use openrouter_keys_native::{Create, Limit, LimitReset, List};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let client = openrouter_keys_native::from_env()?;
//! let created = client
//!     .create(Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly))
//!     .await?;
//! store_in_vault(created.key().reveal());
//!
//! let mut keys = client.list_all(List::new().include_disabled(true));
//! while let Some(key) = keys.next().await {
//!     let key = key?;
//!     println!("{:?} spent {:?} USD", key.name.as_deref(), key.usage.copied());
//! }
//! # Ok(()) }
//! # fn store_in_vault(_: &str) {}
//! ```
//!
//! # Runtimes
//!
//! Requests need a Tokio runtime with I/O and timers: `#[tokio::main]`, or a
//! `tokio::runtime::Builder` with `enable_all()`. In a runtime without them every call fails
//! with a `Setup` error and sends nothing, but Tokio still prints its panic message to standard
//! error. For other executors, and programs that fork, see [`NativeTransport`].
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `blocking` | a client that needs no async runtime |
//! | `jiff`, `time` | conversions between [`Timestamp`] and the types of these crates |
//! | `tracing` | one span per call and one event per attempt, without secrets |
//! | `test-util` | fake transports over a virtual clock, for unit tests |

mod background;
#[cfg(feature = "blocking")]
pub mod blocking;
mod body;
mod builder;
mod clients;
mod coding;
mod destination;
mod dns;
mod environment;
mod failure;
mod gate;
mod given;
mod native_transport;
mod need;
mod settings;
mod surroundings;

pub use builder::NativeTransportBuilder;
pub use environment::{API_KEY_VARIABLES, BASE_URL_VARIABLE, key_from_env};
pub use native_transport::NativeTransport;
use openrouter_keys_core::error::BuildError;
pub use openrouter_keys_core::*;

/// The examples in the README and in a page of the docs run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/networks.md")]
struct Networks;

/// Creates a client with the default settings.
///
/// Create one and clone it: clones share the connections, and creating a client
/// reads the system's trusted certificates.
pub fn client(key: impl Into<KeySource>) -> Result<Client, BuildError> {
    client_with(key, Config::new())
}

/// Creates a client with custom settings.
pub fn client_with(key: impl Into<KeySource>, config: Config) -> Result<Client, BuildError> {
    Client::with_config(NativeTransport::new()?, key, config)
}

/// Creates a client with the API key from the environment: the first of
/// [`API_KEY_VARIABLES`] that is set. [`BASE_URL_VARIABLE`] overrides the base URL.
pub fn from_env() -> Result<Client, BuildError> {
    from_env_with(Config::new())
}

/// Like [`from_env`], with custom settings. A base URL in them overrides the environment's.
pub fn from_env_with(config: Config) -> Result<Client, BuildError> {
    client_with(key_from_env()?, environment::with_base_url(config)?)
}
