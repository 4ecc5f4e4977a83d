//! The command line.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::{clients, sections};

pub(crate) const USAGE: &str = "\
openrouter-keys-bench run [OPTIONS]    measure everything and write the report

  --only SECTION       measure only this section; may be given more than once
  --skip SECTION       skip this section; may be given more than once
  --quick              run few rounds, to try it
  --out FILE           write the report here; the default is BENCHMARKS.md, or
                       below target/bench for a quick or partial run
  --charts FOLDER      write the charts here; the default is docs/benchmarks, or
                       below target/bench
  --cli FILE           the program to measure in the section `cli`; the default is
                       target/release/openrouter-keys
  --instructions FILE  instruction counts for the section `build`: a JSON object
                       of numbers by operation name

openrouter-keys-bench serve            serve on loopback until killed; print the
                                       addresses as one line of JSON
openrouter-keys-bench contestant NAME  read requests and write times, one line of
                                       JSON each; NAME is ours, reqwest or openrouter-rs

The sections:";

/// A parsed command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    Serve,
    Contestant(String),
    Run(RunOptions),
}

/// The options of `run`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    /// The sections to measure; empty for all.
    only: Vec<String>,
    skip: Vec<String>,
    pub(crate) quick: bool,
    pub(crate) out: Option<PathBuf>,
    pub(crate) charts: Option<PathBuf>,
    pub(crate) cli: Option<PathBuf>,
    pub(crate) instructions: Option<PathBuf>,
}

impl RunOptions {
    /// Whether to measure this section.
    pub(crate) fn includes(&self, section: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == section);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Whether the report is complete enough to publish.
    pub(crate) fn is_whole(&self) -> bool {
        !self.quick && self.only.is_empty() && self.skip.is_empty()
    }
}

impl Arguments {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut words = words.into_iter();
        let command = match words.next().as_deref() {
            None | Some("help" | "--help" | "-h") => return Ok(Self::Help),
            Some("serve") => Self::Serve,
            Some("contestant") => Self::Contestant(contestant_name(words.next())?),
            Some("run") => return Self::run(words),
            Some(other) => return Err(unknown(other)),
        };
        words.next().map_or(Ok(command), |other| Err(unknown(&other)))
    }

    fn run(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = RunOptions::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--quick" => options.quick = true,
                "--only" => options.only.push(section_name(&word, words.next())?),
                "--skip" => options.skip.push(section_name(&word, words.next())?),
                "--out" => options.out = Some(path(&word, words.next())?),
                "--charts" => options.charts = Some(path(&word, words.next())?),
                "--cli" => options.cli = Some(path(&word, words.next())?),
                "--instructions" => options.instructions = Some(path(&word, words.next())?),
                other => return Err(unknown(other)),
            }
        }
        Ok(Self::Run(options))
    }
}

fn contestant_name(word: Option<String>) -> Result<String, Failure> {
    one_of("contestant", &clients::NAMES, "contestant", word)
}

fn section_name(option: &str, word: Option<String>) -> Result<String, Failure> {
    let names: Vec<_> = sections::ALL.iter().map(|section| section.name).collect();
    one_of("section", &names, option, word)
}

fn one_of(
    what: &str,
    names: &[&str],
    before: &str,
    word: Option<String>,
) -> Result<String, Failure> {
    match word {
        Some(name) if names.contains(&name.as_str()) => Ok(name),
        Some(name) => Err(Failure::new(format!(
            "unknown {what} {name}; expected one of {}",
            names.join(", ")
        ))),
        None => Err(Failure::new(format!("{before} needs the name of a {what}"))),
    }
}

fn path(option: &str, word: Option<String>) -> Result<PathBuf, Failure> {
    word.map(PathBuf::from).ok_or_else(|| Failure::new(format!("{option} needs a path")))
}

fn unknown(word: &str) -> Failure {
    Failure::new(format!("unknown argument {word}; --help lists the arguments"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Failure> {
        Arguments::parse(line.split_whitespace().map(String::from))
    }

    fn options(line: &str) -> RunOptions {
        match parse(line) {
            Ok(Arguments::Run(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn run_alone_means_every_section() {
        let options = options("run");
        assert!(sections::ALL.iter().all(|section| options.includes(section.name)));
        assert!(options.is_whole());
    }

    #[test]
    fn sections_can_be_selected_and_skipped() {
        let options = options("run --only calls --only decode --skip decode");
        let selected: Vec<_> = sections::ALL
            .iter()
            .map(|section| section.name)
            .filter(|name| options.includes(name))
            .collect();
        assert_eq!(selected, ["calls"]);
        assert!(!options.is_whole());
    }

    #[test]
    fn the_report_can_go_elsewhere() {
        let options = options("run --quick --out a.md --charts b --instructions c.json --cli d");
        assert!(options.quick && !options.is_whole());
        assert_eq!(options.out, Some("a.md".into()));
        assert_eq!(options.charts, Some("b".into()));
        assert_eq!(options.instructions, Some("c.json".into()));
        assert_eq!(options.cli, Some("d".into()));
    }

    #[test]
    fn contestants_have_names() {
        assert_eq!(parse("contestant ours"), Ok(Arguments::Contestant("ours".into())));
        let failure = parse("contestant theirs").expect_err("no such contestant");
        assert!(failure.to_string().contains("openrouter-rs"), "{failure}");
        parse("contestant").expect_err("no name");
    }

    #[test]
    fn unknown_arguments_are_refused() {
        let lines = ["srve", "serve now", "contestant ours twice", "run --fast", "run calls"];
        for line in lines.into_iter().chain(["run --only", "run --only cals", "run --out"]) {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn no_arguments_and_help_show_the_usage() {
        for line in ["", "help", "--help", "run --help"] {
            assert_eq!(parse(line), Ok(Arguments::Help), "{line}");
        }
    }
}
