//! Machines that fall asleep, and a store that answers late and fails.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use tokio::time::sleep;

/// A machine's share of randomness, from which its naps are drawn.
#[derive(Clone)]
pub(crate) struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed)))
    }

    pub(crate) fn roll(&self) -> u64 {
        // SplitMix64.
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&self, end: u64) -> u64 {
        self.roll() % end
    }

    /// Sleeps a moment, and sometimes for longer than the lease: then nothing of the machine runs.
    pub(crate) async fn nap(&self) {
        let time = match self.below(12) {
            0 => Duration::from_secs(self.below(600)),
            _ => Duration::from_millis(self.below(300)),
        };
        sleep(time).await;
    }
}

/// The store as one machine reaches it: late, and sometimes it fails before or after a write.
#[derive(Clone)]
pub(crate) struct Reached {
    objects: Arc<InMemory>,
    dice: Dice,
    pub(crate) delay: Option<Duration>,
    pub(crate) writes: Arc<Mutex<u64>>,
}

impl Reached {
    pub(crate) fn new(objects: &Arc<InMemory>, dice: Dice) -> Self {
        let writes = Arc::default();
        Self { objects: Arc::clone(objects), dice, delay: None, writes }
    }

    async fn wait(&self) {
        match self.delay {
            Some(delay) => sleep(delay).await,
            None => self.dice.nap().await,
        }
    }

    fn fails(&self) -> object_store::Result<()> {
        if self.delay.is_some() || self.dice.below(40) != 0 {
            return Ok(());
        }
        Err(object_store::Error::Generic { store: "test", source: "lost".into() })
    }
}

impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reached")
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reached")
    }
}

#[async_trait]
impl ObjectStore for Reached {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.wait().await;
        self.fails()?;
        *self.writes.lock().unwrap() += 1;
        let put = self.objects.put_opts(path, payload, options).await;
        self.wait().await;
        self.fails()?;
        put
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.wait().await;
        self.objects.get_opts(path, options).await
    }

    async fn get_ranges(
        &self,
        path: &Path,
        ranges: &[Range<u64>],
    ) -> object_store::Result<Vec<Bytes>> {
        self.objects.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.objects.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
