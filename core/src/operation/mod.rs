//! What the API can do: each operation as data, with its request and its response.
//!
//! Uses: `types`, `redact`, `json`.

mod any;
mod create;
mod definition;
mod delete;
mod get;
mod get_current_key_metadata;
mod list;
mod parts;
mod request;
mod salvage;
mod update;

pub(crate) use any::OneOfSix;
pub use any::{AnyOperation, AnyOutput};
pub use create::{Create, Created, External};
pub(crate) use definition::parse_into;
pub use definition::{Operation, Orphan, Parsed, Replay};
pub use delete::{Delete, Deleted};
pub use get::Get;
pub use get_current_key_metadata::GetCurrentKeyMetadata;
pub use list::{List, PAGE_SIZE, Page};
pub use parts::Parts;
pub use request::ApiRequest;
pub use update::Update;
