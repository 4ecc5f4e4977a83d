//! The one account that the emulator keeps keys for.

/// The workspace of keys for which none was named.
pub const DEFAULT_WORKSPACE: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// The creator of keys for which none was named.
pub(crate) const USER: &str = "user_emulator";

/// An organisation, because only for organisations does `creator_user_id` mean anything.
pub(crate) const ORGANIZATION: &str = "org_emulator";
