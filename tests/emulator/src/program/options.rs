//! The command-line options.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

use crate::{Builder, Emulator};

/// The options of a program that starts an emulator.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// Port to listen on; any free one if left out
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = address)]
    host: IpAddr,

    /// Let other machines connect; needed for a --host they can reach
    #[arg(long)]
    allow_remote: bool,

    /// Also accept this Host; only this machine's names are accepted otherwise
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// Let web pages of this origin use the API and /_emulator
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Let web pages of every origin use the API, as the real server does
    #[arg(long)]
    cors: bool,

    /// The same, and let them read Retry-After, Date and x-request-id
    #[arg(long)]
    cors_expose: bool,

    /// Use this management key; `OPENROUTER_EMULATOR_MANAGEMENT_KEY` keeps it out of `ps`
    #[arg(long, value_name = "KEY")]
    management_key: Option<String>,

    /// Start with the keys and workspaces in this JSON file
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Seed COUNT extra keys
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    keys: usize,

    /// Let only the default workspace and this one exist; repeat it for more
    #[arg(long, value_name = "UUID")]
    workspace: Vec<String>,

    /// The same number gives the same secrets
    #[arg(long, value_name = "NUMBER")]
    secrets_seed: Option<u64>,

    /// Continue from this JSON file and keep it up to date
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Keep the last COUNT requests for /_emulator/requests [default: 10000]
    #[arg(long, value_name = "COUNT")]
    keep_requests: Option<usize>,

    /// Close every connection after its response, without `Connection: close`
    #[arg(long)]
    close_idle: bool,

    /// Send X-RateLimit-Limit, -Remaining and -Reset
    #[arg(long)]
    rate_limit: bool,

    /// Print a line on standard error for every request to the API
    #[arg(long)]
    log: bool,
}

/// How to ask for a fault, for the end of the help.
pub const FAULTS: &str = "\
Faults: send `x-emulator-fault: FAULT` with a request, or POST the FAULT to
/_emulator/faults for a later one. A FAULT is a list such as
  status=503,retry-after=2        delay=250ms          truncate=10
  method=POST,reset-after-commit  body=200 {\"data\":1}  shape=newer";

type Switch = fn(Builder) -> Builder;

impl Options {
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The settings of the emulator.
    pub fn builder(self) -> Builder {
        let mut builder = Emulator::builder()
            .host(self.host)
            .port(self.port)
            .keys(self.keys)
            .ordinary_key("ordinary key");
        for name in self.allow_host {
            builder = builder.allow_host(name);
        }
        for origin in self.allow_origin {
            builder = builder.allow_origin(origin);
        }
        for id in self.workspace {
            builder = builder.workspace(id);
        }
        let switches: [(bool, Switch); 6] = [
            (self.allow_remote, Builder::allow_remote),
            (self.cors, Builder::cors),
            (self.cors_expose, Builder::cors_expose),
            (self.close_idle, Builder::close_idle),
            (self.rate_limit, Builder::rate_limit_headers),
            (self.log, Builder::print_requests),
        ];
        for (_, switch) in switches.into_iter().filter(|(is_on, _)| *is_on) {
            builder = switch(builder);
        }
        let key = self.management_key.or_else(management_key_from_env);
        builder = with(builder, key, Builder::management_key);
        builder = with(builder, self.seed, Builder::seed_file);
        builder = with(builder, self.secrets_seed, Builder::secrets_seed);
        builder = with(builder, self.state, Builder::state_file);
        with(builder, self.keep_requests, Builder::keep_requests)
    }
}

fn with<T>(builder: Builder, value: Option<T>, set: fn(Builder, T) -> Builder) -> Builder {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// Other users of a machine can read its command lines. This is not the variable that clients
/// read, because the key is printed.
fn management_key_from_env() -> Option<String> {
    let value = std::env::var_os("OPENROUTER_EMULATOR_MANAGEMENT_KEY")?;
    (!value.is_empty()).then(|| value.to_string_lossy().into_owned())
}

fn address(text: &str) -> Result<IpAddr, &'static str> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse().map_err(|_| "expected an IP address or `localhost`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_definition_is_valid() {
        Options::augment_args(clap::Command::new("emulator")).debug_assert();
    }
}
