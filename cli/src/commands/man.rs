//! `man`: a folder of man pages, one for each command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::Cli;
use crate::app::App;
use crate::failure::{Exit, Failure, Result};

/// Write the man pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys man ~/.local/share/man/man1")]
pub(crate) struct Options {
    /// The folder, which is created if need be
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Options {
    pub(crate) fn run(self, app: &App) -> Result<Exit> {
        fs::create_dir_all(&self.folder).map_err(|error| unwritten(&self.folder, &error))?;
        let mut root = Cli::command();
        root.build();
        let mut count = 0_usize;
        pages(&root, &mut |name, page| {
            let path = self.folder.join(name);
            count += 1;
            fs::write(&path, page).map_err(|error| unwritten(&path, &error))
        })?;
        app.waiting.say(&format!("{count} pages are in {}", self.folder.display()));
        Ok(Exit::Done)
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {error}", path.display()))
}

/// Makes the page of a command and those of its subcommands.
fn pages(command: &Command, write: &mut impl FnMut(String, Vec<u8>) -> Result<()>) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let source = concat!("openrouter-keys ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name.to_uppercase()).source(source);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if command.get_after_help().is_some() || command.get_after_long_help().is_some() {
        man.render_extra_section(&mut page)?;
    }
    exit_codes(&mut page)?;
    man.render_version_section(&mut page)?;
    write(format!("{name}.1"), page)?;
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        pages(command, write)?;
    }
    Ok(())
}

fn exit_codes(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::ALL {
        section.control("TP", []);
        section.text([bold(exit.code().to_string())]);
        section.text([roman(meaning)]);
    }
    section.to_writer(page)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_has_a_page_with_the_exit_codes() {
        let mut root = crate::Cli::command();
        root.build();
        let mut names = Vec::new();
        super::pages(&root, &mut |name, page| {
            let page = String::from_utf8(page).unwrap();
            assert!(page.contains("EXIT STATUS"), "{name}");
            assert!(page.contains("may have been created"), "{name}");
            names.push(name);
            Ok(())
        })
        .unwrap();
        for name in ["openrouter-keys.1", "openrouter-keys-list.1", "openrouter-keys-auth-login.1"]
        {
            assert!(names.iter().any(|page| page == name), "{names:?}");
        }
    }
}
