//! An in-memory secret store that keeps the state of a rotation in tests.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::operation::Created;
use openrouter_keys_core::workflow::{BlockingRotationHandler, Rotation, RotationHandler};

/// A store. Clones share its content.
#[derive(Clone, Debug, Default)]
pub struct Vault(Arc<Mutex<Stored>>);

/// The content of a [`Vault`].
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The secret handed over last.
    pub secret: String,
    /// Every saved state.
    pub states: Vec<Rotation>,
}

impl Vault {
    /// The current content.
    pub fn stored(&self) -> Stored {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl BlockingRotationHandler for Vault {
    fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).states.push(state.clone());
        Ok(())
    }

    fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        new.key().reveal().clone_into(&mut stored.secret);
        Ok(())
    }

    fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        Ok(state.is_new_key(&self.stored().secret))
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl RotationHandler for Vault {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        BlockingRotationHandler::save(self, state)
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        BlockingRotationHandler::hand_over(self, new)
    }

    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        BlockingRotationHandler::was_handed_over(self, state)
    }
}
