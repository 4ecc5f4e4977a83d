//! `bulk`: many keys at once.

mod create;
mod outcome;

use clap::Subcommand;

use crate::app::App;
use crate::failure::{Exit, Result};

/// Create, change or delete many keys
#[derive(Debug, Subcommand)]
pub(crate) enum Bulk {
    Create(create::Options),
}

impl Bulk {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        match self {
            Self::Create(options) => options.run(app).await,
        }
    }
}
