//! `bulk create`: a key for each row of a CSV file.
//!
//! ```text
//!  check all rows ──▶ sweep what a killed run left ──▶ journal the names ──▶ rows in flight ──▶ sweep again
//!
//!  a row:  create under a journaled name ──▶ "created" ──▶ secret into the sink ──▶ "stored"
//!          ──▶ rename: the marker goes ──▶ "done"
//! ```
//!
//! A row that was killed before "stored" has lost its secret: its key is swept by its journaled
//! names and created again. One that was killed later keeps its key.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use openrouter_keys_native::Client;

use self::run::{Run, Task};
use super::outcome::{Outcome, State, finish};
use crate::app::App;
use crate::bulk::journal::{Journal, Stage};
use crate::bulk::pace::Stop;
use crate::bulk::rows::{self, Row};
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::select::{self, Filters};
use crate::shared_journal::JournalStore;
use crate::sink::{self, Place, Sink, SinkArgs};
use crate::{shared_journal, suggest, text};

mod row;
mod run;

/// How many names a message lists.
const LISTED: usize = 10;

/// What the journal says that it is for.
const COMMAND: &str = "bulk create";

/// Create a key for each row of a CSV file
///
/// The first line names the columns: name and limit (an amount, or none), and optionally
/// reset, expiry, workspace and external user. All rows are checked before the first request.
///
/// A journal without secrets is kept beside the file. If the run is interrupted or killed, run
/// the same command again: it creates what is missing and nothing twice. Rows that are added to
/// the file later are created then. With --store, the journal is kept on a store, and any
/// machine with the same file and the same account can run the command again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The CSV file; - is standard input, which needs --journal
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    sink: SinkArgs,
    /// Keep the journal here, or under this name on the store [default: FILE.journal, or the name
    /// of FILE on the store]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    store: JournalStore,
    /// How many keys to create at the same time
    #[arg(long, short, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Skip rows whose name is taken, instead of refusing the file
    #[arg(long)]
    skip_existing: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys bulk create students.csv --secret-to 'file:keys/{name}.key'
  openrouter-keys bulk create students.csv --secret-to 'command:./send-by-mail' --jobs 2
  openrouter-keys bulk create students.csv --secret-to 'file:keys/{name}.key' --dry-run
  openrouter-keys bulk create team.csv --secret-to command:./to-vault --store s3://team/openrouter

