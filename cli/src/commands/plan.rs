//! `plan`: what `apply` would change.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use openrouter_keys_native::{Client, Key};

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::select::{self, Filters};
use crate::wanted::{Action, Existing, Step, WantedFile, compare};
use crate::{keys, text};

/// Compare the keys with a TOML file of wanted keys
///
/// The exit code is 3 if something differs. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The file of wanted keys
    #[arg(value_name = "FILE", default_value = "keys.toml")]
    file: PathBuf,
    /// Show the keys that need no change too
    #[arg(long)]
    all: bool,
    /// Show the keys that are not in the file; they are never changed
    #[arg(long)]
    unlisted: bool,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys plan
  openrouter-keys plan team.toml --unlisted
  openrouter-keys import > keys.toml

The file:
  [[key]]
  name = \"ada\"
  limit = 25                      # US dollars, or \"none\"
  reset = \"monthly\"               # daily, weekly, monthly or never
  secret_to = \"file:ada.key\"      # where the secret goes when the key is created
  # also: expires, include_byok, disabled, workspace, external_user

  [[delete]]
  name = \"old\"                    # nothing else is ever deleted";

pub(super) const SHAPE: Shape = Shape {
    columns: &["NAME", "ACTION", "CHANGES"],
    fields: &["name", "hash", "action", "changes", "problem"],
};

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let file = read(&self.file)?;
        let existing = existing(&app.client()?, &file).await?;
        let steps = compare(&file, &existing)?;
        let has_changes = steps.iter().any(|step| !matches!(step.action, Action::Nothing));
        let is_shown = |step: &&Step| self.all || !matches!(step.action, Action::Nothing);
        let mut rows: Vec<_> = steps.iter().filter(is_shown).map(row).collect();
        if self.unlisted {
            rows.extend(unlisted(&file, &existing));
        }
        if !has_changes && app.output.is_for_people() {
            app.waiting.say("nothing to change");
        }
        app.output.rows(&SHAPE, &rows)?;
        Ok(if has_changes { Exit::Findings } else { Exit::Done })
    }
}

/// Reads the file. The open file can be locked.
pub(super) fn read(path: &Path) -> Result<WantedFile> {
    let cannot = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read: {error}; nothing was sent", path.display()))
    };
    let mut file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let path = text::quoted_for_shell(&path.display().to_string());
            cannot(error).next(format!("openrouter-keys import > {path}"))
        }
        _ => cannot(error),
    })?;
    let mut content = String::new();
    file.read_to_string(&mut content).map_err(cannot)?;
    WantedFile::parse(path, &content)
}

/// Every key of the default workspace, and of each that the file names.
pub(super) async fn existing(client: &Client, file: &WantedFile) -> Result<Vec<Existing>> {
    let mut found = Vec::new();
    for workspace in std::iter::once(None).chain(file.workspaces().into_iter().map(Some)) {
        let filters =
            Filters { workspace: workspace.iter().cloned().collect(), ..Filters::default() };
        let keys =
            select::matching(client, &filters).await.map_err(|failure| match &workspace {
                Some(workspace) => failure.about(&format!("the workspace {workspace} of the file")),
                None => failure,
            })?;
        found.extend(keys.into_iter().map(|key| Existing { workspace: workspace.clone(), key }));
    }
    Ok(found)
}

/// The changes in a few words.
pub(super) fn changes(action: &Action) -> String {
    match action {
        Action::Update(_, changes) => {
            let changes: Vec<_> = changes
                .iter()
                .map(|change| format!("{}: {} → {}", change.field, change.from, change.to))
                .collect();
            changes.join(", ")
        }
        Action::Problem(problem) => problem.clone(),
        Action::Discard(_) => {
            "created by an interrupted run that did not store its secret".to_owned()
        }
        Action::Rename(_) => "created and stored by an interrupted run".to_owned(),
        _ => String::new(),
    }
}

pub(super) fn tone(action: &Action) -> Tone {
    match action {
        Action::Nothing => Tone::Dim,
        Action::Create(_) => Tone::Good,
        Action::Update(..) | Action::Rename(_) => Tone::Warning,
        Action::Delete(_) | Action::Discard(_) | Action::Problem(_) => Tone::Bad,
    }
}

pub(super) fn object(step: &Step) -> Object {
    let hash = step.key.as_ref().and_then(|key| Some(key.hash.get()?.as_str()));
    let changes: Vec<_> = match &step.action {
        Action::Update(_, changes) => changes
            .iter()
            .map(|change| serde_json::json!({"field": change.field, "from": change.from, "to": change.to}))
            .collect(),
        _ => Vec::new(),
    };
    Object::default()
        .with("name", step.name.as_str())
        .with("hash", hash)
        .with("action", step.action.as_str())
        .with("changes", changes)
}

fn row(step: &Step) -> Row {
    let problem = match &step.action {
        Action::Problem(problem) => Some(problem.as_str()),
        _ => None,
    };
    let cells = vec![
        Cell::text(&step.name),
        Cell::text(step.action.as_str()).tone(tone(&step.action)),
        Cell::text(&changes(&step.action)),
    ];
    Row { cells, object: object(step).with("problem", problem) }
}

fn unlisted<'a>(file: &'a WantedFile, existing: &'a [Existing]) -> impl Iterator<Item = Row> + 'a {
    let is_listed = |name: &str| {
        file.keys.iter().any(|key| key.name == name)
            || file.deleted.iter().any(|key| key.name == name)
    };
    // The file may name the default workspace too.
    let mut seen = BTreeSet::new();
    let is_new = move |key: &&Key| seen.insert(key.hash.get().map(ToString::to_string));
    let keys = existing.iter().map(|existing| &existing.key);
    keys.filter(move |key| !is_listed(keys::name_of(key))).filter(is_new).map(|key| {
        let name = keys::name_of(key);
        let hash = key.hash.get().map(openrouter_keys_native::KeyHash::as_str);
        let cells = vec![Cell::text(name), Cell::text("unlisted").tone(Tone::Dim), Cell::default()];
        let object = Object::default()
            .with("name", name)
            .with("hash", hash)
            .with("action", "unlisted")
            .with("changes", Vec::<String>::new())
            .with("problem", None::<&str>);
        Row { cells, object }
    })
}
