//! The rows of a CSV file. All are checked before the first request.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;
use openrouter_keys_native::{Create, Limit};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::new_key::NewKey;
use crate::{secret_input, select, text, units};

/// The most characters of a name.
const LONGEST_NAME: usize = 100;
/// How many wrong rows a message lists.
const LISTED: usize = 20;
/// What a column of limits says for none.
const NO_LIMIT: &str = "none";
const COLUMNS: [&str; 6] = ["name", "limit", "reset", "expiry", "workspace", "external_user"];

/// A key to create.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) create: Create,
    pub(crate) workspace: Option<String>,
    /// The settings as they were written, to notice that a row was changed.
    pub(crate) settings: String,
}

/// Opens a file, or standard input for `-`.
pub(crate) fn open(app: &App, path: &Path) -> Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        secret_input::require_stdin(app, "rows")?;
        return Ok(Box::new(std::io::stdin()));
    }
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::usage(format!("{} cannot be read: {error}; nothing was sent", path.display()))
    })?;
    Ok(Box::new(file))
}

/// The columns of a header line: `External user` and `external-user` are `external_user`.
pub(crate) fn header<R: Read>(csv: &mut csv::Reader<R>, known: &[&str]) -> Result<Vec<String>> {
    let header = csv.headers().map_err(|error| wrong(&problem(&error)))?;
    let names: Vec<String> = header
        .iter()
        .map(|name| {
            name.trim().trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-'], "_")
        })
        .map(|name| if name == "expires" { "expiry".to_owned() } else { name })
        .collect();
    if let [single] = names.as_slice()
        && single.contains([';', '\t'])
    {
        return Err(wrong("its columns are not separated by commas"));
    }
    let mut written = names.iter().zip(header);
    if let Some((_, unknown)) = written.find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(wrong(&format!(
            "the first line must name the columns, and \"{}\" is not one of {}",
            text::visible(unknown),
            known.join(", ")
        )));
    }
    for (number, name) in names.iter().enumerate() {
        if names.iter().take(number).any(|other| other == name) {
            return Err(wrong(&format!("the column {name} appears twice")));
        }
    }
    Ok(names)
}

/// Reads every row, or says what is wrong with each.
pub(crate) fn read(input: impl Read) -> Result<Vec<Row>> {
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let columns = header(&mut csv, &COLUMNS)?;
    for needed in ["name", "limit"] {
        if !columns.iter().any(|name| name == needed) {
            return Err(wrong(&format!("there is no column {needed}")));
        }
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut lines: HashMap<String, u64> = HashMap::new();
    for record in csv.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(problem(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match row(&columns, &record) {
            Ok(row) => match lines.insert(row.name.clone(), line) {
                Some(first) => problems.push(format!(
                    "line {line}: the name \"{}\" duplicates line {first}",
                    text::visible(&row.name)
                )),
                None => rows.push(row),
            },
            Err(problem) => problems.push(format!("line {line}: {problem}")),
        }
    }
    if !problems.is_empty() {
        return Err(several(&problems));
    }
    if rows.is_empty() {
        return Err(wrong("there is no row below the header"));
    }
    Ok(rows)
}

fn row(columns: &[String], record: &StringRecord) -> Result<Row, String> {
    let value = |wanted: &str| {
        let place = columns.iter().position(|name| name == wanted)?;
        record.get(place).filter(|value| !value.is_empty())
    };
    let name = select::new_name(value("name").unwrap_or_default())?;
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("the name has more than {LONGEST_NAME} characters"));
    }
    let limit = match value("limit") {
        None => return Err(format!("the limit is empty; for no limit write {NO_LIMIT}")),
        Some(NO_LIMIT) => Limit::unlimited(),
        Some(limit) => Limit::usd(units::amount(limit).map_err(|_| {
            format!("\"{}\" is not an amount; for no limit write {NO_LIMIT}", text::visible(limit))
        })?),
    };
    let workspace = value("workspace").map(str::to_owned);
    let reset = value("reset").filter(|reset| *reset != NO_LIMIT);
    let key = NewKey {
        limit,
        reset: reset.map(units::reset).transpose()?,
        expires: value("expiry").map(units::expiry).transpose()?,
        include_byok: None,
        workspace: workspace.clone(),
        external_user: value("external_user").map(str::to_owned),
    };
    let create = key.create(&name);
    let settings: Vec<_> = COLUMNS
        .iter()
        .skip(1)
        .filter_map(|&column| Some(format!("{column}={}", value(column)?)))
        .collect();
    Ok(Row { name, create, workspace, settings: settings.join(" ") })
}

/// What is wrong with a line, as the people who wrote it see it.
pub(super) fn problem(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "line {line}: it has {}, and the first line has {expected_len}; a value with a comma \
             needs quotes, and every quote its end",
            units::counted(usize::try_from(*len).unwrap_or(usize::MAX), "value")
        ),
        csv::ErrorKind::Utf8 { .. } => {
            format!("line {line}: it is not UTF-8; save the file as CSV with UTF-8")
        }
        _ => error.to_string(),
    }
}

fn wrong(problem: &str) -> Failure {
    Failure::usage(format!("the CSV file is wrong: {problem}; nothing was sent"))
}

fn several(problems: &[String]) -> Failure {
    let rows = if problems.len() == 1 {
        "1 row is".to_owned()
    } else {
        format!("{} rows are", problems.len())
    };
    let mut message = format!("{rows} wrong; nothing was sent:");
    for problem in problems.iter().take(LISTED) {
        message.push_str("\n  ");
        message.push_str(problem);
    }
    if problems.len() > LISTED {
        message.push_str("\n  …");
    }
    Failure::usage(message)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_columns_may_be_in_any_order() {
        let rows = read("Limit,External user,NAME\n5,u1,Ada\nnone,,\"Bob, jr\"\n".as_bytes());
        let rows = rows.unwrap();
        assert_eq!(rows[0].name, "Ada");
        assert_eq!(rows[0].settings, "limit=5 external_user=u1");
        assert_eq!(rows[1].name, "Bob, jr");
    }

    #[test]
    fn every_wrong_row_is_reported() {
        let file = "name,limit,reset,expiry\na,5,,\n,5,,\nb,,,\nc,NaN,,\nd,1,yearly,\ne,1,,soon\na,1,,\nf,1\n";
        let failure = read(file.as_bytes()).unwrap_err();
        for line in 3..=8 {
            assert!(failure.message.contains(&format!("line {line}:")), "{}", failure.message);
        }
        assert!(failure.message.starts_with("7 rows are wrong"), "{}", failure.message);
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        for file in ["ada,5\nbob,5\n", "name\nada\n", "name,limit\n", "name,name,limit\n", ""] {
            assert!(read(file.as_bytes()).is_err(), "{file}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        for (file, said) in [
            (&b"\xff\xfen\0a\0m\0e\0"[..], "line 1: it is not UTF-8"),
            (b"name,limit\nada,5\nZo\xeb,5\n", "line 3: it is not UTF-8"),
            (b"name;limit\nada;5\n", "not separated by commas"),
            (b"name\tlimit\nada\t5\n", "not separated by commas"),
            (b"name,limit\nada,5,monthly\n", "line 2: it has 3 values, and the first line has 2"),
            (b"name,limit\n\"ada,5\n", "line 2: it has 1 value, and the first line has 2"),
        ] {
            let message = read(file).unwrap_err().message;
            assert!(message.contains(said), "{message}");
        }
    }
}
