//! The wall clock and the CPU clock of this process, read together.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::failure::Failure;
use crate::protocol::Measurement;

pub(super) struct Clocks {
    wall: Instant,
    cpu: Duration,
}

impl Clocks {
    pub(super) fn start() -> Result<Self, Failure> {
        Ok(Self { cpu: cpu()?, wall: Instant::now() })
    }

    /// Returns the time that has passed, with the number of keys received.
    pub(super) fn stop(&self, checked: u64) -> Result<Measurement, Failure> {
        let wall = self.wall.elapsed();
        let cpu = cpu()?.saturating_sub(self.cpu);
        let (wall_ns, cpu_ns) = (wall.as_nanos().try_into()?, cpu.as_nanos().try_into()?);
        Ok(Measurement { wall_ns, cpu_ns, checked, ..Measurement::default() })
    }
}

/// User and system time of all threads.
fn cpu() -> Result<Duration, Failure> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}
