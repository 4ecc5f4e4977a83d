//! Rows as an aligned table, or as lines of tab-separated values.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::cell::Cell;
use super::fit::{BETWEEN, Column, fit, wrapped};
use super::{Row, Tone};
use crate::text;

/// Pads by hand: a table library would count the codes of colours as characters. Returns the
/// columns for which there was no room.
pub(super) fn write(
    to: &mut dyn Write,
    titles: &[&'static str],
    rows: &[Row],
    has_color: bool,
    room: Option<usize>,
) -> io::Result<Vec<&'static str>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let (columns, left_out) = fit(Column::all(titles, rows), room);
    let head = columns.iter().map(|column| (column, column.title, Tone::Dim));
    write_line(to, head, has_color)?;
    for row in rows {
        let cells = columns.iter().map(|column| (column, lines(column, row)));
        let cells: Vec<_> = cells.collect();
        let height = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or_default();
        for at in 0..height {
            let line = cells.iter().map(|(column, lines)| {
                let tone = row.cells.get(column.at).map(|cell| cell.tone).unwrap_or_default();
                (*column, lines.get(at).map_or("", String::as_str), tone)
            });
            write_line(to, line, has_color)?;
        }
    }
    Ok(left_out)
}

/// The lines of a cell: one, unless its text is wrapped.
fn lines(column: &Column, row: &Row) -> Vec<String> {
    let shown = row.cells.get(column.at).map_or("", |cell| cell.shown.as_str());
    if column.at == 0 {
        vec![text::cut(shown, column.width)]
    } else if shown.width() > column.width {
        wrapped(shown, column.width)
    } else {
        vec![shown.to_owned()]
    }
}

fn write_line<'a>(
    to: &mut dyn Write,
    cells: impl Iterator<Item = (&'a Column, &'a str, Tone)>,
    has_color: bool,
) -> io::Result<()> {
    let cells = cells.map(|(column, text, tone)| {
        let padding = " ".repeat(column.width.saturating_sub(text.width()));
        let text = painted(text, tone, has_color);
        if column.is_number { format!("{padding}{text}") } else { format!("{text}{padding}") }
    });
    let line = cells.collect::<Vec<_>>().join(&" ".repeat(BETWEEN));
    writeln!(to, "{}", line.trim_end())
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
        let value = match cell.shown.as_str() {
            "" => painted("-", Tone::Dim, has_color),
            shown => painted(shown, cell.tone, has_color),
        };
        let line = format!("{title}  {value}");
        writeln!(to, "{}", line.trim_end())?;
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

#[cfg(test)]
mod tests {
    use super::write;
    use crate::output::{Cell, Object, Row, Tone};

    fn shown(has_color: bool) -> String {
        let row = |name: &str, amount: &str| Row {
            cells: vec![Cell::text(name).tone(Tone::Bad), Cell::text(amount).number()],
            object: Object::default(),
        };
        let rows = [row("東京", "1"), row("a", "10.50"), row("", "")];
        let mut shown = Vec::new();
        write(&mut shown, &["NAME", "USED"], &rows, has_color, None).unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn columns_are_aligned_with_and_without_colours() {
        let expected = "NAME   USED\n東京      1\na     10.50\n\n";
        assert_eq!(shown(false), expected);
        let colors = ["\u{1b}[0m", "\u{1b}[2m", "\u{1b}[31m"];
        let plain = colors.iter().fold(shown(true), |text, color| text.replace(color, ""));
        assert_eq!(
            plain.lines().map(str::trim_end).collect::<Vec<_>>(),
            expected.lines().collect::<Vec<_>>()
        );
    }
    #[test]
    fn a_wrapped_cell_goes_on_below_itself() {
        let row = Row {
            cells: vec![Cell::text("東京の鍵"), Cell::text("has used 93 % of its limit")],
            object: Object::default(),
        };
        let mut shown = Vec::new();
        let left_out = write(&mut shown, &["NAME", "FOUND"], &[row], false, Some(30)).unwrap();
        let expected = "NAME      FOUND\n東京の鍵  has used 93 % of its\n          limit\n";
        assert_eq!(String::from_utf8(shown).unwrap(), expected);
        assert!(left_out.is_empty());
    }
}
