//! The options that every command has.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice};

use crate::units;

/// The account and the output.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Global {
    #[command(flatten)]
    pub(crate) account: Account,
    #[command(flatten)]
    pub(crate) format: Format,
    /// Colour the output: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
    /// Report only errors and warnings on standard error
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// The management key and the server. The key itself is never an argument: `ps` and the
/// shell's history would show it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct Account {
    /// Use this profile of the configuration file
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Read the management key from this file, which only you may read; - is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Read the management key from this open file descriptor
    #[arg(long, global = true, value_name = "NUMBER", conflicts_with = "key_file")]
    pub(crate) key_fd: Option<u32>,
    /// Run this command, which prints the management key
    #[arg(long, global = true, value_name = "COMMAND", conflicts_with_all = ["key_file", "key_fd"])]
    pub(crate) key_command: Option<String>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Send requests here instead of to OpenRouter, or set OPENROUTER_BASE_URL"
    )]
    pub(crate) base_url: Option<String>,
    /// Time limit of a call, such as 30s or 5m [default: 2m]
    #[arg(long, global = true, value_name = "TIME", value_parser = units::duration)]
    pub(crate) timeout: Option<Duration>,
}

/// How results are written. Without any of these: a table on a terminal, tab-separated
/// values in a pipe.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Format {
    /// Print JSON: all fields, or only these, separated by commas
    #[arg(long, global = true, value_name = "FIELDS", num_args = 0..=1, value_delimiter = ',', default_missing_value = "")]
    pub(crate) json: Option<Vec<String>>,
    /// Filter the JSON with this jq expression
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub(crate) jq: Option<String>,
    /// Print comma-separated values with a header line
    #[arg(long, global = true, conflicts_with_all = ["json", "jq"])]
    pub(crate) csv: bool,
}
