//! Rows as an aligned table, or as lines of tab-separated values.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::cell::Cell;
use super::{Row, Tone};

pub(super) fn write(
    to: &mut dyn Write,
    columns: &[&str],
    rows: &[Row],
    has_color: bool,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|title| painted(title, Tone::Dim, has_color)));
    for row in rows {
        table.add_row(row.cells.iter().map(|cell| {
            let shown = comfy_table::Cell::new(painted(&cell.shown, cell.tone, has_color));
            if cell.is_number { shown.set_alignment(CellAlignment::Right) } else { shown }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        writeln!(to, "{}", line.trim_end())?;
    }
    Ok(())
}

/// One row as lines of a title and a value.
pub(super) fn write_one(
    to: &mut dyn Write,
    columns: &[&str],
    row: &Row,
    has_color: bool,
) -> io::Result<()> {
    let widest = columns.iter().map(|title| title.len()).max().unwrap_or_default();
    for (title, cell) in columns.iter().zip(&row.cells) {
        let title = painted(&format!("{title:widest$}"), Tone::Dim, has_color);
        writeln!(to, "{title}  {}", painted(&cell.shown, cell.tone, has_color))?;
    }
    Ok(())
}

pub(super) fn write_tab_separated(to: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let line: Vec<_> = row.cells.iter().map(|Cell { plain, .. }| plain.as_str()).collect();
        writeln!(to, "{}", line.join("\t"))?;
    }
    Ok(())
}

fn painted(text: &str, tone: Tone, has_color: bool) -> String {
    let style = tone.style();
    if !has_color || tone == Tone::Plain || text.is_empty() {
        return text.to_owned();
    }
    format!("{style}{text}{style:#}")
}
