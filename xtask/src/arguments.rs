//! What the command line asks for.

use crate::bench::Bench;
use crate::failure::Failure;
use crate::fuzz::Fuzz;
use crate::step::Step;
use crate::steps;

pub(crate) const USAGE: &str = "\
cargo xtask npm               builds the npm package into bindings-js/npm
cargo xtask test [OPTIONS]    runs every check of the project

  --step NAME     runs only this step; may be given more than once
  --list          names the steps and what each checks
  --quick         leaves out the steps that install a tool or a target
  --advisories    downloads the advisory database for the step `advisories`

cargo xtask fuzz [TARGET...]  lets libFuzzer search every target, or those that are named

  --seconds N     for how long each; 60 otherwise

cargo xtask bench [OPTIONS]   measures what the clients cost, beside others, and
                              writes BENCHMARKS.md

  --only SECTION  measures only this section; may be given more than once
  --skip SECTION  leaves this section out; may be given more than once
  --quick         few rounds, to try it; this and what is not whole is written
                  below target/bench

With the environment variable CI set, every step runs that can run at all.
XTASK_TOOLS names the folder under which missing tools are installed; it is
target/tools otherwise.";

/// One of the things that can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    List,
    Npm,
    Bench(Bench),
    Fuzz(Fuzz),
    Test(Wishes),
}

/// How `test` is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The names of the steps to run; all if there are none.
    pub(crate) steps: Vec<String>,
    pub(crate) quick: bool,
    pub(crate) advisories: bool,
}

impl Wishes {
    /// Whether the step belongs to what was asked for.
    pub(crate) fn name(&self, step: &Step) -> bool {
        self.steps.is_empty() || self.steps.iter().any(|name| name == step.name)
    }
}

impl Arguments {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut words = words.into_iter();
        match words.next().as_deref() {
            Some("test") => {}
            Some("bench") => return Self::bench(words),
            Some("fuzz") => return Self::fuzz(words),
            Some("npm") => return words.next().map_or(Ok(Self::Npm), |other| Err(unknown(&other))),
            None | Some("help" | "--help" | "-h") => return Ok(Self::Help),
            Some(other) => return Err(unknown(other)),
        }
        let mut wishes = Wishes::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--list" => return Ok(Self::List),
                "--quick" => wishes.quick = true,
                "--advisories" => wishes.advisories = true,
                "--step" => wishes.steps.push(step_name(words.next())?),
                other => return Err(unknown(other)),
            }
        }
        Ok(Self::Test(wishes))
    }

    /// Which sections there are, the program of the benchmarks knows.
    fn bench(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut wishes = Bench::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--quick" => wishes.quick = true,
                "--only" => wishes.only.push(section(&word, words.next())?),
                "--skip" => wishes.skip.push(section(&word, words.next())?),
                other => return Err(unknown(other)),
            }
        }
        Ok(Self::Bench(wishes))
    }

    fn fuzz(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut wishes = Fuzz::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--seconds" => wishes.seconds = seconds(words.next())?,
                option if option.starts_with('-') => return Err(unknown(option)),
                _ => wishes.targets.push(word),
            }
        }
        Ok(Self::Fuzz(wishes))
    }
}

fn step_name(word: Option<String>) -> Result<String, Failure> {
    let names = || steps::ALL.iter().map(|step| step.name);
    match word {
        Some(name) if names().any(|known| known == name) => Ok(name),
        Some(name) => Err(Failure::new(format!(
            "there is no step {name}; the steps are {}",
            names().collect::<Vec<_>>().join(", ")
        ))),
        None => Err(Failure::new("--step needs the name of a step")),
    }
}

fn section(option: &str, word: Option<String>) -> Result<String, Failure> {
    word.ok_or_else(|| Failure::new(format!("{option} needs the name of a section")))
}

fn seconds(word: Option<String>) -> Result<u32, Failure> {
    // To libFuzzer no time means without end.
    let seconds = word.and_then(|word| word.parse().ok()).filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| Failure::new("--seconds needs a whole number of seconds, 1 or more"))
}

fn unknown(word: &str) -> Failure {
    Failure::new(format!("{word} is not understood\n\n{USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Failure> {
        Arguments::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn test_alone_means_every_step() {
        let Ok(Arguments::Test(wishes)) = parse("test") else {
            panic!("not understood");
        };
        assert!(steps::ALL.iter().all(|step| wishes.name(step)));
    }

    #[test]
    fn steps_can_be_picked_by_name() {
        let Ok(Arguments::Test(wishes)) = parse("test --step format --step docs") else {
            panic!("not understood");
        };
        let picked: Vec<_> =
            steps::ALL.iter().filter(|step| wishes.name(step)).map(|step| step.name).collect();
        assert_eq!(picked, ["format", "docs"]);
    }

    #[test]
    fn an_unknown_step_is_answered_with_the_known_ones() {
        let failure = parse("test --step clipy").expect_err("no such step");
        assert!(failure.to_string().contains("clippy"), "{failure}");
        parse("test --step").expect_err("no name");
    }

    #[test]
    fn fuzzing_takes_targets_and_a_time() {
        assert_eq!(parse("fuzz"), Ok(Arguments::Fuzz(Fuzz::default())));
        let wishes = Fuzz { targets: vec!["create".into(), "urls".into()], seconds: 5 };
        assert_eq!(parse("fuzz create --seconds 5 urls"), Ok(Arguments::Fuzz(wishes)));
        for line in ["fuzz --seconds", "fuzz --seconds 0", "fuzz --seconds soon", "fuzz --long"] {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn benchmarks_take_sections() {
        assert_eq!(parse("bench"), Ok(Arguments::Bench(Bench::default())));
        let (only, skip) = (vec!["calls".into()], vec!["cargo".into(), "package".into()]);
        let wishes = Bench { only, skip, quick: true };
        let line = "bench --skip cargo --only calls --quick --skip package";
        assert_eq!(parse(line), Ok(Arguments::Bench(wishes)));
        for line in ["bench --only", "bench --skip", "bench calls", "bench --seconds 5"] {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["tset", "test --fast", "test clippy"] {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn nothing_and_help_show_the_usage() {
        for line in ["", "help", "--help", "test --help", "bench --help"] {
            assert_eq!(parse(line), Ok(Arguments::Help), "{line}");
        }
    }
}
