//! The lines of a journal, and what they say about each key.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Whose keys a journal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) server: String,
    pub(crate) profile: String,
    /// Of the management key.
    pub(crate) owner: String,
}

/// A line. Each is on the disk before the step that it allows begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The first line: what the journal is for.
    Begin { version: u32, command: String, account: Account },
    /// A key is about to be created under one of these names.
    Creating { name: String, names: Vec<String>, workspace: Option<String>, settings: String },
    /// The key exists under this one of its names, and its secret is about to be stored.
    Created { name: String, hash: Option<String>, marked: String },
    /// The secret is stored, and the key is about to lose its marker.
    Stored { name: String },
    /// The limit of the key with this hash is about to be raised.
    Raising { hash: String, name: String, from: f64, to: f64 },
    /// Nothing is left to do.
    Done { name: String },
}

/// How far a key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Creating,
    Created,
    Stored,
    Done,
}

/// What the journal says about a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) stage: Stage,
    /// Every name under which a key may have been created.
    pub(crate) names: Vec<String>,
    pub(crate) workspace: Option<String>,
    pub(crate) settings: String,
    pub(crate) hash: Option<String>,
    /// The name under which the last create succeeded.
    pub(crate) marked: Option<String>,
    /// Of a limit that is to be raised.
    pub(crate) raise: Option<Raise>,
}

/// A limit before and after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raise {
    /// The key's name; its hash names the entry.
    pub(crate) name: String,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Entry {
    /// The names under which a key may exist whose secret is lost. Once a secret is stored, its
    /// key is not among them, even if a listing that lags shows it under its old name.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &String> {
        let kept = self.marked.as_ref().filter(|_| self.stage >= Stage::Stored);
        let is_unknown = self.stage >= Stage::Stored && kept.is_none();
        self.names.iter().filter(move |name| !is_unknown && Some(*name) != kept)
    }
}

pub(super) fn apply(entries: &mut HashMap<String, Entry>, event: Event) {
    match event {
        Event::Begin { .. } => {}
        Event::Creating { name, names, workspace, settings } => {
            let entry = entries.entry(name).or_default();
            entry.names.extend(names);
            entry.stage = Stage::Creating;
            (entry.workspace, entry.settings) = (workspace, settings);
            (entry.hash, entry.marked) = (None, None);
        }
        Event::Created { name, hash, marked } => {
            let entry = entries.entry(name).or_default();
            (entry.stage, entry.hash, entry.marked) = (Stage::Created, hash, Some(marked));
        }
        Event::Raising { hash, name, from, to } => {
            entries.entry(hash).or_default().raise = Some(Raise { name, from, to });
        }
        Event::Stored { name } => entries.entry(name).or_default().stage = Stage::Stored,
        Event::Done { name } => entries.entry(name).or_default().stage = Stage::Done,
    }
}
