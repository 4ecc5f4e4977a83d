//! The contract suite over the fake, the async and the blocking transport.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use http::HeaderValue;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::blocking::{self, BlockingNativeTransport};
use openrouter_keys_native::transport::{BlockingTransport, SendContext};
use openrouter_keys_native::{ApiKey, BaseUrl, Client, Config, NativeTransport, client_with};
use openrouter_keys_tests::{contract, for_each_case};

fn key(emulator: &Emulator) -> ApiKey {
    ApiKey::new(emulator.management_key()).unwrap()
}

fn config(emulator: &Emulator) -> Config {
    Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap())
}

/// The fake opens no socket: its response function asks the emulator. A response that never
/// comes takes no time on its clock.
fn fake_client(emulator: &Emulator) -> Client {
    let wire = BlockingNativeTransport::new(NativeTransport::new().unwrap()).unwrap();
    let transport = FakeTransport::answering(move |_, request| {
        match request.headers().get("x-emulator-fault").map(HeaderValue::as_bytes) {
            Some(b"stall-headers") => Reply::never(),
            Some(b"stall-body=10") => Reply::stalled(201),
            _ => BlockingTransport::send(&wire, request.clone(), &SendContext::default()).into(),
        }
    });
    Client::with_config(transport, key(emulator), config(emulator)).unwrap()
}

fn async_client(emulator: &Emulator) -> Client {
    client_with(key(emulator), config(emulator)).unwrap()
}

fn blocking_client(emulator: &Emulator) -> blocking::Client {
    blocking::client_with(key(emulator), config(emulator)).unwrap()
}

/// One test for each case, each with its own emulator.
macro_rules! over {
    ($module:ident, $client:ident; $($case:ident,)*) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $case() {
                    let emulator = super::Emulator::start().unwrap();
                    super::contract::$case(&super::$client(&emulator)).await;
                }
            )*
        }
    };
}

for_each_case!(over, fake, fake_client);
for_each_case!(over, async_native, async_client);
for_each_case!(over, blocking_native, blocking_client);
