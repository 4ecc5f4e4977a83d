//! A journal on a store that machines share, so that any of them can continue a run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use openrouter_keys_fleet::{Journal, Leased, OpenJournal, Store};
use openrouter_keys_native::{Client, NativeTransport};

use crate::app::App;
use crate::bulk::journal::Account;
use crate::failure::{Exit, Failure, Result};
use crate::{signal, text};

/// The client's own, unless `--timeout` is given.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The store of the journal. `OPENROUTER_KEYS_STORE` is not read: who sets it for rotations keeps
/// the journals in files.
#[derive(Debug, Args)]
pub(crate) struct JournalStore {
    #[arg(
        long,
        value_name = "URL",
        help = "Keep the journal on this store, so that any machine can continue the run: a \
                folder, s3://BUCKET/PREFIX, gs:// or az://; OPENROUTER_KEYS_STORE is not read"
    )]
    store: Option<String>,
}

/// A journal that this machine has claimed.
pub(crate) struct Shared {
    name: String,
    journal: Journal,
}

impl JournalStore {
    pub(crate) fn is_given(&self) -> bool {
        self.store.is_some()
    }

    /// The account without the profile, whose name is a matter of the machine.
    pub(crate) fn account(&self, account: Account) -> Account {
        match self.store {
            Some(_) => Account { profile: String::new(), ..account },
            None => account,
        }
    }

    /// What the journal has, without a claim.
    pub(crate) async fn read(&self, app: &App, name: &str) -> Result<Vec<String>> {
        self.opening(app, name)?.read().await.map_err(|error| unusable(name, &error))
    }

    /// Claims the journal; returns its events so far.
    pub(crate) async fn open(&self, app: &App, name: &str) -> Result<(Shared, Vec<String>)> {
        let waiting = app.waiting.clone();
        let opening = self.opening(app, name)?.on_wait(move |owner, time| {
            waiting.say(&format!(
                "the journal is another machine's ({}), which may have died; waiting {} s",
                text::visible(owner),
                time.as_secs()
            ));
        });
        let opened = tokio::select! {
            opened = opening.open(Arc::new(NativeTransport::new()?)) => opened,
            () = signal::stopped() => {
                let message = "interrupted; nothing was sent".to_owned();
                return Err(Failure { message, exit: Exit::Cancelled, next: None });
            }
        };
        let (journal, events) = opened.map_err(|error| unusable(name, &error))?;
        Ok((Shared { name: name.to_owned(), journal }, events))
    }

    fn opening(&self, app: &App, name: &str) -> Result<OpenJournal> {
        let url = self.store.as_deref().unwrap_or_default();
        let store = Store::open(url).map_err(|error| {
            Failure::usage(format!("the store cannot be opened: {error}; nothing was sent"))
        })?;
        let owner = format!("process {}", std::process::id());
        let timeout = app.global.account.timeout.unwrap_or(TIMEOUT);
        Ok(store.journal(name).owner(owner).timeout(timeout))
    }
}

impl Shared {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Appends in the order of the calls, not of the awaits.
    pub(crate) fn append(
        &self,
        events: &[String],
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        let appended = self.journal.append(events);
        async move { appended.await.map_err(|error| Failure::failed(error.to_string())) }
    }

    /// Fails once another machine has continued the journal, or an append has failed.
    pub(crate) async fn check(&self) -> Result<()> {
        let held = self.journal.hold(Duration::ZERO).await;
        held.map_err(|error| Failure::failed(format!("nothing was changed: {error}")))
    }

    /// A client that changes nothing once another machine has continued the journal.
    pub(crate) fn client(&self, app: &App) -> Result<Client> {
        app.client_through(|transport| Leased::new(transport, self.journal.clone()))
    }

    /// A second handle, to close it by.
    pub(crate) fn handle(&self) -> Self {
        Self { name: self.name.clone(), journal: self.journal.clone() }
    }

    /// Gives the journal up, so that the next run need not wait.
    pub(crate) async fn close(&self, app: &App) {
        if let Err(error) = self.journal.close().await {
            app.waiting.warn(&format!("warning: {error}; the next run waits for the lease to end"));
        }
    }
}

/// The name on the store: the file's own, unless one is given.
pub(crate) fn name_of(given: Option<&str>, file: &Path) -> Result<String> {
    let own = || file.file_name().map(|name| name.to_string_lossy().into_owned());
    match given.map(str::to_owned).or_else(own) {
        Some(name) if !name.is_empty() && name != "-" => Ok(name),
        _ => Err(Failure::usage(
            "the journal on the store needs a name; nothing was sent; pass --journal NAME",
        )),
    }
}

fn unusable(name: &str, error: &dyn std::fmt::Display) -> Failure {
    let name = text::visible(name);
    Failure::failed(format!(
        "the journal {name} on the store cannot be used; nothing was sent: {error}"
    ))
}
