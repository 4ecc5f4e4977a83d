//! A delivery for the tests of sinks.

use openrouter_keys_core::workflow::Delivery;

/// The delivery of a key with the name `ada`.
pub(super) fn test_delivery(hash: &str, replaces: &str, fence: u64) -> Delivery {
    let mut key = Delivery::new("ada");
    hash.clone_into(&mut key.hash);
    replaces.clone_into(&mut key.replaces);
    key.fence = fence;
    key
}
