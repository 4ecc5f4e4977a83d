//! The values of requests and responses, and the errors for values that are refused or unreadable.
//!
//! They are from the crate `openrouter-keys-types`.

pub(crate) use openrouter_keys_types::object;
pub use openrouter_keys_types::values::{
    ApiKey, Budget, BudgetScope, BuildError, BuildErrorKind, CurrentKey, DataRegion, DecodeError,
    DecodeErrorKind, Extra, Field, FieldValue, FreeModelRequests, Json, Key, KeyHash, KeyKind,
    Limit, LimitReset, Object, RateLimitNote, Secret, Timestamp, ValueRef,
};
pub(crate) use openrouter_keys_types::values::{GivenHash, deserialize, fingerprint, wipe};
