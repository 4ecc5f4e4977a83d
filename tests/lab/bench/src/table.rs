//! Markdown tables with aligned columns.

use std::fmt::Display;

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) caption: String,
    heads: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Figures(Vec<String>),
    /// A name, and text instead of figures.
    Words([String; 2]),
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|&head| head.into()).collect();
        Self { caption: caption.into(), heads, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(Row::Figures(cells.into_iter().collect()));
    }

    pub(crate) fn not_measured(&mut self, name: impl Into<String>, why: impl Display) {
        self.rows.push(Row::Words([name.into(), format!("not measured: {why}")]));
    }

    /// Formats the table, with names aligned left and figures right.
    pub(crate) fn markdown(&self) -> String {
        let columns: Vec<_> = (0..self.heads.len()).map(|at| self.column(at)).collect();
        let dashes: Vec<_> = columns.iter().map(Column::dashes).collect();
        let mut text = line(&self.heads, &columns) + &line(&dashes, &columns);
        for row in &self.rows {
            text.push_str(&match row {
                Row::Figures(cells) => line(cells, &columns),
                // The text may be wider than its column.
                Row::Words(cells) => line(cells, columns.get(..1).unwrap_or_default()),
            });
        }
        text
    }

    fn column(&self, at: usize) -> Column {
        let cells = || {
            self.rows.iter().filter_map(move |row| match row {
                Row::Figures(cells) => cells.get(at),
                Row::Words(cells) => cells.get(at).filter(|_| at == 0),
            })
        };
        let widths = cells().chain(self.heads.get(at)).map(|cell| cell.chars().count());
        Column {
            width: widths.max().unwrap_or_default().max(3),
            of_names: at == 0 || cells().any(|cell| cell.starts_with(char::is_alphabetic)),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Column {
    /// At least three, the minimum number of dashes.
    width: usize,
    of_names: bool,
}

impl Column {
    fn dashes(&self) -> String {
        let dashes = "-".repeat(self.width.saturating_sub(1));
        format!("{dashes}{}", if self.of_names { '-' } else { ':' })
    }
}

fn line(cells: &[String], columns: &[Column]) -> String {
    let mut line = String::from("|");
    for (at, cell) in cells.iter().enumerate() {
        let cell = cell.replace('|', "\\|");
        let Column { width, of_names } = columns.get(at).copied().unwrap_or_default();
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        let (before, after) = if of_names { ("", &*padding) } else { (&*padding, "") };
        line.extend([" ", before, &cell, after, " |"]);
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new("", &["protocol", "client", "µs"]);
        table.row(["HTTP/1.1".into(), "ours".into(), "1.23".into()]);
        table.row(["HTTP/2".into(), "another".into(), "12,345".into()]);
        table.not_measured("none", "it does not exist");
        assert_eq!(
            table.markdown(),
            "\
| protocol | client  |     µs |
| -------- | ------- | -----: |
| HTTP/1.1 | ours    |   1.23 |
| HTTP/2   | another | 12,345 |
| none     | not measured: it does not exist |
"
        );
    }
}
