//! `GET /keys`: one page of keys, newest first.

use std::fmt;
use std::fmt::Write;

use http::Method;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::check::check_workspace_id;
use super::definition::{Idempotency, Operation};
use super::parsed::{Parsed, check_no_error, parse_some};
use super::parts::Parts;
use crate::json::{ObjectVisitor, Reader, SyntaxError};
use crate::types::{BuildError, DecodeError, DecodeErrorKind, Extra, Json, Key, deserialize};

/// The largest number of keys on a page. The API has no parameter for it.
pub const PAGE_SIZE: usize = 100;

/// In bytes; few keys are shorter on the wire. Determines how many rows to reserve space for.
const USUAL_ROW: usize = 512;

/// Lists one page of keys, newest first.
///
/// Disabled and expired keys are omitted by default. A page has at most [`PAGE_SIZE`] keys;
/// [`Client::list_all`](crate::Client::list_all) reads all pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct List {
    include_disabled: Option<bool>,
    include_expired: Option<bool>,
    offset: Option<u64>,
    workspace_id: Option<String>,
}

impl List {
    /// Lists the first page of the default workspace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether disabled keys are included.
    pub fn include_disabled(mut self, include: bool) -> Self {
        self.include_disabled = Some(include);
        self
    }

    /// Sets whether expired keys are included.
    pub fn include_expired(mut self, include: bool) -> Self {
        self.include_expired = Some(include);
        self
    }

    /// Sets how many keys to skip.
    pub fn offset(mut self, keys: u64) -> Self {
        self.offset = Some(keys);
        self
    }

    /// Sets the workspace, a UUID, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = Some(id.into());
        self
    }

    /// Includes disabled and expired keys.
    pub(crate) fn everything() -> Self {
        Self::new().include_disabled(true).include_expired(true)
    }

    pub(crate) fn starts_at(&self) -> u64 {
        self.offset.unwrap_or(0)
    }
}

impl Operation for List {
    type Output = Page;

    fn name(&self) -> &'static str {
        "list"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Safe
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        const LONGEST: usize = 128;
        let mut path = String::with_capacity(LONGEST);
        path.push_str("/keys");
        let mut separator = '?';
        // Every value is a number, a boolean or a UUID: nothing to encode.
        let mut push = |name: &str, value: &dyn fmt::Display| {
            // Writing to a string never fails.
            let _ = write!(path, "{separator}{name}={value}");
            separator = '&';
        };
        if let Some(include) = self.include_disabled {
            push("include_disabled", &include);
        }
        if let Some(include) = self.include_expired {
            push("include_expired", &include);
        }
        if let Some(offset) = self.offset {
            push("offset", &offset);
        }
        if let Some(id) = &self.workspace_id {
            check_workspace_id(id)?;
            push("workspace_id", id);
        }
        Ok(Parts::checked(Method::GET, path))
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<Page>, DecodeError> {
        let mut rows = Rows::default();
        parse_some(&mut rows, body)?;
        check_no_error(&rows.page.extra)?;
        let mut page = rows.page()?;
        page.size = Size(u64::try_from(body.len()).unwrap_or(u64::MAX));
        Ok(Parsed { output: page, envelope: Extra::default() })
    }
}

/// One page of keys.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The keys, newest first.
    pub data: Vec<Key>,
    /// Rows that are not objects, unchanged.
    pub unexpected: Vec<Json>,
    /// The fields next to `data` that this version does not know.
    pub extra: Extra,
    size: Size,
}

/// The page's size on the wire, in bytes. Ignored when pages are compared.
#[derive(Clone, Copy, Debug, Default)]
struct Size(u64);

impl PartialEq for Size {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Page {
    pub(crate) fn size(&self) -> u64 {
        self.size.0
    }
}

/// A page while it is being read.
#[derive(Default)]
struct Rows {
    page: Page,
    data: Data,
}

/// The content of `data`.
#[derive(Clone, Copy, Default)]
enum Data {
    #[default]
    Missing,
    List,
    Other,
}

impl Rows {
    fn page(self) -> Result<Page, DecodeError> {
        match self.data {
            Data::List => Ok(self.page),
            Data::Missing => Err(DecodeError::at("$.data", DecodeErrorKind::Missing)),
            Data::Other => Err(DecodeError::at("$.data", DecodeErrorKind::WrongType)),
        }
    }
}

impl ObjectVisitor for Rows {
    fn names(&self) -> &'static [&'static str] {
        &["data"]
    }

    fn field(&mut self, _: usize, reader: &mut Reader<'_>) -> Result<(), SyntaxError> {
        let Page { data, unexpected, .. } = &mut self.page;
        data.clear();
        unexpected.clear();
        if !reader.begins(b'[') {
            self.data = Data::Other;
            return reader.json().map(drop);
        }
        self.data = Data::List;
        data.reserve(reader.left().div_euclid(USUAL_ROW).min(PAGE_SIZE));
        reader.list(|reader| {
            if reader.begins(b'{') {
                // Read in place: a row is half a kilobyte.
                data.push(Key::default());
                data.last_mut().map_or(Ok(()), |key| reader.object(key))?;
            } else {
                unexpected.push(reader.json()?);
            }
            Ok(())
        })
    }

    fn unknown(&mut self, name: String, raw: &str) {
        self.page.extra.push(name, Json::received(raw));
    }
}

/// As the server sent it, except that unreadable rows come last.
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("data", &WrittenRows(self))?;
        for (name, json) in self.extra.iter() {
            map.serialize_entry(name, json)?;
        }
        map.end()
    }
}

struct WrittenRows<'a>(&'a Page);

impl Serialize for WrittenRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        enum Row<'a> {
            Key(&'a Key),
            Unexpected(&'a Json),
        }
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Key(key) => key.serialize(serializer),
                    Self::Unexpected(json) => json.serialize(serializer),
                }
            }
        }
        serializer.collect_seq(
            self.0.data.iter().map(Row::Key).chain(self.0.unexpected.iter().map(Row::Unexpected)),
        )
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize::<D, Rows>(deserializer)?.page().map_err(D::Error::custom)
    }
}
