//! What the allocator that counts has counted.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use crate::failure::Failure;
use crate::statistics::float;

/// What happened on the heap since a moment.
pub(super) struct Heap(Region<'static, std::alloc::System>);

/// It happened so often, was so much, and so much of it is still there.
pub(super) struct Change {
    pub(super) allocations: f64,
    pub(super) bytes: f64,
    pub(super) live: f64,
}

impl Heap {
    /// Fails in the program whose allocator does not count.
    pub(super) fn watch() -> Result<Self, Failure> {
        if INSTRUMENTED_SYSTEM.stats().allocations == 0 {
            return Err(Failure::new("this program does not count what it allocates"));
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
