//! The object store as a machine sees it: late, failing, or wrong about what it wrote.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt as _};
use http::Extensions;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use openrouter_keys_core::workflow::{RotationEntry, RotationStep};
use tokio::time::sleep;

use super::machine::Machine;
use super::world::World;

#[derive(Clone)]
pub(super) struct Objects {
    pub(super) inner: Arc<InMemory>,
    pub(super) world: World,
    pub(super) machine: Machine,
    /// Of 1,000 requests, how many fail in each way.
    pub(super) failures: u64,
}

fn failed() -> Error {
    Error::Generic { store: "model", source: "the store failed".into() }
}

impl Objects {
    /// The way to the store.
    async fn way(&self) -> Result<()> {
        self.machine.moment().await;
        let time = self.machine.time(5, 60);
        // A store that answers late.
        sleep(if self.machine.happens(self.failures) { time * 500 } else { time }).await;
        if self.machine.is_cut() || self.machine.happens(self.failures) {
            return Err(failed());
        }
        Ok(())
    }

    /// The way back.
    async fn back(&self) -> Result<()> {
        sleep(self.machine.time(5, 60)).await;
        self.machine.moment().await;
        if self.machine.is_cut() || self.machine.happens(self.failures) {
            return Err(failed());
        }
        Ok(())
    }

    /// Notes who owns a rotation, and whether an entry has a secret.
    fn note(&self, payload: &PutPayload) {
        let content: Vec<u8> = payload.iter().flat_map(|bytes| bytes.to_vec()).collect();
        let mut world = self.world.lock();
        let text = String::from_utf8_lossy(&content);
        let secrets = world.server.keys.iter().filter(|key| text.contains(&key.secret)).count();
        world.tally.leaks += u64::try_from(secrets).unwrap_or(u64::MAX);
        if let Ok(entry) = serde_json::from_slice::<RotationEntry>(&content) {
            if entry.rotation.step == RotationStep::Done {
                world.complete(&entry.rotation);
            }
            world.owners.insert(entry.rotation.old.to_string(), entry.owner);
        }
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Objects")
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model of an object store")
    }
}

#[async_trait]
impl ObjectStore for Objects {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.way().await?;
        if self.machine.happens(self.failures / 4) {
            // A lost write, confirmed.
            self.back().await?;
            return Ok(PutResult { e_tag: None, version: None, extensions: Extensions::default() });
        }
        let written = self.inner.put_opts(location, payload.clone(), options).await;
        if written.is_ok() {
            self.note(&payload);
        }
        self.back().await?;
        written
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.way().await?;
        let found = self.inner.get_opts(location, options).await;
        self.back().await?;
        found
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        let listed = async move {
            if let Err(error) = this.way().await {
                return futures_util::stream::iter([Err(error)]).boxed();
            }
            let objects: Vec<_> = this.inner.list(prefix.as_ref()).collect().await;
            match this.back().await {
                Ok(()) => futures_util::stream::iter(objects).boxed(),
                Err(error) => futures_util::stream::iter([Err(error)]).boxed(),
            }
        };
        futures_util::stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
