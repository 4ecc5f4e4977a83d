//! `apply`: makes the keys as a TOML file says, and goes on where an earlier run was interrupted.

mod report;
mod work;

use std::path::PathBuf;

use clap::Args;
use fs4::TryLockError;
use openrouter_keys_native::Client;

use self::work::Work;
use super::plan;
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::shared_journal::JournalStore;
use crate::sink::{self, Place, Sink};
use crate::wanted::{Action, Journal, Step, Wanted, WantedFile, compare};
use crate::{private_file, shared_journal, text, units};

pub(super) use report::SHAPE;

/// Bring the keys in line with a TOML file
///
/// Creates and changes keys, and deletes only those that the file lists in its section delete. What
/// was interrupted, even by a crash, goes on when the command is run again: a key whose secret was
/// not stored is deleted and created again. Until its secret is stored, a new key has a marker at
/// the end of its name, by which it is recognised.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys apply
  openrouter-keys apply team.toml --secret-to 'file:keys/{name}.key' --yes
  openrouter-keys apply --store s3://team/openrouter --yes
  openrouter-keys plan --help          shows what the file looks like")]
pub(crate) struct Options {
    /// The file of wanted keys
    #[arg(value_name = "FILE", default_value = "keys.toml")]
    file: PathBuf,
    /// Where the secret of a new key goes if its entry names no sink
    #[arg(long, value_name = "SINK", value_parser = Sink::parse)]
    secret_to: Option<Sink>,
    /// How many keys to change at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    at_once: u8,
    /// The journal's name on the store [default: the name of FILE]
    #[arg(long, value_name = "NAME", requires = "store")]
    journal: Option<String>,
    #[command(flatten)]
    store: JournalStore,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let file = plan::read(&self.file)?;
        if self.change.dry_run {
            let work = async |client| self.dry_run(&client, &file).await;
            return self.change.perform(app, work).await.map(|_| Exit::Done);
        }
        let _lock = self.lock()?;
        let client = app.client()?;
        let account = self.store.account(app.owned_account(&client).await?);
        if !self.store.is_given() {
            let journal = Journal::open(&self.file, &account)?;
            return self.apply(app, &file, &client, &journal).await;
        }
        let name = shared_journal::name_of(self.journal.as_deref(), &self.file)?;
        let (shared, events) = self.store.open(app, &name).await?;
        let handle = shared.handle();
        let applied = async {
            let client = shared.client(app)?;
            let journal = Journal::on_store(shared, &events, &account)?;
            self.apply(app, &file, &client, &journal).await
        };
        let applied = applied.await;
        handle.close(app).await;
        applied
    }

    /// Keeps other processes on this machine out. The file itself may be replaced meanwhile, as
    /// editors do.
    fn lock(&self) -> Result<std::fs::File> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let path = self.file.with_file_name(format!(".{name}.lock"));
        let lock = private_file::lock_options().open(&path).map_err(|error| {
            Failure::failed(format!(
                "{} cannot be opened: {error}; nothing was sent",
                path.display()
            ))
        })?;
        match fs4::FileExt::try_lock(&lock) {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::failed("another process is applying this file; nothing was sent"))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    async fn apply(
        &self,
        app: &App,
        file: &WantedFile,
        client: &Client,
        journal: &Journal,
    ) -> Result<Exit> {
        let work = Work::new(self, app, client, journal)?;
        work.settle().await;
        let mut existing = plan::existing(client, file).await?;
        let mut steps = work.late(&mut existing)?;
        for wanted in &file.keys {
            steps.extend(work.interrupted(wanted, &mut existing).await?);
        }
        steps.extend(compare(file, &existing)?);
        self.check_sinks(&steps)?;
        self.confirm(app, &steps).await?;
        report::write(app, work.apply(steps).await)
    }

    /// Where the secret of a new key goes.
    fn place(&self, wanted: &Wanted) -> Result<Place> {
        self.sink(wanted)?.place(&wanted.name)?.absolute()
    }

    /// The sink of a new key; a path counts from the folder of the file that names it.
    fn sink(&self, wanted: &Wanted) -> Result<Sink> {
        let sink = match wanted.sink().map_err(Failure::usage)? {
            Some(Sink::File(path)) => {
                let folder = self.file.parent().map(PathBuf::from).unwrap_or_default();
                Some(Sink::File(folder.join(path).display().to_string()))
            }
            other => other.or_else(|| self.secret_to.clone()),
        };
        sink.ok_or_else(|| {
            Failure::usage(format!(
                "\"{}\" would be created, and its secret is shown only once; nothing was changed; \
                 add secret_to to its entry, or pass --secret-to",
                text::visible(&wanted.name)
            ))
        })
    }

    /// Refuses sinks that cannot take a secret before anything is changed.
    fn check_sinks(&self, steps: &[Step]) -> Result<()> {
        let mut places = Vec::new();
        for step in steps {
            let Action::Create(wanted) = &step.action else { continue };
            places.push((wanted.name.as_str(), self.place(wanted)?));
        }
        sink::refuse_shared(places.iter().map(|(name, place)| (*name, place)))?;
        places.iter().try_for_each(|(name, place)| place.check(&sink::delivery(name, None, None)))
    }

    async fn confirm(&self, app: &App, steps: &[Step]) -> Result<()> {
        let count = |name: &str| steps.iter().filter(|step| step.action.as_str() == name).count();
        for step in steps.iter().filter(|step| !matches!(step.action, Action::Nothing)) {
            let changes = plan::changes(&step.action);
            let line =
                format!("{:8} {}  {changes}", step.action.as_str(), text::visible(&step.name));
            app.waiting.say(line.trim_end());
        }
        let counts = [
            ("create", count("create")),
            ("update", count("update") + count("rename")),
            ("delete", count("delete") + count("discard")),
        ];
        let counts: Vec<_> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(verb, count)| format!("{verb} {}", units::counted(count, "key")))
            .collect();
        let what = match counts.split_last() {
            None => return Ok(()),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
        };
        self.change.confirm_text(&what).await
    }

    async fn dry_run(&self, client: &Client, file: &WantedFile) -> Result<()> {
        let existing = plan::existing(client, file).await?;
        for step in compare(file, &existing)? {
            // Recorded and not sent.
            match step.action {
                Action::Create(wanted) => {
                    self.place(&wanted)?;
                    let create = wanted.create().map_err(Failure::usage)?;
                    drop(client.create_reconciled(create).await);
                }
                Action::Update(update, _) | Action::Rename(update) => {
                    drop(client.update(update).await);
                }
                Action::Delete(hash) | Action::Discard(hash) => drop(client.delete(hash).await),
                Action::Nothing | Action::Problem(_) => {}
            }
        }
        Ok(())
    }
}
