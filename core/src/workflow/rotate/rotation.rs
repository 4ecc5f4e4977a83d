//! The state of a rotation, as plain data without a secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::MayHaveCreated;
use crate::types::{BuildError, BuildErrorKind, Json, Key, KeyHash, Secret};
use crate::workflow::marker::check_marked;

/// The state of a rotation.
///
/// It is all that a program must save to continue after it was killed: pass it to
/// [`Rotate::resume`](crate::workflow::Rotate::resume). It contains no secret. Its JSON is the same
/// in Rust and JavaScript.
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
    /// The hash of the old key.
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
    /// The old key's name, which the new key gets in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The marked names under which this rotation may have created keys that it does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<String>,
    /// When the pause after this step began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// When [`old_key`](Self::old_key) was read to see whether the old key is used, in seconds since
    /// 1970, if a later run has to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<i64>,
    /// Whether the old key is disabled before the new one is created.
    #[serde(default)]
    pub leaked: bool,
    /// Whether the new key gets the remainder of the old one's limit, even if it resets.
    #[serde(default)]
    pub remaining: bool,
    /// Whether the new key gets the old one's full limit, even if it never resets.
    #[serde(default)]
    pub full: bool,
    /// The remainder of the old key's limit when the new key was created, if that is the new limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<f64>,
    /// The old key as it was last read before its deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_key: Option<Box<Key>>,
    /// How long both keys work after the hand-over, in milliseconds.
    #[serde(default = "minute")]
    pub grace_ms: u64,
    /// How long the old key must be unused before it is disabled, in milliseconds.
    #[serde(default = "minute")]
    pub quiet_ms: u64,
    /// How long the old key stays disabled before it is deleted, in milliseconds.
    #[serde(default = "minute")]
    pub watch_ms: u64,
}

/// Shows the JSON, without anything that looks like an API key.
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
    /// No step yet, or what was done has been undone.
    #[default]
    Begun,
    /// It was about to create a key under one of the saved names.
    Creating,
    /// It created the new key, and was about to hand it over.
    HandingOver,
    /// The new key was handed over; both keys work.
    HandedOver,
    /// The old key was disabled.
    Disabled,
    /// The old key was deleted.
    Deleted,
    /// The new key has the old one's name; the rotation is complete.
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

    /// The step's name in JSON.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, name)| name)
    }

    /// The step with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(step, _)| *step)
    }
}

impl Rotation {
    /// A rotation of this key, before its first step.
    pub fn new(old: KeyHash) -> Self {
        Self {
            old,
            step: RotationStep::Begun,
            new: None,
            new_label: None,
            name: None,
            unconfirmed: Vec::new(),
            since: None,
            quiet_since: None,
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

    /// Refuses a state that no rotation can have saved.
    pub(super) fn checked(self) -> Result<Self, BuildError> {
        if self.new.as_ref() == Some(&self.old) {
            return Err(BuildError::new(
                BuildErrorKind::Hash,
                "the rotation's state has the same hash for the old and the new key",
            ));
        }
        if self.remaining && self.full {
            return Err(BuildError::new(
                BuildErrorKind::Limit,
                "the new key cannot get both the old key's full limit and only its remainder",
            ));
        }
        self.unconfirmed.iter().try_for_each(|name| check_marked(name))?;
        Ok(self)
    }

    /// The keys that a run may leave behind if it ends now; `reported` is what its last step
    /// reported.
    pub(super) fn left(&self, reported: Option<MayHaveCreated>) -> Option<MayHaveCreated> {
        let is_held = self.step >= RotationStep::HandedOver;
        let hash = self.new.clone().filter(|_| !is_held);
        if is_held || (hash.is_none() && self.unconfirmed.is_empty()) {
            return None;
        }
        let mut names = self.unconfirmed.iter().cloned();
        let name = names.next().or_else(|| self.name.clone()).unwrap_or_default();
        let reported = reported.unwrap_or_else(|| MayHaveCreated::known(None, None));
        Some(MayHaveCreated { name, others: names.collect(), hash, ..reported })
    }

    /// What has been done so far, if anything; `may_have_changed` if the last change's response was
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
