//! Expands the tables of wire vectors, which `tests/vectors/README.md` describes. It depends
//! only on JSON, because xtask compiles this file too.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Values by name. Anything that refers to a column without a cell is left out.
type Cells = BTreeMap<String, Option<Value>>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    everywhere: Cells,
    operations: BTreeMap<String, Cells>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Axes {
    Product(Map<String, Value>),
    Union(Vec<Map<String, Value>>),
}

/// Returns the vectors of a file, using the values of `shared/values.json`.
///
/// # Errors
///
/// If a file does not follow the format, or a table's column is unused or unknown.
pub fn expand(file: &str, shared: &str) -> Result<Vec<Value>, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let shared: Shared = serde_json::from_str(shared).map_err(wrong)?;
    let entries: Vec<Map<String, Value>> = serde_json::from_str(file).map_err(wrong)?;
    let mut vectors = Vec::new();
    for mut template in entries {
        let products = match template.remove("for") {
            None => {
                vectors.push(vector(&template, &Cells::new(), Cells::new(), &shared)?);
                continue;
            }
            Some(axes) => match serde_json::from_value(axes).map_err(wrong)? {
                Axes::Product(axes) => vec![axes],
                Axes::Union(products) => products,
            },
        };
        let columns = products.iter().flat_map(Map::keys).flat_map(|axis| axis.split(' '));
        let empty: Cells = columns.map(|column| (column.to_owned(), None)).collect();
        let used = format!("{template:?} {products:?}");
        if let Some(idle) = empty.keys().find(|column| !names(&used, column)) {
            return Err(format!("unused column {idle} in {template:?}"));
        }
        for axes in &products {
            for row in rows(axes)? {
                vectors.push(vector(&template, &empty, row, &shared)?);
            }
        }
    }
    Ok(vectors)
}

fn names(text: &str, column: &str) -> bool {
    text.contains(&format!("\"${column}\"")) || text.contains(&format!("{{{column}}}"))
}

/// A name used in the template that nothing defines.
fn unknown<'a>(value: &'a Value, cells: &Cells) -> Option<&'a str> {
    let is_unknown = |name: &&str| {
        let is_name = |byte: u8| byte == b'_' || byte.is_ascii_lowercase();
        !name.is_empty() && name.bytes().all(is_name) && !cells.contains_key(*name)
    };
    match value {
        Value::String(text) => {
            let parts = text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            parts.chain(text.strip_prefix('$')).find(is_unknown)
        }
        Value::Array(items) => items.iter().find_map(|item| unknown(item, cells)),
        Value::Object(members) => members.values().find_map(|item| unknown(item, cells)),
        _ => None,
    }
}

/// Every combination of a row of each axis.
fn rows(axes: &Map<String, Value>) -> Result<Vec<Cells>, String> {
    let mut rows = vec![Cells::new()];
    for (columns, cells) in axes {
        let cells = cells.as_array().ok_or_else(|| format!("{columns} is not a list"))?;
        let more = cells.iter().map(|cells| row(columns, cells)).collect::<Result<Vec<_>, _>>()?;
        rows = rows
            .iter()
            .flat_map(|row| {
                more.iter().map(|more| row.clone().into_iter().chain(more.clone()).collect())
            })
            .collect();
    }
    Ok(rows)
}

fn row(columns: &str, cells: &Value) -> Result<Cells, String> {
    let columns: Vec<&str> = columns.split(' ').collect();
    let cells = match (columns.as_slice(), cells) {
        ([_], cell) => std::slice::from_ref(cell),
        (columns, Value::Array(cells)) if cells.len() <= columns.len() => cells,
        _ => return Err(format!("{cells} is not a row of {columns:?}")),
    };
    let columns = columns.into_iter().map(str::to_owned);
    Ok(columns.zip(cells.iter().cloned().map(Some)).collect())
}

fn vector(
    template: &Map<String, Value>,
    empty: &Cells,
    row: Cells,
    shared: &Shared,
) -> Result<Value, String> {
    let operation = template.get("operation").and_then(|value| filled(value, &row));
    let values = operation.as_ref().and_then(|name| shared.operations.get(name.as_str()?));
    let values = values.ok_or_else(|| format!("no operation {operation:?} in {template:?}"))?;
    let mut cells = empty.clone();
    cells.extend(shared.everywhere.clone());
    cells.extend(values.clone());
    cells.extend(row);
    if let Some(name) = template.values().find_map(|value| unknown(value, &cells)) {
        return Err(format!("no column or value {name} for {template:?}"));
    }
    let mut vector = filled_members(template, &cells);
    if let (None, Some(Some(usual))) = (vector.get("arguments"), values.get("arguments")) {
        vector.insert("arguments".to_owned(), usual.clone());
    }
    Ok(Value::Object(vector))
}

/// The value with the cells filled in; anything that refers to an empty cell is left out.
fn filled(value: &Value, cells: &Cells) -> Option<Value> {
    Some(match value {
        Value::String(text) => match text.strip_prefix('$').and_then(|name| cells.get(name)) {
            Some(cell) => return filled(cell.as_ref()?, cells),
            None => Value::String(filled_text(text, cells)),
        },
        Value::Array(items) => items.iter().filter_map(|item| filled(item, cells)).collect(),
        Value::Object(members) => Value::Object(filled_members(members, cells)),
        other => other.clone(),
    })
}

fn filled_members(members: &Map<String, Value>, cells: &Cells) -> Map<String, Value> {
    let filled = members.iter().map(|(name, value)| Some((name.clone(), filled(value, cells)?)));
    filled.flatten().collect()
}

fn filled_text(text: &str, cells: &Cells) -> String {
    cells.iter().fold(text.to_owned(), |text, (name, cell)| match cell {
        Some(Value::String(cell)) => text.replace(&format!("{{{name}}}"), cell),
        Some(cell) => text.replace(&format!("{{{name}}}"), &cell.to_string()),
        None => text,
    })
}
