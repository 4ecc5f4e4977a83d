//! What the command line asks for.

use crate::failure::Failure;
use crate::step::Step;
use crate::steps;

pub(crate) const USAGE: &str = "\
cargo xtask npm               builds the npm package into bindings-js/npm
cargo xtask test [OPTIONS]    runs every check of the project

  --step NAME     runs only this step; may be given more than once
  --list          names the steps and what each checks
  --quick         leaves out the steps that install a tool or a target
  --advisories    downloads the advisory database for the step `advisories`

With the environment variable CI set, every step runs that can run at all.
XTASK_TOOLS names the folder under which missing tools are installed; it is
target/tools otherwise.";

/// One of the things that can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    List,
    Npm,
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
    fn what_is_not_understood_is_refused() {
        for line in ["tset", "test --fast", "test clippy"] {
            parse(line).expect_err(line);
        }
    }

    #[test]
    fn nothing_and_help_show_the_usage() {
        for line in ["", "help", "--help", "test --help"] {
            assert_eq!(parse(line), Ok(Arguments::Help), "{line}");
        }
    }
}