A file:
  name,limit,reset,expiry
  ada,25,monthly,2027-06-30
  bob,10,weekly,90d";

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&super::outcome::SHAPE)?;
        let sink = self.sink.require()?;
        let rows = rows::read(rows::open(app, &self.file)?)?;
        check_places(&sink, &rows)?;
        if self.change.dry_run {
            return self.show(app, rows, &sink).await;
        }
        if !self.store.is_given() {
            let path = self.journal_path()?;
            let client = app.client()?;
            let account = app.owned_account(&client).await?;
            let journal = Journal::open(&path, COMMAND, account)?;
            return self.create(app, rows, sink, client, journal).await;
        }
        let name = self.journal_name()?;
        let account = self.store.account(app.owned_account(&app.client()?).await?);
        let (shared, events) = self.store.open(app, &name).await?;
        let handle = shared.handle();
        let created = async {
            let client = shared.client(app)?;
            let journal = Journal::on_store(shared, &events, COMMAND, account).await?;
            self.create(app, rows, sink, client, journal).await
        };
        let created = created.await;
        handle.close(app).await;
        created
    }

    async fn create(
        &self,
        app: &App,
        rows: Vec<Row>,
        sink: Sink,
        client: Client,
        journal: Journal,
    ) -> Result<Exit> {
        let mut outcomes = Vec::with_capacity(rows.len());
        let order: HashMap<String, usize> =
            rows.iter().enumerate().map(|(number, row)| (row.name.clone(), number)).collect();
        warn_of_removed(app, &journal, &order);
        let mut tasks = plan(rows, &client, &journal, &sink, &mut outcomes).await?;
        self.refuse_existing(&client, &mut tasks, &mut outcomes).await?;
        let run = Run { app, client, journal, sink, stop: Stop::on_signals() };
        let mut missing = run.sweep(&mut tasks, &mut outcomes).await?;
        run.create(tasks, self.jobs.into(), &mut missing, &mut outcomes).await?;
        run.sweep_again(missing).await;
        outcomes.sort_by_key(|outcome| order.get(&outcome.name).copied());
        let shows_rows = !matches!(run.sink, Sink::Reveal);
        finish(
            app,
            "created",
            &outcomes,
            run.stop.is_asked(),
            shows_rows,
            Some(text::this_command()),
        )
    }

    fn journal_name(&self) -> Result<String> {
        let given = self.journal.as_ref().map(|name| name.to_string_lossy());
        shared_journal::name_of(given.as_deref(), &self.file)
    }

    fn journal_path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.journal {
            return Ok(path.clone());
        }
        if self.file.as_os_str() == "-" {
            return Err(Failure::usage(
                "rows from standard input need --journal FILE; nothing was sent",
            ));
        }
        let mut path = self.file.clone().into_os_string();
        path.push(".journal");
        Ok(path.into())
    }

    /// Shows the creates that a run would send now, and refuses what it would refuse.
    async fn show(&self, app: &App, rows: Vec<Row>, sink: &Sink) -> Result<Exit> {
        let nothing = self
            .change
            .perform(app, async |client| {
                let account = app.owned_account(&client).await?;
                let journal = if self.store.is_given() {
                    let (name, account) = (self.journal_name()?, self.store.account(account));
                    let events = self.store.read(app, &name).await?;
                    Journal::copy_of(&name, &events, COMMAND, account)?
                } else {
                    // Rows from standard input may have no journal yet.
                    let path = self.journal_path().unwrap_or_default();
                    Journal::copy(&path, COMMAND, account)?
                };
                let mut outcomes = Vec::new();
                let mut tasks = plan(rows, &client, &journal, sink, &mut outcomes).await?;
                self.refuse_existing(&client, &mut tasks, &mut outcomes).await?;
                for task in tasks.into_iter().filter(|task| task.entry.stage < Stage::Stored) {
                    // Recorded and not sent.
                    let _ = client.create(task.row.create).await;
                }
                Ok(())
            })
            .await?;
        if nothing.is_some() {
            app.waiting.say("dry run: no key would be created");
        }
        Ok(Exit::Done)
    }

    /// Refuses rows whose names are taken: a run without its journal must not double keys.
    async fn refuse_existing(
        &self,
        client: &Client,
        tasks: &mut Vec<Task>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        if tasks.iter().all(|task| task.entry.stage >= Stage::Stored) {
            return Ok(());
        }
        let mut workspaces: Vec<_> =
            tasks.iter().filter_map(|task| task.row.workspace.clone()).collect();
        workspaces.sort();
        workspaces.dedup();
        let mut taken: HashMap<String, Option<String>> = HashMap::new();
        let everything = Filters::default();
        let by_workspace = Filters { workspace: workspaces, ..Filters::default() };
        let mut found = select::matching(client, &everything).await?;
        if !by_workspace.workspace.is_empty() {
            found.extend(select::matching(client, &by_workspace).await?);
        }
        for key in found {
            if let Some(name) = key.name.get() {
                let hash = key.hash.get().map(|hash| hash.as_str().to_owned());
                taken.insert(name.clone(), hash);
            }
        }
        let is_taken =
            |task: &Task| task.entry.stage < Stage::Stored && taken.contains_key(&task.row.name);
        let names: Vec<_> =
            tasks.iter().filter(|task| is_taken(task)).map(|task| task.row.name.clone()).collect();
        if !names.is_empty() && !self.skip_existing {
            return Err(Failure::usage(format!(
                "keys with these names exist already, and this journal did not create them: {}; \
                 nothing was created; remove the rows, or pass --skip-existing",
                listed(&names)
            )));
        }
        tasks.retain(|task| !is_taken(task));
        for name in names {
            let hash = taken.get(&name).cloned().flatten();
            outcomes.push(Outcome { name, hash, state: State::Skipped, error: None });
        }
        Ok(())
    }
}

