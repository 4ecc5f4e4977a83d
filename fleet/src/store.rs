//! The object store that machines share.
//!
//! `<prefix>/rotations/<hash of the old key>/<number>.json` is an entry of a rotation's log;
//! `…/done` says that the rotation needs nothing more, and `…/late` that keys may still appear that
//! nobody has. `<prefix>/journals/<name>/<number>.json` is a part of a journal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use openrouter_keys_core::KeyHash;
use openrouter_keys_core::error::BoxError;

use crate::journal::OpenJournal;
use crate::log::{DONE, LATE, Log};
use crate::objects::{self, Numbered, number_of};
use crate::open;

/// Why a pass cannot begin.
pub(crate) fn unusable(cause: impl fmt::Display) -> BoxError {
    format!("the store cannot be used: {cause}; nothing was changed").into()
}

/// The logs below one prefix of an object store, which must support conditional writes.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Store {
    /// The logs below this prefix.
    pub fn new(objects: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { objects, prefix: Path::from(prefix) }
    }

    /// The logs in this folder, which is created. Several machines may share it if the file system
    /// creates hard links atomically.
    pub fn folder(path: impl AsRef<FilePath>) -> Result<Self, BoxError> {
        std::fs::create_dir_all(&path)?;
        let objects = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
        Ok(Self::new(Arc::new(objects), ""))
    }

    /// The logs at this place: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`,
    /// a `file:///` URL, or the path of a folder, which is created.
    ///
    /// Settings and credentials come from the environment, in the variables that the crate
    /// [`object_store`] documents: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
    /// `AWS_ENDPOINT` (another store that speaks S3's protocol), `AWS_ALLOW_HTTP`;
    /// `GOOGLE_SERVICE_ACCOUNT`; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`; or from
    /// the machine's role. A request ends after 10 seconds; it is repeated up to 4 times within
    /// 20 seconds.
    ///
    /// # Errors
    ///
    /// The URL or a setting is not valid, it contains credentials, or its scheme needs a feature of
    /// this crate that is not built in (`s3`, `gcs`, `azure`). No request is sent.
    pub fn open(url: &str) -> Result<Self, BoxError> {
        match open::open(url)? {
            open::Place::Folder(path) => Self::folder(path),
            #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
            open::Place::Objects(objects, prefix) => Ok(Self { objects, prefix }),
        }
    }

    /// The log of this key's rotation.
    pub fn log(&self, old: &KeyHash) -> Log {
        let folder = self.rotations().join(old.as_str());
        Log::new(Numbered::new(Arc::clone(&self.objects), folder))
    }

    /// The journal of this name, which must not be empty.
    pub fn journal(&self, name: &str) -> OpenJournal {
        let folder = self.prefix.clone().join("journals").join(name);
        OpenJournal::new(name, Numbered::new(Arc::clone(&self.objects), folder))
    }

    /// Each key that has a log, and whether its rotation needs nothing more.
    pub async fn list(&self) -> Result<BTreeMap<KeyHash, bool>, BoxError> {
        let logs = self.scan().await?.into_iter();
        Ok(logs.map(|(hash, log)| (hash, log.is_done)).collect())
    }

    /// Each key that has a log, and what the listing says about it. Objects of others are ignored.
    pub(crate) async fn scan(&self) -> Result<BTreeMap<KeyHash, Found>, BoxError> {
        let (mut logs, folder) = (BTreeMap::<KeyHash, Found>::new(), self.rotations());
        let mut objects = self.objects.list(Some(&folder));
        while let Some(object) = objects.try_next().await? {
            let Some(mut parts) = object.location.prefix_match(&folder) else { continue };
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
        self.rotations().join("account.json")
    }

    pub(crate) async fn content(&self, path: &Path) -> Result<Option<Bytes>, BoxError> {
        objects::read(&*self.objects, path).await
    }

    /// Creates the object, unless there is another one: then it returns `false`.
    pub(crate) async fn create(&self, path: &Path, content: Vec<u8>) -> Result<bool, BoxError> {
        objects::create(&*self.objects, path, content.into()).await
    }

    fn rotations(&self) -> Path {
        self.prefix.clone().join("rotations")
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

/// Shows no object store: some show their credentials.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.prefix).finish()
    }
}
