//! `metrics`: spend, limits and times of all keys for a monitoring system.

mod serve;
mod text;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use openrouter_keys_native::Client;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::select::{self, Filters};
use crate::{private_file, signal, units};

/// Print spend, limits and times of all keys as OpenMetrics text
///
/// Disabled and expired keys are included. The labels are the key's hash, name, workspace and
/// external user. Prometheus reads the text from --listen, node_exporter's textfile collector
/// from --file.
#[expect(clippy::doc_markdown, reason = "it is the help text")]
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Write this file, whole or not at all; every user of this machine may read it. Its folder
    /// must exist
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Serve /metrics over HTTP at this address until stopped; only this machine can connect
    #[arg(long, value_name = "127.0.0.1:PORT", value_parser = serve::loopback, conflicts_with = "file")]
    listen: Option<SocketAddr>,
    /// With --file: write it at this interval until stopped. With --listen: reuse a listing for
    /// this long [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    every: Option<Duration>,
    #[command(flatten)]
    filters: Filters,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys metrics
  openrouter-keys metrics --file /var/lib/node_exporter/textfile/openrouter.prom
  openrouter-keys metrics --listen 127.0.0.1:9464";

const FRESH_FOR: Duration = Duration::from_secs(60);

/// Lists keys and writes their metrics.
struct Source {
    client: Client,
    filters: Filters,
}

impl Source {
    async fn read(&self) -> Result<String> {
        let keys = select::matching(&self.client, &self.filters).await?;
        Ok(text::of(&keys, units::now()))
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let format = &app.global.format;
        if format.csv || format.json.is_some() || format.jq.is_some() {
            return Err(Failure::usage(
                "metrics are OpenMetrics text only; nothing was sent; for JSON or CSV:",
            )
            .next("openrouter-keys list --all"));
        }
        if let Some(file) = &self.file {
            private_file::check_writable(file)?;
        }
        let source = Source { client: app.client()?, filters: self.filters };
        if let Some(address) = self.listen {
            serve::serve(app, source, address, self.every.unwrap_or(FRESH_FOR)).await?;
            return Ok(Exit::Done);
        }
        let Some(file) = self.file else {
            if self.every.is_some() {
                return Err(Failure::usage("--every needs --file or --listen; nothing was sent"));
            }
            app.output.text(&source.read().await?)?;
            return Ok(Exit::Done);
        };
        let Some(every) = self.every else {
            private_file::replace_public(&file, source.read().await?.as_bytes())?;
            return Ok(Exit::Done);
        };
        let mut stopped = pin!(signal::stopped());
        loop {
            let read = tokio::select! {
                () = &mut stopped => return Ok(Exit::Done),
                read = source.read() => read,
            };
            match read {
                Ok(text) => private_file::replace_public(&file, text.as_bytes())?,
                Err(failure) if matches!(failure.exit, Exit::Usage | Exit::NotAuthorized) => {
                    return Err(failure);
                }
                // The file's own time tells a monitor that it is old.
                Err(failure) => app.waiting.report(&failure),
            }
            tokio::select! {
                () = &mut stopped => return Ok(Exit::Done),
                () = tokio::time::sleep(every.max(Duration::from_secs(1))) => {}
            }
        }
    }
}
