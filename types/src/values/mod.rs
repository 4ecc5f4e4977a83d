//! The values of requests and responses, and the errors for values that are refused or unreadable.
//!
//! Uses: `redact`, `json`.

mod build_error;
mod current_key;
mod decode_error;
mod field;
#[doc(hidden)]
pub mod flat;
mod json;
mod key;
mod key_hash;
mod key_kind;
mod limit;
mod macros;
mod read_field;
mod secret;
mod timestamp;
mod value_ref;

pub use build_error::{BuildError, BuildErrorKind};
pub use current_key::{
    Budget, BudgetScope, CurrentKey, DataRegion, FreeModelRequests, RateLimitNote,
};
pub use decode_error::{DecodeError, DecodeErrorKind};
pub use field::{Field, FieldValue};
pub use json::{Extra, Json};
pub use key::Key;
pub use key_hash::KeyHash;
pub use key_kind::KeyKind;
pub use limit::{Limit, LimitReset};
pub use secret::{ApiKey, Secret};
pub use timestamp::Timestamp;
pub use value_ref::{Object, ValueRef};
#[doc(hidden)]
pub use {
    key_hash::GivenHash,
    read_field::deserialize,
    secret::wipe,
    value_ref::{fingerprint, write_object},
};
