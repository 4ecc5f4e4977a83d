//! The emulator's only account.

/// The workspace of keys created without one.
pub const DEFAULT_WORKSPACE: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// The creator of keys created without one.
pub(crate) const USER: &str = "user_emulator";

/// An organisation, because `creator_user_id` means something only for organisations.
pub(crate) const ORGANIZATION: &str = "org_emulator";
