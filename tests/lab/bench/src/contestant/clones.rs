//! Measures the memory of a clone of the client.

use super::heap::Heap;
use crate::clients::Client;
use crate::failure::Failure;
use crate::protocol::Measurement;
use crate::statistics::float;

pub(super) fn run<C: Client>(client: &C, clones: u32) -> Result<Measurement, Failure> {
    let handle = client.handle();
    let mut kept = Vec::with_capacity(clones.try_into()?);
    let heap = Heap::watch()?;
    for _ in 0..clones {
        kept.push(handle.clone());
    }
    let figures = [
        ("heap", heap.change().live / f64::from(clones)),
        ("inline", float(size_of::<C::Handle>())),
    ];
    drop(kept);
    let figures = figures.map(|(name, figure)| (name.into(), figure)).into();
    Ok(Measurement { figures, ..Measurement::default() })
}
