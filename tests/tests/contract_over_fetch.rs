//! The contract suite over `fetch`, in the host the tests run in, against the emulator that
//! `cargo xtask test` starts.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use js_sys::Reflect;
use openrouter_keys_core::operation::{Delete, Operation};
use openrouter_keys_core::transport::{MaybeSend, MaybeSendSync};
use openrouter_keys_core::workflow::{BlockingRotationHandler, Pages, RotationHandler, Workflow};
use openrouter_keys_core::{
    ApiKey, BaseUrl, CallOptions, Client, Config, Error, Key, List, Response,
};
use openrouter_keys_tests::caller::Caller;
use openrouter_keys_tests::contract::{self, OTHER_WORKSPACE};
use openrouter_keys_tests::for_each_case;
use openrouter_keys_wasm::client_with;
use wasm_bindgen_test::wasm_bindgen_test;

// A page has no environment, so this is read at compile time.
const URL: Option<&str> = option_env!("OPENROUTER_KEYS_EMULATOR_URL");
const KEY: Option<&str> = option_env!("OPENROUTER_KEYS_EMULATOR_KEY");

/// A client over `fetch`.
struct OverFetch {
    client: Client,
    is_browser: bool,
}

impl OverFetch {
    /// All cases share one emulator, so each first deletes the remaining keys.
    async fn without_keys() -> Self {
        let missing = "`cargo xtask test --step wasm-tests` provides the emulator's address";
        let config = Config::new().base_url(BaseUrl::new(URL.expect(missing)).unwrap());
        let client = client_with(ApiKey::new(KEY.expect(missing)).unwrap(), config).unwrap();
        let this = Self { client, is_browser: has_location() };
        let everything = List::new().include_disabled(true).include_expired(true);
        for list in [everything.clone(), everything.workspace_id(OTHER_WORKSPACE)] {
            for key in this.all(list).await.unwrap() {
                this.call(Delete::new(key.require_hash().unwrap())).await.unwrap();
            }
        }
        this
    }
}

/// Pages and workers have a location; servers do not.
fn has_location() -> bool {
    Reflect::has(&js_sys::global(), &"location".into()).unwrap()
}

impl Caller for OverFetch {
    async fn send<O>(
        &self,
        operation: O,
        options: CallOptions,
    ) -> Result<Response<O::Output>, Error>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        self.client.send(operation, options).await
    }

    async fn all(&self, pages: impl Into<Pages>) -> Result<Vec<Key>, Error> {
        self.client.all(pages).await
    }

    async fn run_with<W, H>(
        &self,
        workflow: W,
        handler: H,
        options: CallOptions,
    ) -> Result<W::Output, Error>
    where
        W: Workflow + MaybeSend + 'static,
        H: RotationHandler + BlockingRotationHandler + 'static,
    {
        Caller::run_with(&self.client, workflow, handler, options).await
    }

    fn is_in_browser(&self) -> bool {
        self.is_browser
    }
}

macro_rules! over_fetch {
    (; $($case:ident,)*) => {
        $(
            #[wasm_bindgen_test]
            async fn $case() {
                contract::$case(&OverFetch::without_keys().await).await;
            }
        )*
    };
}

for_each_case!(over_fetch,);
