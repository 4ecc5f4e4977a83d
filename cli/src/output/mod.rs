//! How results are written: a table on a terminal, tab-separated values in a pipe, JSON or
//! CSV on request. Secrets never come here.

mod cell;
mod fit;
mod json;
mod markdown;
mod pager;
mod table;

use std::io::{self, BufWriter, IsTerminal as _, Write};

use clap::ColorChoice;

pub(crate) use cell::{Cell, Tone};
pub(crate) use json::Object;
pub(crate) use markdown::escaped as escaped_markdown;

use crate::args::Global;
use crate::failure::{Failure, Result};

/// One kind of result: its columns for people, its fields for programs.
pub(crate) struct Shape {
    pub(crate) columns: &'static [&'static str],
    pub(crate) fields: &'static [&'static str],
}

/// One result.
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    pub(crate) object: Object,
}

/// Where and how results are written.
pub(crate) struct Output {
    how: How,
    has_color: bool,
    is_terminal: bool,
}

enum How {
    Table,
    TabSeparated,
    Csv,
    /// With these fields, or all if there are none.
    Json(Vec<String>),
    Jq(json::Filter),
}

impl Output {
    pub(crate) fn new(global: &Global) -> Result<Self> {
        let is_terminal = io::stdout().is_terminal();
        let fields = || -> Vec<String> {
            let named = global.format.json.iter().flatten().filter(|name| !name.is_empty());
            named.cloned().collect()
        };
        let how = match &global.format {
            format if format.csv => How::Csv,
            format if format.jq.is_some() => {
                How::Jq(json::Filter::new(format.jq.as_deref().unwrap_or_default(), fields())?)
            }
            format if format.json.is_some() => How::Json(fields()),
            _ if is_terminal => How::Table,
            _ => How::TabSeparated,
        };
        Ok(Self { how, has_color: has_color(global.color, is_terminal), is_terminal })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether a person reads the result.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.how, How::Table)
    }

    /// Refuses fields that the result does not have, before anything is sent.
    pub(crate) fn check(&self, shape: &Shape) -> Result<()> {
        let (How::Json(fields) | How::Jq(json::Filter { fields, .. })) = &self.how else {
            return Ok(());
        };
        match fields.iter().find(|name| !shape.fields.contains(&name.as_str())) {
            None => Ok(()),
            Some(unknown) => Err(Failure::usage(format!(
                "\"{}\" is not a field of the result; nothing was sent; the fields are: {}",
                crate::text::visible(unknown),
                shape.fields.join(", ")
            ))),
        }
    }

    /// Writes results of one kind; JSON is an array of them.
    pub(crate) fn rows(&self, shape: &Shape, rows: &[Row]) -> Result<()> {
        if matches!(self.how, How::Table) {
            return self.table(shape, rows);
        }
        self.write(|to| match &self.how {
            How::Table => Ok(()),
            How::TabSeparated => table::write_tab_separated(to, rows),
            How::Csv => json::write_csv(to, shape.fields, rows),
            How::Json(fields) => json::write_array(to, fields, rows),
            How::Jq(filter) => filter.write(to, &json::array(&filter.fields, rows)?),
        })
    }

    /// Writes an aligned table, and says what a narrow terminal has no room for.
    fn table(&self, shape: &Shape, rows: &[Row]) -> Result<()> {
        let size = terminal_size::terminal_size();
        let (width, height) =
            size.map(|(width, height)| (usize::from(width.0), usize::from(height.0))).unzip();
        let mut text = Vec::new();
        let hidden = table::write(&mut text, shape.columns, rows, self.has_color, width)?;
        if !height.is_some_and(|height| pager::shows(&text, height)) {
            self.write(|to| to.write_all(&text))?;
        }
        if !hidden.is_empty() {
            let columns = hidden.join(", ");
            writeln!(io::stderr(), "not shown in a terminal this narrow: {columns}")?;
        }
        Ok(())
    }

    /// Writes one result; JSON is an object.
    pub(crate) fn one(&self, shape: &Shape, row: &Row) -> Result<()> {
        self.write(|to| match &self.how {
            How::Table => table::write_one(to, shape.columns, row, self.has_color),
            How::TabSeparated => table::write_tab_separated(to, std::slice::from_ref(row)),
            How::Csv => json::write_csv(to, shape.fields, std::slice::from_ref(row)),
            How::Json(fields) => json::write_object(to, fields, &row.object),
            How::Jq(filter) => filter.write(to, &json::object(&filter.fields, &row.object)?),
        })
    }

    /// Writes results as a Markdown table, as people see them.
    pub(crate) fn markdown(&self, shape: &Shape, rows: &[Row]) -> Result<()> {
        self.write(|to| markdown::write(to, shape, rows))
    }

    /// Writes text as it is.
    pub(crate) fn text(&self, text: &str) -> Result<()> {
        self.write(|to| to.write_all(text.as_bytes()))
    }

    /// A reader that has gone, such as `head`, ends the output and is not a failure.
    #[expect(clippy::unused_self, reason = "who has an output may write")]
    fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let mut to = BufWriter::new(io::stdout().lock());
        match write(&mut to).and_then(|()| to.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // What is left in the buffer must not be written once more.
                let _ = to.into_parts();
                Ok(())
            }
            // What jq refuses has a message of its own.
            Err(error) if error.kind() == io::ErrorKind::Other => Err(error.into()),
            done => done.map_err(|error| {
                Failure::failed(format!("standard output cannot be written: {error}"))
            }),
        }
    }
}

/// Whether the terminal has no more than text: on Unix also if nothing is known about it.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").map_or(cfg!(unix), |term| term == "dumb")
}

fn has_color(choice: ColorChoice, is_terminal: bool) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !is_dumb() && !is_set("NO_COLOR"),
    }
}
