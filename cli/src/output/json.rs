//! Results for programs: JSON, what a jq expression makes of it, and CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read, write};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Row;
use crate::failure::{Failure, Result};
use crate::text;

/// A JSON object whose fields keep their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object(Vec<(String, Value)>);

impl Object {
    /// The fields of a serializable value, in the order of `fields`, and then any others.
    pub(crate) fn of(value: &impl Serialize, fields: &[&str]) -> Self {
        let Ok(Value::Object(mut map)) = serde_json::to_value(value) else {
            return Self::default();
        };
        let mut object = Self::default();
        for &field in fields {
            if let Some(value) = map.remove(field) {
                object.push(field, value);
            }
        }
        for (field, value) in map {
            object.push(&text::masked(&field), value);
        }
        object
    }

    pub(crate) fn push(&mut self, field: &str, value: impl Into<Value>) {
        self.0.push((field.to_owned(), masked(value.into())));
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.push(field, value);
        self
    }

    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }
}

/// The value without keys that a response repeats.
fn masked(value: Value) -> Value {
    match value {
        Value::String(string) => match text::masked(&string) {
            Cow::Borrowed(_) => Value::String(string),
            Cow::Owned(masked) => Value::String(masked),
        },
        Value::Array(values) => values.into_iter().map(masked).collect(),
        Value::Object(map) => {
            let fields = map.into_iter();
            fields.map(|(name, value)| (text::masked(&name).into_owned(), masked(value))).collect()
        }
        other => other,
    }
}

/// An object, with all its fields or only those named, in their order.
struct Picked<'a> {
    object: &'a Object,
    fields: &'a [String],
}

impl Serialize for Picked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.fields.is_empty() {
            for (name, value) in &self.object.0 {
                map.serialize_entry(name, value)?;
            }
        }
        for name in self.fields {
            map.serialize_entry(name, &self.object.get(name))?;
        }
        map.end()
    }
}

pub(super) fn write_array(to: &mut dyn Write, fields: &[String], rows: &[Row]) -> io::Result<()> {
    to.write_all(&array(fields, rows)?)?;
    writeln!(to)
}

pub(super) fn array(fields: &[String], rows: &[Row]) -> io::Result<Vec<u8>> {
    let rows: Vec<_> = rows.iter().map(|row| Picked { object: &row.object, fields }).collect();
    escaped(&rows)
}

pub(super) fn write_object(
    to: &mut dyn Write,
    fields: &[String],
    object: &Object,
) -> io::Result<()> {
    to.write_all(&self::object(fields, object)?)?;
    writeln!(to)
}

pub(super) fn object(fields: &[String], object: &Object) -> io::Result<Vec<u8>> {
    escaped(&Picked { object, fields })
}

/// The JSON of a value, which a terminal shows and does not obey.
fn escaped(value: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(text::escaped_json(&serde_json::to_string_pretty(value)?).into_bytes())
}

/// A header line and one line for each row. Text that a spreadsheet would take for a formula
/// gets a quote in front.
pub(super) fn write_csv(to: &mut dyn Write, fields: &[&str], rows: &[Row]) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(fields).map_err(as_io)?;
    for row in rows {
        let values = fields.iter().map(|field| match row.object.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => without_formula(&text::visible(text)),
            Some(value) => value.to_string(),
        });
        csv.write_record(values).map_err(as_io)?;
    }
    csv.flush()
}

/// The error of the writer, which tells a reader that has gone from other failures.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

pub(crate) fn without_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// What jq has beyond values: the environment has the management key, standard error would get
/// names that a terminal obeys, and an end of the program would look like success.
const WITHHELD: &str = r#"
    def withheld: error("env, stderr and halt are not available here");
    def env: withheld;
    def stderr: withheld;
    def stderr_empty: withheld;
    def halt: withheld;
    def halt($code): withheld;
    def halt_error: withheld;
    def halt_error($code): withheld;
"#;

/// A jq expression, compiled before anything is sent.
pub(super) struct Filter {
    filter: jaq_core::compile::Filter<jaq_core::Native<data::JustLut<Val>>>,
    pub(super) fields: Vec<String>,
}

impl Filter {
    pub(super) fn new(code: &str, fields: Vec<String>) -> Result<Self> {
        let wrong = || {
            Failure::usage(format!(
                "\"{}\" is not a valid jq expression; nothing was sent",
                text::visible(code)
            ))
        };
        let withheld = load::parse(WITHHELD, |parser| parser.defs()).unwrap_or_default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(withheld);
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules =
            Loader::new(defs).load(&arena, File { code, path: () }).map_err(|_| wrong())?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|_| wrong())?;
        Ok(Self { filter, fields })
    }

    /// Writes each result on a line; a string without its quotes, as `jq -r` does, but with
    /// escapes for what a terminal would obey.
    pub(super) fn write(&self, to: &mut dyn Write, json: &[u8]) -> io::Result<()> {
        let input =
            read::parse_single(json).map_err(|error| io::Error::other(error.to_string()))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        for result in self.filter.id.run((context, input)).map(unwrap_valr) {
            let value = result.map_err(|error| io::Error::other(format!("jq: {error}")))?;
            let shown = if let Val::TStr(text) = &value {
                text::visible_lines(&String::from_utf8_lossy(text))
            } else {
                let mut json = Vec::new();
                write::write(&mut json, &write::Pp::default(), 0, &value)?;
                text::escaped_json(&String::from_utf8_lossy(&json))
            };
            writeln!(to, "{shown}")?;
        }
        Ok(())
    }
}
