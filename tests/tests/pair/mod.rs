//! Both native clients, so that a test runs with each of them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use openrouter_keys_native::blocking::{self, BlockingNativeTransport};
use openrouter_keys_native::error::{Delivery, TransportErrorKind};
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client, Config, Create, Error, ErrorKind, Limit, NativeTransport, RetryPolicy,
};

/// The API key of the clients.
pub(crate) const KEY: &str =
    "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// Builds a client over a transport, for a base URL.
pub(crate) type Connect<C> = fn(NativeTransport, &str) -> C;

/// Generates one test for each function and client. Each function takes a [`Connect`].
macro_rules! over_both {
    ($($case:ident,)*) => {
        mod over_async {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::pair::async_client).await;
                }
            )*
        }
        mod over_blocking {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::pair::blocking_client).await;
                }
            )*
        }
    };
}

pub(crate) use over_both;

/// The async client.
pub(crate) fn async_client(transport: NativeTransport, base_url: &str) -> Client {
    Client::with_config(transport, ApiKey::new(KEY).unwrap(), config(base_url)).unwrap()
}

/// The blocking client.
pub(crate) fn blocking_client(transport: NativeTransport, base_url: &str) -> blocking::Client {
    let transport = BlockingNativeTransport::new(transport).unwrap();
    blocking::Client::with_config(transport, ApiKey::new(KEY).unwrap(), config(base_url)).unwrap()
}

/// Retries with short pauses.
fn config(base_url: &str) -> Config {
    let policy = RetryPolicy::default()
        .initial_interval(Duration::from_millis(1))
        .throttled_interval(Duration::from_millis(1));
    Config::new().base_url(BaseUrl::new(base_url).unwrap()).retry(policy)
}

/// A create without special arguments.
pub(crate) fn create() -> Create {
    Create::new("x", Limit::usd(1.0))
}

/// The delivery of the request, and the failure below HTTP.
pub(crate) fn failure(error: &Error) -> (Delivery, TransportErrorKind) {
    match error.kind() {
        ErrorKind::Transport(error) => (error.delivery(), error.kind()),
        other => panic!("{other:?}"),
    }
}
