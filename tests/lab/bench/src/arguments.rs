//! What the command line asks for.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::{clients, sections};

pub(crate) const USAGE: &str = "\
openrouter-keys-bench run [OPTIONS]    measures everything and writes the report

  --only SECTION       measures only this section; may be given more than once
  --skip SECTION       leaves this section out; may be given more than once
  --quick              few rounds, to try it
  --out FILE           where the report goes: BENCHMARKS.md, or below target/bench
                       for a run that is quick or not whole
  --charts FOLDER      where the charts go: docs/benchmarks, or below target/bench
  --instructions FILE  instruction counts for the section `build`, as a JSON object
                       from the name of an operation to a number

openrouter-keys-bench serve            answers on loopback until it is killed; writes
                                       where, as one line of JSON
openrouter-keys-bench contestant NAME  reads requests and writes times, one line of
                                       JSON each; NAME is ours, reqwest or openrouter-rs

The sections:";

/// One of the things that can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    Serve,
    Contestant(String),
    Run(Wishes),
}

/// How `run` is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The names of the sections to measure; all if there are none.
    only: Vec<String>,
    skip: Vec<String>,
    pub(crate) quick: bool,
    pub(crate) out: Option<PathBuf>,
    pub(crate) charts: Option<PathBuf>,
    pub(crate) instructions: Option<PathBuf>,
}

impl Wishes {
    /// Whether the section belongs to what was asked for.
    pub(crate) fn name(&self, section: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == section);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Whether the report is the one to publish.
    pub(crate) fn is_whole(&self) -> bool {
        !self.quick && self.only.is_empty() && self.skip.is_empty()
    }
}

impl Arguments {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut words = words.into_iter();
        let asked = match words.next().as_deref() {
            None | Some("help" | "--help" | "-h") => return Ok(Self::Help),
            Some("serve") => Self::Serve,
            Some("contestant") => Self::Contestant(contestant_name(words.next())?),
            Some("run") => return Self::run(words),
            Some(other) => return Err(unknown(other)),
        };
        words.next().map_or(Ok(asked), |other| Err(unknown(&other)))
    }

    fn run(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut wishes = Wishes::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--quick" => wishes.quick = true,
                "--only" => wishes.only.push(section_name(&word, words.next())?),
                "--skip" => wishes.skip.push(section_name(&word, words.next())?),
                "--out" => wishes.out = Some(path(&word, words.next())?),
                "--charts" => wishes.charts = Some(path(&word, words.next())?),
                "--instructions" => wishes.instructions = Some(path(&word, words.next())?),
                other => return Err(unknown(other)),
            }
        }
        Ok(Self::Run(wishes))
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
        Some(name) => {
            Err(Failure::new(format!("there is no {what} {name}; there are {}", names.join(", "))))
        }
        None => Err(Failure::new(format!("{before} needs the name of a {what}"))),
    }
}

fn path(option: &str, word: Option<String>) -> Result<PathBuf, Failure> {
    word.map(PathBuf::from).ok_or_else(|| Failure::new(format!("{option} needs a path")))
}

fn unknown(word: &str) -> Failure {
    Failure::new(format!("{word} is not understood; --help shows what is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Failure> {
        Arguments::parse(line.split_whitespace().map(String::from))
    }

    fn wishes(line: &str) -> Wishes {
        match parse(line) {
            Ok(Arguments::Run(wishes)) => wishes,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn run_alone_means_every_section() {
        let wishes = wishes("run");
        assert!(sections::ALL.iter().all(|section| wishes.name(section.name)));
        assert!(wishes.is_whole());
    }

    #[test]
    fn sections_can_be_picked_and_left_out() {
        let wishes = wishes("run --only calls --only decode --skip decode");
        let picked: Vec<_> = sections::ALL
            .iter()
            .map(|section| section.name)
            .filter(|name| wishes.name(name))
            .collect();
        assert_eq!(picked, ["calls"]);
        assert!(!wishes.is_whole());
    }

    #[test]
    fn the_report_can_go_elsewhere() {
        let wishes = wishes("run --quick --out a.md --charts b --instructions c.json");
        assert!(wishes.quick && !wishes.is_whole());
        assert_eq!(wishes.out, Some("a.md".into()));
        assert_eq!(wishes.charts, Some("b".into()));
        assert_eq!(wishes.instructions, Some("c.json".into()));
    }

    #[test]
    fn contestants_have_names() {
        assert_eq!(parse("contestant ours"), Ok(Arguments::Contestant("ours".into())));
        let failure = parse("contestant theirs").expect_err("no such contestant");
        assert!(failure.to_string().contains("openrouter-rs"), "{failure}");
        parse("contestant").expect_err("no name");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let lines = ["srve", "serve now", "contestant ours twice", "run --fast", "run calls"];
        for line in lines.into_iter().chain(["run --only", "run --only cals", "run --out"]) {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn nothing_and_help_show_the_usage() {
        for line in ["", "help", "--help", "run --help"] {
            assert_eq!(parse(line), Ok(Arguments::Help), "{line}");
        }
    }
}
