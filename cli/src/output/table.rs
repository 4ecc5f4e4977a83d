//! Rows as an aligned table, or as lines of tab-separated values.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::cell::Cell;
use super::{Row, Tone};
use crate::text;

const BETWEEN: &str = "  ";
/// The first column, which has names, is made no narrower.
const NARROWEST: usize = 12;
/// A wider column has sentences, which may go on in the next line.
const WIDEST_VALUE: usize = 16;

struct Column<'a> {
    title: &'a str,
    width: usize,
    is_number: bool,
}

/// Pads by hand: a table library would count the codes of colours as characters. Returns the
/// columns that do not fit a terminal of this width.
pub(super) fn write<'a>(
    to: &mut dyn Write,
    titles: &[&'a str],
    rows: &[Row],
    has_color: bool,
    most: Option<usize>,
) -> io::Result<Vec<&'a str>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let column = |(at, title): (usize, &&'a str)| {
        let cells = rows.iter().filter_map(|row| row.cells.get(at));
        let width = cells.clone().map(|cell| cell.shown.width()).max().unwrap_or_default();
        let is_number = cells.clone().any(|cell| cell.is_number);
        Column { title, width: width.max(title.width()), is_number }
    };
    let mut columns: Vec<_> = titles.iter().enumerate().map(column).collect();
    let hidden = most.map(|most| fit(&mut columns, most)).unwrap_or_default();
    let line = |cells: &mut dyn Iterator<Item = (&str, Tone)>| {
        let cells = cells.zip(&columns).map(|((text, tone), column)| {
            let text = text::cut_to_width(text, column.width);
            let padding = " ".repeat(column.width.saturating_sub(text.width()));
            let text = painted(&text, tone, has_color);
            if column.is_number { format!("{padding}{text}") } else { format!("{text}{padding}") }
        });
        cells.collect::<Vec<_>>().join(BETWEEN)
    };
    let head = line(&mut columns.iter().map(|column| (column.title, Tone::Dim)));
    writeln!(to, "{}", head.trim_end())?;
    for row in rows {
        let row = line(&mut row.cells.iter().map(|cell| (cell.shown.as_str(), cell.tone)));
        writeln!(to, "{}", row.trim_end())?;
    }
    Ok(hidden)
}

/// Makes the first column narrower, and takes columns of values from the end, until the rest
/// fits.
fn fit<'a>(columns: &mut Vec<Column<'a>>, most: usize) -> Vec<&'a str> {
    let rest = |columns: &[Column<'_>]| -> usize {
        columns.iter().skip(1).map(|column| column.width.saturating_add(BETWEEN.len())).sum()
    };
    let narrow = columns.first().map_or(0, |first| first.width.min(NARROWEST));
    let mut hidden = Vec::new();
    while narrow.saturating_add(rest(columns)) > most
        && let Some(last) = columns.pop_if(|last| last.width <= WIDEST_VALUE)
    {
        hidden.push(last.title);
    }
    hidden.reverse();
    let left = most.saturating_sub(rest(columns)).max(narrow);
    if let Some(first) = columns.first_mut() {
        first.width = first.width.min(left);
    }
    hidden
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
    use unicode_width::UnicodeWidthStr as _;

    use super::write;
    use crate::output::{Cell, Object, Row, Tone};

    fn shown(has_color: bool) -> String {
        fitted(has_color, None).0
    }

    fn fitted(has_color: bool, most: Option<usize>) -> (String, Vec<&'static str>) {
        let row = |name: &str, amount: &str| Row {
            cells: vec![Cell::text(name).tone(Tone::Bad), Cell::text(amount).number()],
            object: Object::default(),
        };
        let rows = [row("東京", "1"), row("a", "10.50"), row("", "")];
        let mut shown = Vec::new();
        let hidden = write(&mut shown, &["NAME", "USED"], &rows, has_color, most).unwrap();
        (String::from_utf8(shown).unwrap(), hidden)
    }

    #[test]
    fn a_narrow_terminal_gets_fewer_columns_and_is_told() {
        let row = |name: &str, about: &str| Row {
            cells: vec![Cell::text(name), Cell::text("active"), Cell::text(about)],
            object: Object::default(),
        };
        let table = |about: &str, most| {
            let rows = [row("東京 and a long name", about), row("b", "")];
            let (mut shown, titles) = (Vec::new(), ["NAME", "STATE", "ABOUT"]);
            let hidden = write(&mut shown, &titles, &rows, false, Some(most)).unwrap();
            (String::from_utf8(shown).unwrap(), hidden)
        };
        let narrow = "NAME            STATE\n東京 and a lo…  active\nb               active\n";
        assert_eq!(table("value", 22), (narrow.to_owned(), vec!["ABOUT"]));
        let (shown, hidden) = table("value", 30);
        assert!(shown.lines().all(|line| line.width() <= 30), "{shown}");
        assert!(shown.contains("value") && hidden.is_empty(), "{shown}");
        // A sentence goes on in the next line.
        let (shown, hidden) = table("a sentence that says what to do", 30);
        assert!(shown.contains("what to do") && hidden.is_empty(), "{shown}");
        let (shown, _) = table("", 1);
        assert!(shown.starts_with("NAME\n"), "{shown}");
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
