//! The logs of rotations, as objects of an object store.
//!
//! `<prefix>/rotations/<hash of the old key>/<number>.json` is an entry; `…/done` says that the
//! rotation needs nothing more.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use openrouter_keys_core::KeyHash;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::{RotationEntry, RotationStore};

const DONE: &str = "done";

/// The logs below one prefix of an object store, which must support conditional writes.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Store {
    /// The logs below this prefix.
    pub fn new(objects: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { objects, folder: Path::from(prefix).join("rotations") }
    }

    /// The logs in this folder, which is created. Several machines may share it if the file system
    /// creates hard links atomically.
    pub fn folder(path: impl AsRef<FilePath>) -> Result<Self, BoxError> {
        std::fs::create_dir_all(&path)?;
        let objects = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
        Ok(Self::new(Arc::new(objects), ""))
    }

    /// The log of this key's rotation.
    pub fn log(&self, old: &KeyHash) -> Log {
        Log { objects: Arc::clone(&self.objects), folder: self.folder.clone().join(old.as_str()) }
    }

    /// The hash of each key that has a log, in ascending order, and whether its rotation needs
    /// nothing more.
    pub async fn list(&self) -> Result<Vec<(KeyHash, bool)>, BoxError> {
        let mut is_done = BTreeMap::<String, bool>::new();
        let mut objects = self.objects.list(Some(&self.folder));
        while let Some(object) = objects.try_next().await? {
            let Some(mut parts) = object.location.prefix_match(&self.folder) else { continue };
            let (Some(hash), Some(name)) = (parts.next(), parts.next()) else { continue };
            *is_done.entry(hash.as_ref().to_owned()).or_default() |= name.as_ref() == DONE;
        }
        is_done.into_iter().map(|(hash, is_done)| Ok((KeyHash::new(&hash)?, is_done))).collect()
    }
}

/// The log of one rotation.
#[derive(Clone, Debug)]
pub struct Log {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Log {
    /// Every entry, oldest first: the audit trail.
    pub async fn entries(&self) -> Result<Vec<RotationEntry>, BoxError> {
        let mut entries = Vec::new();
        for sequence in self.sequences().await? {
            entries.extend(self.read(sequence).await?);
        }
        Ok(entries)
    }

    /// Records that the rotation needs nothing more.
    pub async fn finish(&self) -> Result<(), BoxError> {
        self.objects.put(&self.folder.clone().join(DONE), PutPayload::new()).await?;
        Ok(())
    }

    async fn sequences(&self) -> Result<Vec<u64>, BoxError> {
        let objects: Vec<_> = self.objects.list(Some(&self.folder)).try_collect().await?;
        let number = |path: &Path| path.filename()?.strip_suffix(".json")?.parse().ok();
        let mut sequences: Vec<u64> =
            objects.iter().filter_map(|object| number(&object.location)).collect();
        sequences.sort_unstable();
        Ok(sequences)
    }

    async fn read(&self, sequence: u64) -> Result<Option<RotationEntry>, BoxError> {
        let path = self.path(sequence);
        let content = match self.objects.get(&path).await {
            Ok(found) => found.bytes().await?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let entry: RotationEntry = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} is not an entry of a rotation's log: {error}"))?;
        if entry.sequence != sequence {
            return Err(format!("{path} has the number {}", entry.sequence).into());
        }
        Ok(Some(entry))
    }

    fn path(&self, sequence: u64) -> Path {
        self.folder.clone().join(format!("{sequence:010}.json"))
    }
}

#[async_trait]
impl RotationStore for Log {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        match self.sequences().await?.last() {
            Some(newest) => self.read(*newest).await,
            None => Ok(None),
        }
    }

    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        let path = self.path(entry.sequence);
        let content = PutPayload::from(serde_json::to_vec(entry)?);
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&path, content, create).await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        // A store that confirms a write and loses it would let two machines work on one key.
        match self.read(entry.sequence).await? {
            Some(written) => Ok(written == *entry),
            None => Err(format!("the store confirmed {path} and does not have it").into()),
        }
    }
}
