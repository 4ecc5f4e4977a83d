//! Manage OpenRouter API keys from native Rust.
//!
//! [`client`] and [`from_env`] make a [`Client`] over reqwest; with the feature
//! `blocking`, the module `blocking` has the same for threads that may block.
//! Everything of `openrouter-keys-core` is re-exported, so that a program needs
//! this one dependency.
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
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `blocking` | a client that needs no async runtime of the caller's |
//! | `jiff`, `time` | conversions between [`Timestamp`] and the types of these crates |
//! | `tracing` | one span a call and one event an attempt, without secrets |
//! | `test-util` | fake transports over a virtual clock, for unit tests |

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
mod surroundings;
mod transport;

pub use builder::NativeTransportBuilder;
pub use environment::{API_KEY_VARIABLES, BASE_URL_VARIABLE, key_from_env};
pub use openrouter_keys_core::*;
pub use transport::NativeTransport;

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// A client with the default settings.
///
/// Make one and clone it: clones share the connections, and making a client
/// reads the system's trusted certificates.
pub fn client(key: impl Into<KeySource>) -> Result<Client, BuildError> {
    client_with(key, Config::new())
}

/// A client with settings of its own.
pub fn client_with(key: impl Into<KeySource>, config: Config) -> Result<Client, BuildError> {
    Client::with_config(NativeTransport::new()?, key, config)
}

/// A client with the API key of the environment: the first of [`API_KEY_VARIABLES`]
/// that is set. [`BASE_URL_VARIABLE`] may say where the API is.
pub fn from_env() -> Result<Client, BuildError> {
    from_env_with(Config::new())
}

/// The same with settings of its own. A base URL in them overrides the environment's.
pub fn from_env_with(config: Config) -> Result<Client, BuildError> {
    client_with(key_from_env()?, environment::with_base_url(config)?)
}
