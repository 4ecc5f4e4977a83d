//! The project's own commands, run as `cargo xtask COMMAND`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program with printed output")]

mod bench;
mod emulator;
mod fuzz;
mod imports;
mod instructions;
mod matrix;
mod public_types;
mod report;
mod shell;
mod step;
mod steps;
mod test;
mod tool;
mod tree;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

/// The project's own commands
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the checks that need nothing installed, or with --all every check
    Test(test::Test),
    /// Build the npm package into bindings-js/npm
    Npm,
    /// Let libFuzzer search all fuzz targets, or the named ones
    Fuzz(fuzz::Fuzz),
    /// Measure what the clients cost, compared with others, and write BENCHMARKS.md
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    if let Some(code) = public_types::stand_in_for_rustdoc() {
        return code;
    }
    // Before looking for the workspace, which help does not need.
    let command = Arguments::parse().command;
    let result = Workspace::find().and_then(|workspace| match command {
        Command::Test(test) => Ok(test::run(&test, workspace)),
        Command::Npm => wasm::build_npm_package(&workspace).map(|()| ExitCode::SUCCESS),
        Command::Fuzz(fuzz) => fuzz::run(&fuzz, &workspace),
        Command::Bench(bench) => bench::run(&bench, &workspace).map(|()| ExitCode::SUCCESS),
    });
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        let words = line.split_whitespace();
        Arguments::try_parse_from(std::iter::once("xtask").chain(words)).map(|it| it.command)
    }

    #[test]
    fn the_command_definitions_are_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn an_invalid_command_line_is_refused() {
        for line in [
            "",
            "tset",
            "test --fast",
            "test clippy",
            "test --step",
            "test --skip-default",
            "test --all --step docs",
            "fuzz --seconds",
            "fuzz --seconds 0",
            "fuzz --seconds soon",
            "bench --only",
            "bench calls",
        ] {
            parse(line).expect_err(line);
        }
        parse("fuzz create --seconds 5 urls").unwrap();
        parse("bench --skip cargo --only calls --quick --skip package").unwrap();
        parse("test --all --skip-default --advisories").unwrap();
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_known_ones() {
        let error = parse("test --step clipy").expect_err("no such step").to_string();
        assert!(error.contains("clippy") && error.contains("external-types"), "{error}");
    }
}
