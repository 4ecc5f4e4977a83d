//! The commands. Each file has the options of one command and what it does.

mod apply;
mod audit;
mod auth;
mod bulk;
mod completions;
mod create;
mod current;
mod delete;
mod demo;
mod doctor;
mod emulator;
mod ensure;
mod fleet;
mod get;
mod import;
mod leak;
mod leak_report;
mod list;
mod man;
mod metrics;
mod plan;
mod report;
mod rotate;
mod rotate_report;
mod rotate_store;
mod run;
mod schema;
mod sweep;
mod temporary;
mod topup;
mod update;
mod watch;
mod whose;

use clap::Subcommand;

pub(crate) use completions::VARIABLE as COMPLETIONS_VARIABLE;
pub(crate) use create::warn_of;
pub(crate) use watch::WEBHOOK_VARIABLE;

use crate::app::App;
use crate::failure::{Exit, Result};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::Options),
    Get(get::Options),
    Create(create::Options),
    Update(update::Options),
    Enable(update::Enable),
    Disable(update::Disable),
    Delete(delete::Options),
    Current(current::Options),
    Ensure(ensure::Options),
    Sweep(sweep::Options),
    Temporary(temporary::Options),
    Run(run::Options),
    Auth(auth::Options),
    Doctor(doctor::Options),
    Emulator(emulator::Options),
    Demo(demo::Options),
    Completions(completions::Options),
    Man(man::Options),
    Schema(schema::Options),
    Whose(whose::Options),
    Leak(leak::Options),
    Rotate(Box<rotate::Options>),
    #[command(subcommand)]
    Fleet(fleet::Fleet),
    Audit(audit::Options),
    Report(report::Options),
    Watch(watch::Options),
    Metrics(metrics::Options),
    #[command(subcommand)]
    Bulk(bulk::Bulk),
    Plan(plan::Options),
    Apply(apply::Options),
    Import(import::Options),
    Topup(Box<topup::Options>),
}

impl Command {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        match self {
            Self::List(options) => options.run(app).await,
            Self::Get(options) => options.run(app).await,
            Self::Create(options) => options.run(app).await,
            Self::Update(options) => options.run(app).await,
            Self::Enable(options) => options.run(app).await,
            Self::Disable(options) => options.run(app).await,
            Self::Delete(options) => options.run(app).await,
            Self::Current(options) => options.run(app).await,
            Self::Ensure(options) => options.run(app).await,
            Self::Sweep(options) => options.run(app).await,
            Self::Temporary(options) => options.run(app).await,
            Self::Run(options) => options.run(app).await,
            Self::Auth(options) => options.run(app).await,
            Self::Doctor(options) => options.run(app).await,
            Self::Emulator(options) => options.run(app).await,
            Self::Demo(options) => options.run(app).await,
            Self::Completions(options) => options.run(app),
            Self::Man(options) => options.run(app),
            Self::Schema(options) => options.run(app),
            Self::Whose(options) => options.run(app).await,
            Self::Leak(options) => options.run(app).await,
            Self::Rotate(options) => options.run(app).await,
            Self::Fleet(fleet) => fleet.run(app).await,
            Self::Audit(options) => options.run(app).await,
            Self::Report(options) => options.run(app).await,
            Self::Watch(options) => options.run(app).await,
            Self::Metrics(options) => options.run(app).await,
            Self::Bulk(bulk) => bulk.run(app).await,
            Self::Plan(options) => options.run(app).await,
            Self::Apply(options) => options.run(app).await,
            Self::Import(options) => options.run(app).await,
            Self::Topup(options) => options.run(app).await,
        }
    }
}
