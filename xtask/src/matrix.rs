//! Parses `docs/fault-matrix.md`: its rows and the tests each names.

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: usize,
    /// What carries its tests' calls, according to the page.
    pub(crate) through: String,
    pub(crate) proofs: Vec<Proof>,
}

/// A test: its file and its name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// The rows, in order.
pub(crate) fn rows(page: &str) -> Vec<Row> {
    page.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let [number, _, _, through, proved_by] = cells[..] else { return None };
    let (number, through) = (number.parse().ok()?, through.to_owned());
    Some(Row { number, through, proofs: proofs(proved_by) })
}

/// ``  `file`: `name`, `name`; `file`: `name`  ``
fn proofs(cell: &str) -> Vec<Proof> {
    let mut proofs = Vec::new();
    let mut file = "";
    // Every second part is between backticks.
    let parts: Vec<&str> = cell.split('`').collect();
    for pair in parts.get(1..).unwrap_or_default().chunks(2) {
        match *pair {
            [quoted, ": "] => file = quoted,
            [name, ..] => proofs.push(Proof { file: file.to_owned(), name: name.to_owned() }),
            [] => {}
        }
    }
    proofs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(file: &str, name: &str) -> Proof {
        Proof { file: file.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_row_names_tests_of_several_files() {
        let page = "| # | what | happens | through | proved by |\n| --- | --- | --- | --- | --- |\n\
            | 7 | a `body`; b | c | core, Node | `a.rs`: `x`, `y`; `b.json`: `of two, the larger` |\n";
        let proofs =
            vec![proof("a.rs", "x"), proof("a.rs", "y"), proof("b.json", "of two, the larger")];
        assert_eq!(rows(page), [Row { number: 7, through: "core, Node".to_owned(), proofs }]);
    }

    #[test]
    fn a_row_without_a_test_has_none() {
        let row = Row { number: 1, through: "all".to_owned(), proofs: vec![] };
        assert_eq!(rows("| 1 | a | b | all | nothing yet |"), [row]);
    }
}
