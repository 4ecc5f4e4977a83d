//! The API's operations as data: their requests, and how their responses are read.
//!
//! Uses: `types`, `redact`, `json`.

mod any;
mod check;
mod create;
mod definition;
mod delete;
mod get;
mod get_current_key_metadata;
mod list;
mod parsed;
mod parts;
mod request;
mod salvage;
mod update;

pub(crate) use any::OneOfSix;
pub use any::{AnyOperation, AnyOutput};
pub use create::{Create, Created, External};
pub use definition::{Idempotency, Operation, Orphan};
pub use delete::{Delete, Deleted};
pub use get::Get;
pub use get_current_key_metadata::GetCurrentKeyMetadata;
pub use list::{List, PAGE_SIZE, Page};
pub use parsed::Parsed;
pub(crate) use parsed::parse_into;
pub use parts::Parts;
pub use request::ApiRequest;
pub use update::Update;
