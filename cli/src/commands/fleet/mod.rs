//! `fleet`: rotations that need no person and no single machine.

mod run;
mod status;

use clap::Subcommand;

pub(super) use status::{is_named, read};

use crate::app::App;
use crate::failure::{Exit, Result};

/// Rotate keys from many machines, unattended
///
/// Machines share a store, such as a folder or a bucket, and nothing else. Run one pass from cron, a
/// CI matrix or a scheduled container; any of them may be killed at any moment.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  openrouter-keys fleet run --store s3://ops/openrouter --older-than 30d --secret-to 'vault:secret/openrouter/{name}'
  openrouter-keys fleet status --store s3://ops/openrouter")]
pub(crate) enum Fleet {
    Run(Box<run::Options>),
    Resume(run::Resume),
    Status(status::Options),
    Log(status::Log),
}

impl Fleet {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        match self {
            Self::Run(options) => options.run(app).await,
            Self::Resume(options) => options.run(app).await,
            Self::Status(options) => options.run(app).await,
            Self::Log(options) => options.run(app).await,
        }
    }
}
