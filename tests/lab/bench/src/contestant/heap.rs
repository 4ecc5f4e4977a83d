//! The counts of the counting allocator.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use crate::failure::Failure;
use crate::statistics::float;

/// Counts heap activity since [`Heap::watch`].
pub(super) struct Heap(Region<'static, std::alloc::System>);

/// The allocations, their bytes, and the bytes still allocated.
pub(super) struct Change {
    pub(super) allocations: f64,
    pub(super) bytes: f64,
    pub(super) live: f64,
}

impl Heap {
    /// Fails in the program without the counting allocator.
    pub(super) fn watch() -> Result<Self, Failure> {
        if INSTRUMENTED_SYSTEM.stats().allocations == 0 {
            return Err(Failure::new("this program has no counting allocator"));
        }
        Ok(Self(Region::new(&INSTRUMENTED_SYSTEM)))
    }

    pub(super) fn change(&self) -> Change {
        let stats = self.0.change();
        Change {
            allocations: float(stats.allocations) + float(stats.reallocations),
            bytes: float(stats.bytes_allocated),
            live: float(stats.bytes_allocated) - float(stats.bytes_deallocated),
        }
    }
}
