//! Rows as a Markdown table.

use std::io::{self, Write};

use super::{Row, Shape};

pub(super) fn write(to: &mut dyn Write, shape: &Shape, rows: &[Row]) -> io::Result<()> {
    let is_number = |column: usize| {
        rows.first().and_then(|row| row.cells.get(column)).is_some_and(|cell| cell.is_number)
    };
    writeln!(to, "| {} |", shape.columns.join(" | "))?;
    let rules: Vec<_> = (0..shape.columns.len())
        .map(|column| if is_number(column) { "---:" } else { "---" })
        .collect();
    writeln!(to, "| {} |", rules.join(" | "))?;
    for row in rows {
        let cells: Vec<_> = row.cells.iter().map(|cell| escaped(&cell.shown)).collect();
        writeln!(to, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Text that Markdown shows as it is, without links, images, HTML or a new column.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // Keeps a mention from reaching its user, and an address from becoming a link.
            '@' => shown.push_str("&#64;"),
            ':' if text.get(at..).is_some_and(|rest| rest.starts_with("://")) => {
                shown.push_str("&#58;");
            }
            '.' if shown.to_ascii_lowercase().ends_with("www") => shown.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '|' | '~' | '$' => {
                shown.extend(['\\', char]);
            }
            _ => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_name_adds_no_column_link_or_mention() {
        assert_eq!(
            escaped("a|b [x](http://y) www.z <b> @all &amp;"),
            "a\\|b \\[x\\](http&#58;//y) www&#46;z &lt;b&gt; &#64;all &amp;amp;"
        );
    }
}
