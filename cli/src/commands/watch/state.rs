//! What was reported already and which keys are known, from one run to the next. No secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fs4::TryLockError;
use serde::{Deserialize, Serialize};

use super::rules::Finding;
use crate::failure::{Failure, Result};
use crate::private_file;

const VERSION: u32 = 1;
/// How long a finding is remembered: longer than the longest period.
const MEMORY: i64 = 70 * 86_400;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// The server and the workspaces: keys of another account are not new ones.
    scope: String,
    /// The hashes of all keys seen so far.
    known: BTreeSet<String>,
    /// When each finding was last seen, in seconds since 1970.
    reported: BTreeMap<String, i64>,
}

/// What every version's file has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl State {
    /// The saved state, or none before the first run.
    pub(super) fn read(path: &Path, scope: &str) -> Result<Option<Self>> {
        let shown = path.display();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::usage(format!(
                    "{shown} cannot be read: {error}; nothing was sent"
                )));
            }
        };
        let version = serde_json::from_slice::<Version>(&bytes).map(|of| of.version);
        if version.is_ok_and(|version| version > VERSION) {
            return Err(Failure::usage(format!(
                "{shown} was written by a newer version of this program; nothing was sent; update \
                 this one, or choose another --state"
            )));
        }
        let state: Option<Self> = serde_json::from_slice(&bytes).ok();
        let state = state.filter(|state| state.version == VERSION).ok_or_else(|| {
            Failure::usage(format!(
                "{shown} is not a state of watch; nothing was sent; choose another --state, or \
                 remove the file"
            ))
        })?;
        if state.scope != scope {
            return Err(Failure::usage(format!(
                "{shown} belongs to another account or other workspaces ({}); nothing was sent; \
                 choose another --state",
                crate::text::visible(&state.scope)
            )));
        }
        Ok(Some(state))
    }

    pub(super) fn new(scope: &str) -> Self {
        Self {
            version: VERSION,
            scope: scope.to_owned(),
            known: BTreeSet::new(),
            reported: BTreeMap::new(),
        }
    }

    pub(super) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    pub(super) fn was_reported(&self, finding: &Finding) -> bool {
        self.reported.contains_key(&finding.id)
    }

    /// From now on, everything found counts as reported.
    pub(super) fn remember(
        &mut self,
        hashes: impl Iterator<Item = String>,
        found: &[Finding],
        now: i64,
    ) {
        self.known.extend(hashes);
        self.reported.retain(|_, at| now.saturating_sub(*at) < MEMORY);
        self.reported.extend(found.iter().map(|finding| (finding.id.clone(), now)));
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_vec(self).map_err(|error| Failure::failed(error.to_string()))?;
        private_file::replace(path, &json)
    }
}

/// Holds the state for one run; it is free again when the file is dropped or the program dies.
pub(super) fn lock(state: &Path) -> Result<File> {
    let mut path = state.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let cannot = |error: &io::Error| {
        Failure::failed(format!(
            "{} cannot be locked: {error}; nothing was sent; choose another --state",
            path.display()
        ))
    };
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder).map_err(|error| cannot(&error))?;
    }
    let file = private_file::lock_options().open(&path).map_err(|error| cannot(&error))?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "another watch is using {}; nothing was sent; wait for it, or choose another --state",
            state.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(&error)),
    }
}

/// The file for this profile, server and these workspaces.
pub(super) fn file_name(profile: &str, scope: &str) -> PathBuf {
    const LONGEST: usize = 150;
    let name: String = format!("{profile}-{scope}")
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' })
        .take(LONGEST)
        .collect();
    Path::new("watch").join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::{MEMORY, State, file_name, lock};

    #[test]
    fn a_state_is_read_back_and_refused_for_another_scope() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(State::read(&path, "a").unwrap(), None);
        let mut state = State::new("a");
        state.remember(["h".to_owned()].into_iter(), &[], 5);
        state.write(&path).unwrap();
        assert_eq!(State::read(&path, "a").unwrap(), Some(state));
        assert!(State::read(&path, "b").is_err());
        for (wrong, said) in [("{}", "not a state"), (r#"{"version":2,"new":[]}"#, "newer version")]
        {
            std::fs::write(&path, wrong).unwrap();
            let message = State::read(&path, "a").unwrap_err().message;
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn one_run_at_a_time_uses_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("state.json");
        let held = lock(&path).unwrap();
        assert!(lock(&path).is_err());
        drop(held);
        assert!(lock(&path).is_ok());
    }

    #[test]
    fn what_was_reported_is_forgotten_after_the_longest_period() {
        let mut state = State::new("a");
        state.reported.insert("old".to_owned(), 0);
        state.remember(std::iter::empty(), &[], MEMORY - 1);
        assert_eq!(state.reported.len(), 1);
        state.remember(std::iter::empty(), &[], MEMORY);
        assert_eq!(state.reported.len(), 0);
    }

    #[test]
    fn a_file_name_cannot_leave_its_folder() {
        let name = file_name("../x", "https://host/api v1");
        assert_eq!(name.to_str(), Some("watch/___x-https___host_api_v1.json"));
    }
}
