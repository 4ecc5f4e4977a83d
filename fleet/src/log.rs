//! The logs of rotations, as objects of an object store.
//!
//! `<prefix>/rotations/<hash of the old key>/<number>.json` is an entry; `…/done` says that the
//! rotation needs nothing more.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use openrouter_keys_core::KeyHash;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::{RotationEntry, RotationStore};

const DONE: &str = "done";

/// The logs below one prefix of an object store, which must support conditional writes.
#[derive(Clone)]
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

    /// Each key that has a log, and whether its rotation needs nothing more.
    pub async fn list(&self) -> Result<BTreeMap<KeyHash, bool>, BoxError> {
        let mut logs = BTreeMap::new();
        let mut objects = self.objects.list(Some(&self.folder));
        while let Some(object) = objects.try_next().await? {
            let Some(mut parts) = object.location.prefix_match(&self.folder) else { continue };
            let (Some(hash), Some(name)) = (parts.next(), parts.next()) else { continue };
            *logs.entry(KeyHash::new(hash.as_ref())?).or_default() |= name.as_ref() == DONE;
        }
        Ok(logs)
    }
}

/// The log of one rotation.
#[derive(Clone)]
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
        let Some(content) = self.content(&path).await? else { return Ok(None) };
        let entry: RotationEntry = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} is not an entry of a rotation's log: {error}"))?;
        if entry.sequence != sequence {
            return Err(format!("{path} has the number {}", entry.sequence).into());
        }
        Ok(Some(entry))
    }

    async fn content(&self, path: &Path) -> Result<Option<Bytes>, BoxError> {
        match self.objects.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
        let content = Bytes::from(serde_json::to_vec(entry)?);
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&path, content.clone().into(), create).await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        // A store that confirms a write and loses it would let two machines work on one key.
        match self.content(&path).await? {
            Some(written) => Ok(written == content),
            None => Err(format!("the store confirmed {path} and does not have it").into()),
        }
    }
}

/// Shows no object store: some show their credentials.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.folder).finish()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.folder).finish()
    }
}
