//! How far the replacement of a key has come, as plain data without a secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::MayHaveCreated;
use crate::types::{BuildError, BuildErrorKind, Json, Key, KeyHash, Secret};
use crate::workflow::marker::check_marked;

/// How far the replacement of a key has come.
///
/// It is all that a program has to keep in order to go on after it was killed:
/// give it to [`Rotate::resume`](crate::workflow::Rotate::resume). It has no secret. As
/// JSON it is the same in Rust and in JavaScript.
///
/// ```
/// use openrouter_keys_core::workflow::Rotation;
///
/// let kept = r#"{"old":"f01d52606dc8f0a8","step":"handing_over","new":"0c5e7a1b","newLabel":"sk-or-v1-4bf...90aa"}"#;
/// let state: Rotation = serde_json::from_str(kept)?;
/// assert!(state.is_new_key("sk-or-v1-4bf0c2...a secret ...90aa"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Rotation {
    /// The hash of the key that is replaced.
    pub old: KeyHash,
    /// The last completed step.
    #[serde(default)]
    pub step: RotationStep,
    /// The hash of the new key, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<KeyHash>,
    /// The masked new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_label: Option<String>,
    /// The name that the new key gets in the end: that of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The marked names under which this rotation may have created keys that it does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<String>,
    /// When the pause after this step began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Whether the old key is disabled before the new one is created.
    #[serde(default)]
    pub leaked: bool,
    /// Whether the new key's limit is what was left of the old one's, even if it starts
    /// anew.
    #[serde(default)]
    pub remaining: bool,
    /// Whether the new key's limit is the whole of the old one's, even if it never starts
    /// anew.
    #[serde(default)]
    pub full: bool,
    /// The remainder of the old key's limit when the new key was created, if that is the new
    /// one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<f64>,
    /// The old key as it was last read, before it was deleted at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_key: Option<Box<Key>>,
    /// How long both keys work after the hand-over, in milliseconds.
    #[serde(default = "minute")]
    pub grace_ms: u64,
    /// How long the old key must not have been used before it is disabled, in
    /// milliseconds.
    #[serde(default = "minute")]
    pub quiet_ms: u64,
    /// How long the old key stays disabled before it is deleted, in milliseconds.
    #[serde(default = "minute")]
    pub watch_ms: u64,
}

/// As its JSON, without whatever looks like an API key.
impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.debug_tuple("Rotation").field(&Json::trusted(json)).finish()
    }
}

fn minute() -> u64 {
    60_000
}

/// The last completed step of a [`Rotation`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RotationStep {
    /// Nothing yet, or nothing that is left.
    #[default]
    Begun,
    /// It was about to create a key under one of the names.
    Creating,
    /// It created the new key, and was about to hand it over.
    HandingOver,
    /// The new key was handed over; both keys work.
    HandedOver,
    /// The old key was disabled.
    Disabled,
    /// The old key was deleted.
    Deleted,
    /// The new key has the old one's name: the end.
    Done,
}

impl RotationStep {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Begun, "begun"),
        (Self::Creating, "creating"),
        (Self::HandingOver, "handing_over"),
        (Self::HandedOver, "handed_over"),
        (Self::Disabled, "disabled"),
        (Self::Deleted, "deleted"),
        (Self::Done, "done"),
    ];

    /// Its name in the JSON.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, name)| name)
    }

    /// The step of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(step, _)| *step)
    }
}

impl Rotation {
    /// Nothing done yet.
    pub fn new(old: KeyHash) -> Self {
        Self {
            old,
            step: RotationStep::Begun,
            new: None,
            new_label: None,
            name: None,
            unconfirmed: Vec::new(),
            since: None,
            leaked: false,
            remaining: false,
            full: false,
            carried: None,
            old_key: None,
            grace_ms: minute(),
            quiet_ms: minute(),
            watch_ms: minute(),
        }
    }

    /// Whether this secret is the new key, judging by its label: use it to implement
    /// [`RotationHandler::was_handed_over`](crate::workflow::RotationHandler::was_handed_over).
    pub fn is_new_key(&self, secret: &str) -> bool {
        self.new_label.as_deref().is_some_and(|label| Secret::new(secret).has_label(label))
    }

    /// Refuses a state that nobody saved.
    pub(super) fn checked(self) -> Result<Self, BuildError> {
        if self.new.as_ref() == Some(&self.old) {
            return Err(BuildError::new(
                BuildErrorKind::Hash,
                "the old and the new key of the rotation's state are the same",
            ));
        }
        if self.remaining && self.full {
            return Err(BuildError::new(
                BuildErrorKind::Limit,
                "the new key's limit cannot be both the whole of the old one's and what is left of it",
            ));
        }
        self.unconfirmed.iter().try_for_each(|name| check_marked(name))?;
        Ok(self)
    }

    /// The keys that a run which ends now may leave behind; `told` is what its last step
    /// reports of them.
    pub(super) fn left(&self, told: Option<MayHaveCreated>) -> Option<MayHaveCreated> {
        let is_held = self.step >= RotationStep::HandedOver;
        let hash = self.new.clone().filter(|_| !is_held);
        if is_held || (hash.is_none() && self.unconfirmed.is_empty()) {
            return None;
        }
        let mut names = self.unconfirmed.iter().cloned();
        let name = names.next().or_else(|| self.name.clone()).unwrap_or_default();
        let told = told.unwrap_or_else(|| MayHaveCreated::known(None, None));
        Some(MayHaveCreated { name, others: names.collect(), hash, ..told })
    }

    /// What has been done so far, if anything. The last change may be one whose response was
    /// lost.
    pub(super) fn done(&self, may_have_changed: bool) -> Option<&'static str> {
        match self.step {
            RotationStep::Begun | RotationStep::Creating | RotationStep::HandingOver => {
                self.leaked.then_some("the old key may be disabled, and no new one was handed over")
            }
            RotationStep::HandedOver if may_have_changed => {
                Some("the new key was handed over, and the old one may be disabled")
            }
            RotationStep::HandedOver => {
                Some("the new key was handed over, and the old one is still there")
            }
            RotationStep::Disabled if may_have_changed => {
                Some("the new key was handed over, and the old one is disabled or deleted")
            }
            RotationStep::Disabled => {
                Some("the new key was handed over, and the old one is disabled")
            }
            RotationStep::Deleted | RotationStep::Done => {
                Some("the new key was handed over, and the old one is deleted")
            }
        }
    }
}
