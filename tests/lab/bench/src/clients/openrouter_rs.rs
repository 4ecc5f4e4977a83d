//! `openrouter-rs`, a third-party client for the whole OpenRouter API.

use std::hint::black_box;
use std::sync::Arc;

use openrouter_rs::OpenRouterClient;
use openrouter_rs::api::api_keys::ApiKey;
use openrouter_rs::types::PaginationOptions;

use super::{Client, PAGE, Roots, counted};
use crate::failure::Failure;
use crate::protocol::{API_KEY, HASH};

#[derive(Clone)]
pub(crate) struct OpenrouterRs(Arc<OpenRouterClient>);

impl Client for OpenrouterRs {
    const NAME: &str = "openrouter-rs";
    const PACKAGES: &[&str] = &["openrouter-rs", "reqwest"];

    type Handle = OpenRouterClient;

    fn handle(&self) -> &Self::Handle {
        &self.0
    }

    fn connect(base: &str, roots: Roots) -> Result<Self, Failure> {
        // The same as what it does by default.
        Self::over(roots.set(reqwest::Client::builder()).build()?, base)
    }

    fn over(client: reqwest::Client, base: &str) -> Result<Self, Failure> {
        let mut builder = OpenRouterClient::builder();
        builder.base_url(base).management_key(API_KEY).http_client(client);
        Ok(Self(Arc::new(builder.build()?)))
    }

    async fn get(&self) -> Result<usize, Failure> {
        let key = self.0.management().get_api_key(HASH).await?;
        Ok(counted(&[key], read))
    }

    async fn list(&self) -> Result<usize, Failure> {
        let keys = self.0.management().list_api_keys(None, None).await?;
        Ok(counted(&keys, read))
    }

    /// It can only list one page at a time.
    async fn list_all(&self, _prefetch: u32) -> Result<usize, Failure> {
        let mut count: usize = 0;
        loop {
            let offset = PaginationOptions::with_offset(u32::try_from(count)?);
            let keys = self.0.management().list_api_keys(Some(offset), None).await?;
            keys.iter().for_each(read);
            count = count.saturating_add(keys.len());
            if keys.len() < PAGE {
                return Ok(count);
            }
        }
    }
}

fn read(key: &ApiKey) {
    black_box((&key.hash, &key.name));
}
