//! Code without a client library: reqwest with its defaults, and serde into a struct with
//! every field.

use std::collections::VecDeque;
use std::hint::black_box;

use serde::de::DeserializeOwned;

use super::{Client, PAGE, Roots, counted};
use crate::failure::Failure;
use crate::plain::{Key, One, Page};
use crate::protocol::{API_KEY, HASH};

#[derive(Clone)]
pub(crate) struct Raw {
    client: reqwest::Client,
    base: String,
}

impl Raw {
    async fn fetch<T: DeserializeOwned>(&self, path: String) -> Result<T, Failure> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(API_KEY);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn page(&self, offset: usize) -> Result<Vec<Key>, Failure> {
        Ok(self.fetch::<Page>(format!("/keys?offset={offset}")).await?.data)
    }
}

impl Client for Raw {
    const NAME: &str = "reqwest";
    const PACKAGES: &[&str] = &["reqwest", "serde_json"];

    type Handle = reqwest::Client;

    fn handle(&self) -> &Self::Handle {
        &self.client
    }

    fn connect(base: &str, roots: Roots) -> Result<Self, Failure> {
        Self::over(roots.set(reqwest::Client::builder()).build()?, base)
    }

    fn over(client: reqwest::Client, base: &str) -> Result<Self, Failure> {
        Ok(Self { client, base: base.into() })
    }

    async fn get(&self) -> Result<usize, Failure> {
        let one: One = self.fetch(format!("/keys/{HASH}")).await?;
        Ok(counted(&[one.data], read))
    }

    async fn list(&self) -> Result<usize, Failure> {
        let page: Page = self.fetch("/keys".into()).await?;
        Ok(counted(&page.data, read))
    }

    /// Requests pages ahead, without overlap: if keys are created or deleted meanwhile, it
    /// can miss a key or return one twice.
    async fn list_all(&self, prefetch: u32) -> Result<usize, Failure> {
        let mut offsets = (0..).step_by(PAGE);
        let mut pages = VecDeque::new();
        let mut count: usize = 0;
        loop {
            while pages.len() < usize::try_from(prefetch)? {
                let (client, offset) = (self.clone(), offsets.next().unwrap_or_default());
                pages.push_back(tokio::spawn(async move { client.page(offset).await }));
            }
            let Some(page) = pages.pop_front() else {
                return Ok(count);
            };
            let page = page.await??;
            page.iter().for_each(read);
            count = count.saturating_add(page.len());
            if page.len() < PAGE {
                pages.iter().for_each(tokio::task::JoinHandle::abort);
                return Ok(count);
            }
        }
    }
}

fn read(key: &Key) {
    black_box((&key.hash, &key.name));
}
