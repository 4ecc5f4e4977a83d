//! A rotation's questions to its caller, and the handler that answers them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::rotation::Rotation;
use crate::operation::Created;
use crate::transport::{BoxError, MaybeSend};

/// A question that a rotation asks its caller. `Debug` shows only which one it is.
#[derive(Clone)]
#[non_exhaustive]
pub enum RotationEvent {
    /// Replace the last state with this one.
    Save(Rotation),
    /// Store this key where it is used, for use from now on.
    HandOver(Box<Created>),
    /// Was the new key of this state stored before the program ended?
    WasHandedOver(Rotation),
    /// Is the rotation still this program's, and nobody else's for this long from now?
    Claim(Duration),
}

/// Your code that saves a rotation's state and stores its new key.
///
/// ```
/// use openrouter_keys_core::error::BoxError;
/// use openrouter_keys_core::operation::Created;
/// use openrouter_keys_core::workflow::{RotationHandler, Rotation};
///
/// struct Vault;
///
/// #[async_trait::async_trait]
/// impl RotationHandler for Vault {
///     async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
///         std::fs::write("rotation.json.new", serde_json::to_vec(state)?)?;
///         Ok(std::fs::rename("rotation.json.new", "rotation.json")?)
///     }
///
///     async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
///         // To the secret store that the services read.
///         put_secret("openrouter", new.key().reveal()).await
///     }
///
///     async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
///         Ok(state.is_new_key(&get_secret("openrouter").await?))
///     }
/// }
/// # async fn put_secret(_: &str, _: &str) -> Result<(), BoxError> { Ok(()) }
/// # async fn get_secret(_: &str) -> Result<String, BoxError> { Ok(String::new()) }
/// ```
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait RotationHandler: MaybeSend {
    /// Replaces the last state with this one, where it outlives the program. It contains no secret.
    /// An error ends the rotation; a new key that was not handed over yet is then deleted.
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError>;

    /// Stores the new key where it is used. After an error the key is deleted, so return one only
    /// if nobody uses the key.
    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError>;

    /// Whether the new key of this state was stored.
    ///
    /// Called if the program ended during the hand-over, because only your code can know. If the
    /// key was not stored, it is deleted; after an error nothing is changed.
    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError>;

    /// Makes sure that no other program continues this rotation for this long from now.
    ///
    /// Called only with [`Rotate::lease`](crate::workflow::Rotate::lease), before a change that
    /// could otherwise outlast the lease. Return [`Stop`] if the rotation is another program's.
    async fn claim(&mut self, _lease: Duration) -> Result<(), BoxError> {
        Ok(())
    }
}

/// [`RotationHandler`] for the blocking client.
pub trait BlockingRotationHandler: Send {
    /// Replaces the last state with this one; see [`RotationHandler::save`].
    fn save(&mut self, state: &Rotation) -> Result<(), BoxError>;

    /// Stores the new key where it is used; see [`RotationHandler::hand_over`].
    fn hand_over(&mut self, new: &Created) -> Result<(), BoxError>;

    /// Whether the new key of this state was stored; see
    /// [`RotationHandler::was_handed_over`].
    fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError>;

    /// Makes sure that no other program continues this rotation for this long from now; see
    /// [`RotationHandler::claim`].
    fn claim(&mut self, _lease: Duration) -> Result<(), BoxError> {
        Ok(())
    }
}

/// An error that a [`RotationHandler`] returns to end the rotation where it stands: from then on,
/// the run creates, disables and deletes nothing.
///
/// Any other error of `save` or `hand_over` deletes a new key that was not handed over yet. Return
/// this one if that would be wrong: another program has continued the rotation, or nobody knows
/// whether the key was stored.
#[derive(Debug)]
pub struct Stop(BoxError);

impl Stop {
    /// Ends the rotation for this reason.
    pub fn new(cause: impl Into<BoxError>) -> Self {
        Self(cause.into())
    }

    pub(crate) fn into_cause(self) -> BoxError {
        self.0
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stop {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The handler for workflows that ask no questions: it refuses all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHandler;

fn refuse<T>() -> Result<T, BoxError> {
    Err("no rotation handler was given".into())
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl RotationHandler for NoHandler {
    async fn save(&mut self, _: &Rotation) -> Result<(), BoxError> {
        refuse()
    }

    async fn hand_over(&mut self, _: &Created) -> Result<(), BoxError> {
        refuse()
    }

    async fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        refuse()
    }
}

impl BlockingRotationHandler for NoHandler {
    fn save(&mut self, _: &Rotation) -> Result<(), BoxError> {
        refuse()
    }

    fn hand_over(&mut self, _: &Created) -> Result<(), BoxError> {
        refuse()
    }

    fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        refuse()
    }
}

impl RotationEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Save(_) => "save",
            Self::HandOver(_) => "hand_over",
            Self::WasHandedOver(_) => "was_handed_over",
            Self::Claim(_) => "claim",
        }
    }

    /// Asks the handler.
    pub(crate) async fn ask(self, handler: &mut dyn RotationHandler) -> Result<bool, BoxError> {
        match self {
            Self::Save(state) => handler.save(&state).await.map(|()| true),
            Self::HandOver(new) => handler.hand_over(&new).await.map(|()| true),
            Self::WasHandedOver(state) => handler.was_handed_over(&state).await,
            Self::Claim(lease) => handler.claim(lease).await.map(|()| true),
        }
    }

    /// Asks the handler, and blocks.
    pub(crate) fn ask_blocking(
        self,
        handler: &mut dyn BlockingRotationHandler,
    ) -> Result<bool, BoxError> {
        match self {
            Self::Save(state) => handler.save(&state).map(|()| true),
            Self::HandOver(new) => handler.hand_over(&new).map(|()| true),
            Self::WasHandedOver(state) => handler.was_handed_over(&state),
            Self::Claim(lease) => handler.claim(lease).map(|()| true),
        }
    }
}

impl fmt::Debug for RotationEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotationEvent").field(&self.name()).finish()
    }
}
