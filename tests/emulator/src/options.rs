//! The program's command line.

use std::ffi::OsString;
use std::path::PathBuf;

use openrouter_keys_emulator::{Builder, Emulator};

pub(crate) const HELP: &str = "\
A server on this machine that behaves like OpenRouter's key-management API.

Usage: openrouter-keys-emulator [OPTIONS]

Options:
  --port PORT         Port on 127.0.0.1; any free one if left out
  --state FILE        Continue from this JSON file and keep it up to date
  --keys COUNT        Start with so many more keys
  --seed NUMBER       Equal seeds give equal secrets
  --cors-expose       Let scripts of web pages read Retry-After, Date and x-request-id
  --close-idle        Close every connection after its answer, unannounced
  --rate-limit        Send X-RateLimit-Limit, -Remaining and -Reset
  --help              Show this and stop

Faults: send `x-emulator-fault: FAULT` with a request, or POST the FAULT to
/_emulator/faults for a later one. A FAULT is a list such as
  status=503,retry-after=2        delay=250ms          truncate=10
  method=POST,reset-after-commit  body=200 {\"data\":1}  shape=newer
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Run {
    Help,
    Serve(Options),
}

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) keys: usize,
    seed: Option<u64>,
    state: Option<PathBuf>,
    /// Each is one way the server's manners differ from the default.
    switches: Vec<fn(Builder) -> Builder>,
}

impl Options {
    /// Reads `--name value` and `--name=value`; the error is one line for the user.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Run, String> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let argument = text(argument)?;
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (argument.as_str(), None),
            };
            match name {
                "--help" | "-h" => return Ok(Run::Help),
                "--port" => options.port = number(name, attached.or_else(|| arguments.next()))?,
                "--keys" => options.keys = number(name, attached.or_else(|| arguments.next()))?,
                "--seed" => {
                    options.seed = Some(number(name, attached.or_else(|| arguments.next()))?);
                }
                "--state" => {
                    let value = attached.or_else(|| arguments.next());
                    options.state = Some(value.ok_or("--state needs a file")?.into());
                }
                "--cors-expose" => options.switches.push(Builder::cors_expose),
                "--close-idle" => options.switches.push(Builder::close_idle),
                "--rate-limit" => options.switches.push(Builder::rate_limit_headers),
                _ => return Err(format!("unknown option `{argument}`")),
            }
        }
        Ok(Run::Serve(options))
    }

    pub(crate) fn builder(self) -> Builder {
        let mut builder = Emulator::builder().port(self.port);
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        if let Some(path) = self.state {
            builder = builder.state_file(path);
        }
        self.switches.iter().fold(builder, |builder, switch| switch(builder))
    }
}

fn text(argument: OsString) -> Result<String, String> {
    argument.into_string().map_err(|_| "an option is not valid Unicode".to_owned())
}

fn number<T: std::str::FromStr>(name: &str, value: Option<OsString>) -> Result<T, String> {
    let value = text(value.ok_or_else(|| format!("{name} needs a number"))?)?;
    value.parse().map_err(|_| format!("{name} needs a number, not `{value}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Run, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn values_may_stand_behind_an_equals_sign_or_a_space() {
        let Ok(Run::Serve(options)) = parse("--port 8080 --keys=3 --state=a.json") else {
            panic!()
        };
        assert_eq!((options.port, options.keys), (8080, 3));
        assert_eq!(options.state, Some(PathBuf::from("a.json")));
    }

    #[test]
    fn a_mistake_is_told_in_one_line() {
        for (line, message) in [
            ("--prot 1", "unknown option `--prot`"),
            ("--port", "--port needs a number"),
            ("--port x", "--port needs a number, not `x`"),
            ("--port 65536", "--port needs a number, not `65536`"),
            ("--state", "--state needs a file"),
        ] {
            assert_eq!(parse(line).unwrap_err(), message);
        }
    }
}
