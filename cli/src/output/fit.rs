//! The columns of a table in the width of a terminal: a long name is cut, less important columns
//! are left out, and long text is wrapped within its column.

use unicode_width::UnicodeWidthStr;

use super::Row;

/// Columns dropped first when the table does not fit, in this order; then the others, from the last.
const LEFT_OUT: [&str; 9] =
    ["RESETS", "EXPIRES", "LAST USED", "HASH", "KEYS", "TODAY", "WEEK", "LIMIT", "USED"];
/// A wider column of text is wrapped before another one is left out.
const WRAPPED: usize = 20;
/// A name is cut to these widths: before text is wrapped, before a column is left out, and after.
const LONG_NAME: usize = 24;
const NAME: usize = 16;
const SHORT_NAME: usize = 8;
/// The widest name if the width of the terminal is not known.
const LONGEST_NAME: usize = 40;
/// The spaces between two columns.
pub(super) const BETWEEN: usize = 2;

#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its place in the rows.
    pub(super) at: usize,
    pub(super) title: &'static str,
    pub(super) width: usize,
    pub(super) is_number: bool,
    /// The least width: that of the longest word, which is never broken.
    least: usize,
}

impl Column {
    pub(super) fn all(titles: &[&'static str], rows: &[Row]) -> Vec<Self> {
        let column = |(at, title): (usize, &&'static str)| {
            let cells = rows.iter().filter_map(move |row| row.cells.get(at));
            let width = cells.clone().map(|cell| cell.shown.width()).max().unwrap_or_default();
            let words = cells.clone().flat_map(|cell| cell.shown.split(' '));
            let word = words.map(UnicodeWidthStr::width).max().unwrap_or_default();
            let width = width.max(title.width());
            let is_number = cells.clone().any(|cell| cell.is_number);
            let can_wrap = at != 0 && !is_number && width > WRAPPED;
            let least = if can_wrap { word.max(WRAPPED).max(title.width()) } else { width };
            Self { at, title, width, is_number, least }
        };
        titles.iter().enumerate().map(column).collect()
    }
}

/// The columns with the widths that they have in this room, and the titles of those left out.
pub(super) fn fit(
    mut columns: Vec<Column>,
    room: Option<usize>,
) -> (Vec<Column>, Vec<&'static str>) {
    let mut left_out = Vec::new();
    let Some(room) = room else {
        if let Some(name) = columns.first_mut() {
            name.width = name.width.min(LONGEST_NAME);
        }
        return (columns, left_out);
    };
    if needed(&columns, |column| column.width) <= room {
        return (columns, left_out);
    }
    let too_wide = needed(&columns, |column| column.width).saturating_sub(room);
    cut(&mut columns, too_wide, LONG_NAME);
    for title in LEFT_OUT {
        if missing(&columns, room) <= spare(&columns, NAME) {
            break;
        }
        let found = columns.iter().position(|column| column.title == title);
        if let Some(at) = found.filter(|at| *at != 0) {
            left_out.push(columns.remove(at).title);
        }
    }
    while missing(&columns, room) > spare(&columns, SHORT_NAME)
        && let Some(at) = columns.iter().rposition(|column| column.width <= WRAPPED)
        && at != 0
    {
        left_out.push(columns.remove(at).title);
    }
    let too_wide = missing(&columns, room);
    cut(&mut columns, too_wide, SHORT_NAME);
    let mut more = room.saturating_sub(needed(&columns, |column| column.least));
    // The last column may have commands to copy.
    for column in columns.iter_mut().rev() {
        let wanted = column.width.saturating_sub(column.least);
        column.width = column.least.saturating_add(wanted.min(more));
        more = more.saturating_sub(wanted);
    }
    (columns, left_out)
}

/// Makes the name so much narrower, but not more than to the shortest width.
fn cut(columns: &mut [Column], by: usize, shortest: usize) {
    let by = by.min(spare(columns, shortest));
    if let Some(name) = columns.first_mut() {
        name.width = name.width.saturating_sub(by);
        name.least = name.width;
    }
}

fn needed(columns: &[Column], width: impl Fn(&Column) -> usize) -> usize {
    let between = columns.len().saturating_sub(1).saturating_mul(BETWEEN);
    columns.iter().map(width).sum::<usize>().saturating_add(between)
}

fn missing(columns: &[Column], room: usize) -> usize {
    needed(columns, |column| column.least).saturating_sub(room)
}

/// How much the name is longer than this.
fn spare(columns: &[Column], shortest: usize) -> usize {
    let name = columns.first().filter(|column| !column.is_number);
    name.map_or(0, |name| name.width.saturating_sub(shortest))
}

/// The lines of a text in this width. A longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = line.width().saturating_add(1).saturating_add(word.width());
        if !line.is_empty() && longer > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::{Column, fit, wrapped};
    use crate::output::{Cell, Object, Row};

    /// The widths in this room, and what is left out.
    fn fitted(room: usize) -> (Vec<usize>, Vec<&'static str>) {
        let cells =
            ["former contractor", "31be84c3b1b6", "150 d ago", "disabled, unchanged for ever"];
        let cells = cells.map(Cell::text).to_vec();
        let rows = [Row { cells, object: Object::default() }];
        let titles = ["NAME", "HASH", "LAST USED", "FINDINGS"];
        let (columns, left_out) = fit(Column::all(&titles, &rows), Some(room));
        (columns.iter().map(|column| column.width).collect(), left_out)
    }

    #[test]
    fn text_is_wrapped_then_columns_are_left_out_then_the_name_is_cut() {
        assert_eq!(fitted(72), (vec![17, 12, 9, 28], vec![]));
        assert_eq!(fitted(66), (vec![17, 12, 9, 22], vec![]));
        assert_eq!(fitted(63), (vec![16, 12, 9, 20], vec![]));
        assert_eq!(fitted(60), (vec![17, 12, 27], vec!["LAST USED"]));
        assert_eq!(fitted(40), (vec![17, 21], vec!["LAST USED", "HASH"]));
        assert_eq!(fitted(10), (vec![8, 20], vec!["LAST USED", "HASH"]));
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("abcdef g", 4), ["abcdef", "g"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
