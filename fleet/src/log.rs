//! The logs of rotations, as objects of an object store.
//!
//! `<prefix>/rotations/<hash of the old key>/<number>.json` is an entry; `…/done` says that the
//! rotation needs nothing more, and `…/late` that keys may still appear that nobody has.

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
const LATE: &str = "late";
const ENTRY: &str = ".json";

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
        let logs = self.scan().await?.into_iter();
        Ok(logs.map(|(hash, log)| (hash, log.is_done)).collect())
    }

    /// Each key that has a log, and what the listing says about it. Objects of others are ignored.
    pub(crate) async fn scan(&self) -> Result<BTreeMap<KeyHash, Found>, BoxError> {
        let mut logs = BTreeMap::<KeyHash, Found>::new();
        let mut objects = self.objects.list(Some(&self.folder));
        while let Some(object) = objects.try_next().await? {
            let Some(mut parts) = object.location.prefix_match(&self.folder) else { continue };
            let (Some(hash), Some(name)) = (parts.next(), parts.next()) else { continue };
            let Ok(hash) = KeyHash::new(hash.as_ref()) else { continue };
            let log = logs.entry(hash).or_default();
            match name.as_ref() {
                DONE => log.is_done = true,
                LATE => log.is_late = true,
                name => log.newest = log.newest.max(number_of(name).unwrap_or_default()),
            }
            log.written = log.written.max(Some(object.last_modified.timestamp()));
        }
        Ok(logs)
    }

    pub(crate) fn account_path(&self) -> Path {
        self.folder.clone().join("account.json")
    }

    pub(crate) async fn content(&self, path: &Path) -> Result<Option<Bytes>, BoxError> {
        content(&*self.objects, path).await
    }

    /// Creates the object; returns whether it did not exist.
    pub(crate) async fn create(&self, path: &Path, content: Vec<u8>) -> Result<bool, BoxError> {
        create(&*self.objects, path, content.into()).await
    }
}

/// What a listing says about a log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) is_done: bool,
    /// Whether keys may still appear that nobody has.
    pub(crate) is_late: bool,
    /// The number of the newest entry; 0 if there is none.
    pub(crate) newest: u64,
    /// When something was last written, in seconds since 1970.
    pub(crate) written: Option<i64>,
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(ENTRY)?.parse().ok()
}

async fn content(objects: &dyn ObjectStore, path: &Path) -> Result<Option<Bytes>, BoxError> {
    match objects.get(path).await {
        Ok(found) => Ok(Some(found.bytes().await?)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn create(objects: &dyn ObjectStore, path: &Path, content: Bytes) -> Result<bool, BoxError> {
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match objects.put_opts(path, content.into(), create).await {
        Ok(_) => Ok(true),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
        Err(error) => Err(error.into()),
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
        self.finish_with(false).await
    }

    /// The same, and if so, that keys may still appear under the names in the newest entry.
    pub(crate) async fn finish_with(&self, has_unconfirmed: bool) -> Result<(), BoxError> {
        let marks = [(LATE, has_unconfirmed), (DONE, true)];
        for (name, _) in marks.iter().filter(|(_, is_set)| *is_set) {
            self.objects.put(&self.folder.clone().join(*name), PutPayload::new()).await?;
        }
        Ok(())
    }

    /// Records that no key can appear any more.
    pub(crate) async fn forget_late(&self) -> Result<(), BoxError> {
        match self.objects.delete(&self.folder.clone().join(LATE)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn sequences(&self) -> Result<Vec<u64>, BoxError> {
        let objects: Vec<_> = self.objects.list(Some(&self.folder)).try_collect().await?;
        let number = |path: &Path| number_of(path.filename()?);
        let mut sequences: Vec<u64> =
            objects.iter().filter_map(|object| number(&object.location)).collect();
        sequences.sort_unstable();
        Ok(sequences)
    }

    pub(crate) async fn read(&self, sequence: u64) -> Result<Option<RotationEntry>, BoxError> {
        let path = self.path(sequence);
        let Some(content) = content(&*self.objects, &path).await? else { return Ok(None) };
        let entry: RotationEntry = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} is not an entry of a rotation's log: {error}"))?;
        if entry.sequence != sequence {
            return Err(format!("{path} has the number {}", entry.sequence).into());
        }
        Ok(Some(entry))
    }

    fn path(&self, sequence: u64) -> Path {
        self.folder.clone().join(format!("{sequence:010}{ENTRY}"))
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
        if !create(&*self.objects, &path, content.clone()).await? {
            return Ok(false);
        }
        // A store that confirms a write and loses it would let two machines work on one key.
        match self::content(&*self.objects, &path).await? {
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
