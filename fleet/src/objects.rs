//! Objects that are created and never changed.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use openrouter_keys_core::error::BoxError;

const ENTRY: &str = ".json";

/// The number in the name of an object.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(ENTRY)?.parse().ok()
}

/// Reads the object, if there is one.
pub(crate) async fn read(
    objects: &dyn ObjectStore,
    path: &Path,
) -> Result<Option<Bytes>, BoxError> {
    match objects.get(path).await {
        Ok(found) => Ok(Some(found.bytes().await?)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Creates the object, unless there is another one: then it returns `false`. After an error, it may
/// or may not be there.
///
/// An object with the same content counts as this one: the store's client repeats a write whose
/// response was lost.
pub(crate) async fn create(
    objects: &dyn ObjectStore,
    path: &Path,
    content: Bytes,
) -> Result<bool, BoxError> {
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    let put = objects.put_opts(path, content.clone().into(), create).await;
    match put {
        Ok(_) | Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    // A store that confirms a write and loses it would let two machines work on one key.
    match (read(objects, path).await?, put) {
        (Some(written), _) => Ok(written == content),
        (None, Ok(_)) => Err(format!("the store confirmed {path} and does not have it").into()),
        (None, Err(error)) => Err(format!("the store refused {path} and has none: {error}").into()),
    }
}

/// The objects `<folder>/<number>.json`, and marks beside them.
#[derive(Clone)]
pub(crate) struct Numbered {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Numbered {
    pub(crate) fn new(objects: Arc<dyn ObjectStore>, folder: Path) -> Self {
        Self { objects, folder }
    }

    /// The numbers in use, in order.
    pub(crate) async fn numbers(&self) -> Result<Vec<u64>, BoxError> {
        let objects: Vec<_> = self.objects.list(Some(&self.folder)).try_collect().await?;
        let numbers = objects.iter().filter_map(|object| number_of(object.location.filename()?));
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The object with this number.
    pub(crate) async fn read(&self, number: u64) -> Result<Option<Bytes>, BoxError> {
        read(&*self.objects, &self.path(number)).await
    }

    /// Creates the object with this number; see [`create`]. No two writers may write the same
    /// content.
    pub(crate) async fn create(&self, number: u64, content: Bytes) -> Result<bool, BoxError> {
        create(&*self.objects, &self.path(number), content).await
    }

    /// Creates or replaces an empty object of this name.
    pub(crate) async fn mark(&self, name: &str) -> Result<(), BoxError> {
        self.objects.put(&self.folder.clone().join(name), PutPayload::new()).await?;
        Ok(())
    }

    /// Deletes the object of this name, if there is one.
    pub(crate) async fn unmark(&self, name: &str) -> Result<(), BoxError> {
        match self.objects.delete(&self.folder.clone().join(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn path(&self, number: u64) -> Path {
        self.folder.clone().join(format!("{number:010}{ENTRY}"))
    }
}

/// Shows no object store: some show their credentials.
impl fmt::Debug for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbered({})", self.folder)
    }
}
