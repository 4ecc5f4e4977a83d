//! What JSON says by a table of the documented fields: plain nodes, from which
//! the types of the answers take theirs.
//!
//! A reader for each type of field would be compiled once for each. Nothing is
//! lost on the way: what is not of the documented type, and what is not
//! documented, is kept as JSON.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::field::write_number;
use crate::json::{Extra, Json};
use crate::reader::Reader;

/// The documented fields of an object.
pub type Fields = &'static [(&'static str, Kind)];

/// What JSON a field takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// Any number.
    Number,
    /// A whole number.
    Whole,
    /// A string.
    Text,
    /// Anything, kept as it came.
    Any,
    /// An array of values of one kind.
    List(&'static Kind),
    /// An object.
    Object(Fields),
}

/// One JSON value, read.
pub enum Node {
    /// JSON `null`.
    Null,
    /// Another kind of value than the documented one, as it came.
    Odd(Json),
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// A string.
    Text(String),
    /// An array; its values may be odd or null.
    List(Vec<Node>),
    /// An object.
    Object(ObjectNode),
}

/// An object, read.
#[derive(Default)]
pub struct ObjectNode {
    /// The documented fields that are there, by their places in the table, in
    /// the order in which they came.
    pub fields: Vec<(usize, Node)>,
    /// The fields that are not documented.
    pub extra: Extra,
}

impl ObjectNode {
    /// Takes the field of this place out, the last one if it is repeated.
    pub(crate) fn take(&mut self, place: usize) -> Option<Node> {
        let at = self.fields.iter().rposition(|(there, _)| *there == place)?;
        Some(self.fields.swap_remove(at).1)
    }
}

/// Reads an object by the table from a JSON text that another reader delivers.
pub(crate) fn read_object<'de, D: Deserializer<'de>>(
    fields: Fields,
    deserializer: D,
) -> Result<ObjectNode, D::Error> {
    let json = Json::deserialize(deserializer)?;
    let mut object = ObjectNode::default();
    Reader::new(json.as_str()).object(fields, &mut object).map_err(D::Error::custom)?;
    Ok(object)
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Reader::new(json.as_str()).value(self).map_err(D::Error::custom)
    }
}

/// What a field turned out not to take, as JSON again; the kind says the names of
/// the fields of an object.
pub(crate) fn odd_json(node: Node, kind: Kind) -> Json {
    match node {
        Node::Odd(json) => json,
        other => {
            let mut text = String::new();
            write(&other, kind, &mut text);
            Json::trusted(text)
        }
    }
}

fn write(node: &Node, kind: Kind, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Odd(json) => out.push_str(json.as_str()),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Number(value) => out.push_str(&written(&Number(*value))),
        Node::Whole(value) => out.push_str(&written(value)),
        Node::Text(value) => out.push_str(&written(value)),
        Node::List(items) => {
            let kind = if let Kind::List(kind) = kind { *kind } else { Kind::Any };
            for (at, item) in items.iter().enumerate() {
                out.push(if at == 0 { '[' } else { ',' });
                write(item, kind, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Node::Object(object) => write_object(object, kind, out),
    }
}

fn write_object(object: &ObjectNode, kind: Kind, out: &mut String) {
    let fields = if let Kind::Object(fields) = kind { fields } else { &[] };
    out.push('{');
    for (place, node) in &object.fields {
        if let Some((name, kind)) = fields.get(*place) {
            write_name(name, out);
            write(node, *kind, out);
        }
    }
    for (name, json) in object.extra.iter() {
        write_name(name, out);
        out.push_str(json.as_str());
    }
    out.push('}');
}

fn write_name(name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push_str(&written(name));
    out.push(':');
}

/// A value as JSON.
pub(crate) fn written<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(self.0, serializer)
    }
}
