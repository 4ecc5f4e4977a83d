//! One machine's part of the keys.

use openrouter_keys_core::KeyHash;

/// The keys that a machine takes care of: one part of so many, by a number of their hashes. Without
/// shards, machines get in each other's way, which wastes requests and harms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: u32,
}

impl Default for Shard {
    /// All keys.
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Shard {
    /// Part `index` of `of`, counted from 0, as a Kubernetes Indexed Job counts. `None` if there is
    /// no such part.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Whether the key is in this part.
    pub fn has(self, hash: &KeyHash) -> bool {
        // FNV-1a: the same on every machine, and even for hashes that are not random.
        let number = hash.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |number, byte| {
            (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (number >> 32) % u64::from(self.of) == u64::from(self.index)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use openrouter_keys_core::KeyHash;

    use super::Shard;

    #[test]
    fn every_key_is_in_exactly_one_shard() {
        let mut counts = std::collections::BTreeMap::<u32, u32>::new();
        for number in 0..7000 {
            let hash = KeyHash::new(format!("{number:064x}")).unwrap();
            let shards = (0..7).filter(|index| Shard::new(*index, 7).unwrap().has(&hash));
            let shards: Vec<u32> = shards.collect();
            assert_eq!(shards.len(), 1, "{hash}");
            *counts.entry(shards.into_iter().sum()).or_default() += 1;
        }
        assert!(counts.values().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert_eq!(Shard::new(7, 7), None);
    }
}
