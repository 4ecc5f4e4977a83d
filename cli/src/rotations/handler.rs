//! Saves the state of a rotation and stores its new key.

use async_trait::async_trait;
use openrouter_keys_native::error::BoxError;
use openrouter_keys_native::operation::Created;
use openrouter_keys_native::workflow::{Rotation, RotationHandler};
use tokio::sync::oneshot;

use super::folder::{Folder, Saved};
use crate::failure::Failure;
use crate::sink::{Place, Stored};
use crate::text;
use crate::waiting::Waiting;

pub(super) struct Handler {
    pub(super) folder: Folder,
    pub(super) saved: Saved,
    pub(super) place: Place,
    /// What the user says about a sink that cannot be asked.
    pub(super) was_stored: Option<bool>,
    pub(super) waiting: Waiting,
    /// Ends the run where it stands: nothing is created, deleted or disabled any more.
    pub(super) stop: Option<oneshot::Sender<Failure>>,
}

fn refused(failure: &Failure) -> BoxError {
    failure.message.clone().into()
}

#[async_trait]
impl RotationHandler for Handler {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        let is_new = state.step != self.saved.rotation.step;
        self.saved.rotation = state.clone();
        self.folder.save(&self.saved).map_err(|failure| refused(&failure))?;
        if is_new {
            self.say(state);
        }
        Ok(())
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        match self.place.store(new.key(), &self.saved.delivery()) {
            Stored::Yes => Ok(()),
            Stored::No(failure) => Err(refused(&failure)),
            Stored::Unknown(failure) => self.stop_here(failure).await,
        }
    }

    async fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        if let Some(was_stored) = self.was_stored {
            return Ok(was_stored);
        }
        if let Some(is_stored) =
            self.place.holds(&self.saved.delivery()).map_err(|failure| refused(&failure))?
        {
            return Ok(is_stored);
        }
        let failure = Failure::failed("the run that stored the new key was interrupted");
        self.stop_here(failure).await
    }
}

impl Handler {
    /// Never returns: the caller drops the rotation.
    async fn stop_here<T>(&mut self, failure: Failure) -> T {
        let state = &self.saved.rotation;
        let message = format!(
            "{}; only you can see whether {} has the new key {}; {}; answer with yes or no:",
            failure.message,
            self.place.in_words(),
            state.new_label.as_deref().unwrap_or_default(),
            if state.leaked { "the leaked key is disabled" } else { "both keys work" },
        );
        let next = self.folder.command(&format!("rotate {} --was-stored no", state.old.as_str()));
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(Failure::new(failure.exit, message).next(next));
        }
        std::future::pending().await
    }

    fn say(&self, state: &Rotation) {
        if let Some(what) = super::progress(state, &self.place.in_words()) {
            self.waiting.say(&format!("{}: {what}", text::visible(&self.saved.name)));
        }
    }
}
