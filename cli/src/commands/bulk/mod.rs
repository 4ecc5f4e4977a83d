//! `bulk`: many keys at once.

mod change;
mod create;
pub(crate) mod outcome;

use clap::Subcommand;

use crate::app::App;
use crate::failure::{Exit, Result};

/// Create, change or delete many keys
#[derive(Debug, Subcommand)]
pub(crate) enum Bulk {
    Create(create::Options),
    Update(change::UpdateMany),
    Enable(change::EnableMany),
    Disable(change::DisableMany),
    Delete(change::DeleteMany),
}

impl Bulk {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        match self {
            Self::Create(options) => options.run(app).await,
            Self::Update(options) => options.run(app).await,
            Self::Enable(options) => options.run(app).await,
            Self::Disable(options) => options.run(app).await,
            Self::Delete(options) => options.run(app).await,
        }
    }
}
