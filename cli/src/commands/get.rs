//! `get`: one key.

use clap::Args;

use crate::app::App;
use crate::failure::{Exit, Result};
use crate::select::Named;
use crate::{keys, units};

/// Show one key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys get ada
  openrouter-keys get 0e6f44a4 --json limit,limit_remaining")]
pub(crate) struct Options {
    /// The key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Named,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let key = self.key.find(&app.client()?).await?;
        app.output.one(&keys::SHAPE, &keys::row(&key, units::now()))?;
        Ok(Exit::Done)
    }
}
