//! The clients' methods, one for each operation and each workflow.

use super::async_client::Client;
use super::blocking::{self, Keys};
use super::call::Call;
use super::key_stream::KeyStream;
use super::run::Run;
use super::temporary_key::TemporaryKeyRequest;
use crate::operation::{Create, Delete, Get, GetCurrentKeyMetadata, List, Operation, Update};
use crate::types::KeyKind;
use crate::workflow::{
    Audit, BlockingRotationHandler, CheckKey, CreateReconciled, Ensure, FindBySecret, NoHandler,
    Pages, Rotate, RotationHandler, Sweep, Temporary, Workflow,
};

impl Client {
    /// Lists one page of keys, newest first.
    pub fn list(&self, list: List) -> Call<List> {
        self.call(list)
    }

    /// Lists the keys of all pages, each once. Pass a [`List`], or [`Pages`] for more settings.
    pub fn list_all(&self, pages: impl Into<Pages>) -> KeyStream {
        KeyStream::new(self.clone(), pages.into())
    }

    /// Creates a key. The response is the only place its secret ever appears.
    pub fn create(&self, create: Create) -> Call<Create> {
        self.call(create)
    }

    /// Gets the key with this hash.
    pub fn get(&self, hash: impl Into<Get>) -> Call<Get> {
        self.call(hash.into())
    }

    /// Changes the fields that the update sets and leaves the rest.
    pub fn update(&self, update: Update) -> Call<Update> {
        self.call(update)
    }

    /// Deletes the key with this hash.
    pub fn delete(&self, hash: impl Into<Delete>) -> Call<Delete> {
        self.call(hash.into())
    }

    /// Returns metadata about the key this request is made with.
    pub fn get_current_key_metadata(&self) -> Call<GetCurrentKeyMetadata> {
        self.call(GetCurrentKeyMetadata)
    }

    /// Creates a key, and cleans up after a create whose response was lost.
    pub fn create_reconciled(&self, create: impl Into<CreateReconciled>) -> Run<CreateReconciled> {
        self.run(create.into())
    }

    /// Deletes keys that lost creates left behind, found by their marked names, or expired
    /// temporary keys.
    pub fn sweep(&self, sweep: Sweep) -> Run<Sweep> {
        self.run(sweep)
    }

    /// Creates a key that expires; close it when its work is done.
    pub fn temporary(&self, temporary: Temporary) -> TemporaryKeyRequest {
        TemporaryKeyRequest::new(self.run(temporary))
    }

    /// Checks all keys and reports those that need attention. Changes nothing.
    pub fn audit(&self, audit: Audit) -> Run<Audit> {
        self.run(audit)
    }

    /// Ensures that exactly one key has this name and these settings.
    pub fn ensure(&self, ensure: Ensure) -> Run<Ensure> {
        self.run(ensure)
    }

    /// Finds the key that a secret belongs to.
    pub fn find_by_secret(&self, find: impl Into<FindBySecret>) -> Run<FindBySecret> {
        self.run(find.into())
    }

    /// Checks that the client's key is of this kind.
    pub fn check_key(&self, kind: KeyKind) -> Run<CheckKey> {
        self.run(CheckKey::new(kind))
    }

    /// Replaces a key with a new one that has the same settings and is passed to the handler.
    pub fn rotate<H: RotationHandler>(&self, rotate: Rotate, handler: H) -> Run<Rotate, Self, H> {
        self.run_with(rotate, handler)
    }

    /// Runs any workflow that asks no questions.
    pub fn run<W: Workflow>(&self, workflow: W) -> Run<W> {
        self.run_with(workflow, NoHandler)
    }

    /// Runs any workflow, with a handler for its questions.
    pub fn run_with<W: Workflow, H: RotationHandler>(
        &self,
        workflow: W,
        handler: H,
    ) -> Run<W, Self, H> {
        Run::new(self.clone(), workflow, handler)
    }

    /// Sends any operation, including your own.
    pub fn call<O: Operation>(&self, operation: O) -> Call<O> {
        Call::new(self.clone(), operation)
    }
}

impl blocking::Client {
    /// Lists one page of keys, newest first.
    pub fn list(&self, list: List) -> blocking::Call<List> {
        self.call(list)
    }

    /// Lists the keys of all pages, each once. Pass a [`List`], or [`Pages`] for more settings.
    pub fn list_all(&self, pages: impl Into<Pages>) -> Keys {
        Keys::new(self.clone(), pages.into())
    }

    /// Creates a key. The response is the only place its secret ever appears.
    pub fn create(&self, create: Create) -> blocking::Call<Create> {
        self.call(create)
    }

    /// Gets the key with this hash.
    pub fn get(&self, hash: impl Into<Get>) -> blocking::Call<Get> {
        self.call(hash.into())
    }

    /// Changes the fields that the update sets and leaves the rest.
    pub fn update(&self, update: Update) -> blocking::Call<Update> {
        self.call(update)
    }

    /// Deletes the key with this hash.
    pub fn delete(&self, hash: impl Into<Delete>) -> blocking::Call<Delete> {
        self.call(hash.into())
    }

    /// Returns metadata about the key this request is made with.
    pub fn get_current_key_metadata(&self) -> blocking::Call<GetCurrentKeyMetadata> {
        self.call(GetCurrentKeyMetadata)
    }

    /// Creates a key, and cleans up after a create whose response was lost.
    pub fn create_reconciled(
        &self,
        create: impl Into<CreateReconciled>,
    ) -> blocking::Run<CreateReconciled> {
        self.run(create.into())
    }

    /// Deletes keys that lost creates left behind, found by their marked names, or expired
    /// temporary keys.
    pub fn sweep(&self, sweep: Sweep) -> blocking::Run<Sweep> {
        self.run(sweep)
    }

    /// Creates a key that expires; close it when its work is done.
    pub fn temporary(&self, temporary: Temporary) -> blocking::TemporaryKeyRequest {
        TemporaryKeyRequest::new(self.run(temporary))
    }

    /// Checks all keys and reports those that need attention. Changes nothing.
    pub fn audit(&self, audit: Audit) -> blocking::Run<Audit> {
        self.run(audit)
    }

    /// Ensures that exactly one key has this name and these settings.
    pub fn ensure(&self, ensure: Ensure) -> blocking::Run<Ensure> {
        self.run(ensure)
    }

    /// Finds the key that a secret belongs to.
    pub fn find_by_secret(&self, find: impl Into<FindBySecret>) -> blocking::Run<FindBySecret> {
        self.run(find.into())
    }

    /// Checks that the client's key is of this kind.
    pub fn check_key(&self, kind: KeyKind) -> blocking::Run<CheckKey> {
        self.run(CheckKey::new(kind))
    }

    /// Replaces a key with a new one that has the same settings and is passed to the handler.
    pub fn rotate<H: BlockingRotationHandler>(
        &self,
        rotate: Rotate,
        handler: H,
    ) -> blocking::Run<Rotate, H> {
        self.run_with(rotate, handler)
    }

    /// Runs any workflow that asks no questions.
    pub fn run<W: Workflow>(&self, workflow: W) -> blocking::Run<W> {
        self.run_with(workflow, NoHandler)
    }

    /// Runs any workflow, with a handler for its questions.
    pub fn run_with<W: Workflow, H: BlockingRotationHandler>(
        &self,
        workflow: W,
        handler: H,
    ) -> blocking::Run<W, H> {
        Run::new(self.clone(), workflow, handler)
    }

    /// Sends any operation, including your own.
    pub fn call<O: Operation>(&self, operation: O) -> blocking::Call<O> {
        Call::new(self.clone(), operation)
    }
}
