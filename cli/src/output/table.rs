//! Rows as an aligned table, or as lines of tab-separated values.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::cell::Cell;
use super::{Row, Tone};

/// Pads by hand: a table library would count the codes of colours as characters.
pub(super) fn write(
    to: &mut dyn Write,
    columns: &[&str],
    rows: &[Row],
    has_color: bool,
) -> io::Result<()> {
    const BETWEEN: &str = "  ";
    if rows.is_empty() {
        return Ok(());
    }
    let columns: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let cells = rows.iter().filter_map(|row| row.cells.get(at));
            let width = cells.clone().map(|cell| cell.shown.width()).max().unwrap_or_default();
            let is_number = cells.clone().any(|cell| cell.is_number);
            (*title, width.max(title.width()), is_number)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = (&str, Tone)>| {
        let cells = cells.zip(&columns).map(|((text, tone), (_, width, is_number))| {
            let padding = " ".repeat(width.saturating_sub(text.width()));
            let text = painted(text, tone, has_color);
            if *is_number { format!("{padding}{text}") } else { format!("{text}{padding}") }
        });
        cells.collect::<Vec<_>>().join(BETWEEN)
    };
    let head = line(&mut columns.iter().map(|(title, ..)| (*title, Tone::Dim)));
    writeln!(to, "{}", head.trim_end())?;
    for row in rows {
        let row = line(&mut row.cells.iter().map(|cell| (cell.shown.as_str(), cell.tone)));
        writeln!(to, "{}", row.trim_end())?;
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
        let line = format!("{title}  {}", painted(&cell.shown, cell.tone, has_color));
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
        write(&mut shown, &["NAME", "USED"], &rows, has_color).unwrap();
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
}
