//! The client in this repository.

use std::hint::black_box;

use openrouter_keys_native::workflow::Pages;
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client as Inner, Config, Key, List, NativeTransport,
};

use super::{Client, Roots, counted};
use crate::failure::Failure;
use crate::protocol::{API_KEY, HASH};

/// A page of 10,000 keys exceeds the default limit.
const MAX_BODY: usize = 16 << 20;

#[derive(Clone)]
pub(crate) struct Ours(Inner);

impl Ours {
    fn with(transport: NativeTransport, base: &str) -> Result<Self, Failure> {
        let config = Config::new().base_url(BaseUrl::new(base)?).max_success_body(MAX_BODY);
        Ok(Self(Inner::with_config(transport, ApiKey::new(API_KEY)?, config)?))
    }
}

impl Client for Ours {
    const NAME: &str = "ours";
    const PACKAGES: &[&str] = &["openrouter-keys-native", "reqwest"];

    type Handle = Inner;

    fn handle(&self) -> &Self::Handle {
        &self.0
    }

    fn connect(base: &str, roots: Roots) -> Result<Self, Failure> {
        let transport = NativeTransport::builder().reqwest(move |client| roots.clone().set(client));
        Self::with(transport.build()?, base)
    }

    fn over(client: reqwest::Client, base: &str) -> Result<Self, Failure> {
        Self::with(NativeTransport::from_client(client)?, base)
    }

    async fn get(&self) -> Result<usize, Failure> {
        let key = self.0.get(HASH).await?;
        Ok(counted(&[key], read))
    }

    async fn list(&self) -> Result<usize, Failure> {
        let page = self.0.list(List::new()).await?;
        Ok(counted(&page.data, read))
    }

    async fn list_all(&self, prefetch: u32) -> Result<usize, Failure> {
        let pages = Pages::new(List::new()).prefetch(usize::try_from(prefetch)?);
        let mut keys = self.0.list_all(pages);
        let mut count: usize = 0;
        while let Some(key) = keys.next().await {
            read(&key?);
            count = count.saturating_add(1);
        }
        Ok(count)
    }
}

fn read(key: &Key) {
    black_box((key.hash.get(), key.name.as_deref()));
}