/// Names the keys of rows that were taken out of the file after their keys were created, but
/// before they were done.
fn warn_of_removed(app: &App, journal: &Journal, rows: &HashMap<String, usize>) {
    for (name, entry) in journal.entries().filter(|(name, _)| !rows.contains_key(*name)) {
        let what = match entry.stage {
            Stage::Created => "its secret may not have been stored",
            Stage::Stored => "its secret is stored, but its name still has a marker",
            Stage::Creating | Stage::Done => continue,
        };
        let key = entry.hash.as_ref().or(entry.marked.as_ref()).unwrap_or(name);
        app.waiting.warn(&format!(
            "warning: \"{}\" is not in the file any more, but its key was created; {what}; put the \
             row back, or delete the key: {}",
            text::visible(name),
            suggest::command(&format!("delete {}", text::quoted_for_shell(key)))
        ));
    }
}

/// Refuses a sink in which one secret would take the place of another.
fn check_places(sink: &Sink, rows: &[Row]) -> Result<()> {
    let place = |row: &Row| Ok((row.name.clone(), sink.place(&row.name)?));
    let places: Vec<_> = rows.iter().map(place).collect::<Result<_>>()?;
    sink::refuse_shared(places.iter().map(|(name, place)| (name.as_str(), place)))
}

/// What is left to do, by the journal.
async fn plan(
    rows: Vec<Row>,
    client: &Client,
    journal: &Journal,
    sink: &Sink,
    outcomes: &mut Vec<Outcome>,
) -> Result<Vec<Task>> {
    let mut tasks = Vec::with_capacity(rows.len());
    let (mut changed, mut in_the_way) = (Vec::new(), Vec::new());
    for row in rows {
        let mut entry = journal.entry(&row.name).cloned().unwrap_or_default();
        if entry.stage >= Stage::Stored && entry.settings != row.settings {
            changed.push(row.name.clone());
        }
        let place = sink.place(&row.name)?;
        let is_own = entry.stage == Stage::Created
            && (place.is_taken()? || matches!(place, Place::Fleet(..)))
            && holds_secret(client, sink, &row.name, entry.hash.as_deref()).await?;
        if is_own {
            entry.stage = Stage::Stored;
        } else if entry.stage < Stage::Stored && place.is_taken()? {
            in_the_way.push(row.name.clone());
        }
        if entry.stage == Stage::Done {
            let hash = entry.hash;
            outcomes.push(Outcome { name: row.name, hash, state: State::Before, error: None });
        } else {
            tasks.push(Task { row, entry, create: None });
        }
    }
    if !changed.is_empty() {
        return Err(Failure::usage(format!(
            "these rows were created with other settings before: {}; nothing was sent; \
             restore the rows, and change the keys with update",
            listed(&changed)
        )));
    }
    if !in_the_way.is_empty() {
        return Err(Failure::usage(format!(
            "the files or keyring entries for the secrets of these rows exist already: {}; nothing \
             was sent",
            listed(&in_the_way)
        )));
    }
    Ok(tasks)
}

/// Whether the sink has the secret of this key, by its two ends.
async fn holds_secret(
    client: &Client,
    sink: &Sink,
    name: &str,
    hash: Option<&str>,
) -> Result<bool> {
    let Some(hash) = hash else { return Ok(false) };
    let key = match client.get(hash).await {
        Ok(key) => key,
        Err(error) => {
            let failure = Failure::from(error);
            return if failure.exit == Exit::NotFound { Ok(false) } else { Err(failure) };
        }
    };
    let about = sink::delivery(name, Some(hash), key.label.as_deref());
    Ok(sink.place(name)?.holds(&about)? == Some(true))
}

fn listed(names: &[String]) -> String {
    let mut shown: Vec<_> =
        names.iter().take(LISTED).map(|name| format!("\"{}\"", text::visible(name))).collect();
    if names.len() > LISTED {
        shown.push(format!("and {} more", names.len().saturating_sub(LISTED)));
    }
    shown.join(", ")
}
