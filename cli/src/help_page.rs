//! The page `docs/cli.md`, made from the help texts.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::{Command, CommandFactory as _};

use crate::Cli;
use crate::failure::Exit;

/// Set this variable to rewrite the page.
const UPDATE: &str = "UPDATE";

#[test]
fn the_page_has_the_help_of_every_command() {
    let path =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../docs/cli.md");
    let page = page();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        written == page,
        "docs/cli.md differs from the help texts; rewrite it: {UPDATE}=1 cargo test -p openrouter-keys help_page"
    );
}

fn page() -> String {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut page = String::from(
        "# The command line `openrouter-keys`\n\n\
         A test keeps this page equal to the help texts. Every command also has the options of\n\
         the first section.\n\n",
    );
    contents(&root, &mut page);
    section(&root, true, &mut page);
    page.push_str("## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for (exit, meaning) in Exit::ALL {
        let _ = writeln!(page, "| {} | {meaning} |", exit.code());
    }
    page
}

/// A link to each command, and to the exit codes.
fn contents(root: &Command, page: &mut String) {
    let mut links = Vec::new();
    let mut commands: Vec<_> = vec![root];
    while let Some(command) = commands.pop() {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
        let title = name.strip_prefix("openrouter-keys ").unwrap_or(name);
        links.push(format!("[`{title}`](#{})", name.replace(' ', "-")));
        let below: Vec<_> = command.get_subcommands().collect();
        commands.extend(below.into_iter().rev().filter(|command| command.get_name() != "help"));
    }
    links.push("[exit codes](#exit-codes)".to_owned());
    let _ = writeln!(page, "{}\n", links.join(" ·\n"));
}

fn section(command: &Command, is_root: bool, page: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let shown = command.clone().mut_args(|arg| {
        // Those that every command has are shown once.
        let is_common = arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str());
        if is_common && !is_root { arg.hide(true) } else { arg }
    });
    let help = shown.term_width(100).render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    let _ = write!(page, "## `{name}`\n\n```text\n{}\n```\n\n", lines.join("\n").trim_end());
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        section(command, false, page);
    }
}
