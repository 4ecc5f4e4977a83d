//! Checks with Rust's own tools.

use anyhow::{Result, ensure};

use crate::shell::{cmd, without_credentials, works};
use crate::step::{Context, Step};

pub(crate) const FORMAT: Step = Step::basic("format", "every file is formatted", format);

fn format(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    let is_there = works(cmd!(shell, "cargo fmt --version"));
    ensure!(is_there, "rustfmt is missing; `rustup component add rustfmt` installs it");
    Ok(cmd!(shell, "cargo fmt --all --check").run()?)
}

pub(crate) const CLIPPY: Step =
    Step::basic("clippy", "there are no lint warnings and no unsafe code", clippy);

fn clippy(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    let is_there = works(cmd!(shell, "cargo clippy --version"));
    ensure!(is_there, "clippy is missing; `rustup component add clippy` installs it");
    // With `forbid`, no crate can allow it again.
    Ok(cmd!(shell, "cargo clippy --workspace --all-targets --all-features --locked -- -D warnings -F unsafe-code").run()?)
}

pub(crate) const TESTS: Step = Step::basic(
    "tests",
    "unit, property, vector, contract, socket and documentation tests pass",
    tests,
);

fn tests(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    let tests = cmd!(shell, "cargo test --workspace --all-features --locked");
    Ok(without_credentials(tests).run()?)
}

pub(crate) const EXAMPLE: Step =
    Step::basic("example", "the native examples run without an API key", example);

fn example(context: &Context) -> Result<()> {
    for example in ["quickstart", "workflows"] {
        let shell = &context.workspace.shell;
        without_credentials(cmd!(shell, "cargo run --locked --example {example}")).run()?;
    }
    Ok(())
}

pub(crate) const BENCHES: Step =
    Step::basic("benches", "every benchmark builds and runs once, unmeasured", benches);

fn benches(context: &Context) -> Result<()> {
    // `--benches` would run the libraries' unit tests again.
    let every = "*";
    let shell = &context.workspace.shell;
    Ok(cmd!(shell, "cargo test --workspace --all-features --locked --bench {every}").run()?)
}

pub(crate) const DOCS: Step =
    Step::basic("docs", "the documentation builds without warnings or broken links", docs);

fn docs(context: &Context) -> Result<()> {
    Ok(cmd!(context.workspace.shell, "cargo doc --workspace --all-features --no-deps --locked")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?)
}

pub(crate) const UNIFIED: Step =
    Step::extra("unified", "features of reqwest that other crates enable change nothing", unified);

fn unified(context: &Context) -> Result<()> {
    // In the project's target folder, where most dependencies are already built.
    let shell = &context.workspace.shell;
    let manifest = "tests/unified/Cargo.toml";
    let tests = cmd!(shell, "cargo test --manifest-path {manifest} --target-dir target --locked");
    Ok(without_credentials(tests).run()?)
}
