//! Pseudorandom numbers that are the same on every machine: `SplitMix64`.

/// A sequence that depends only on its seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Starts the sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws from `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        fraction(self.bits())
    }

    /// Draws the time to the next event of a Poisson process with rate 1.
    ///
    /// Von Neumann's method, which only compares: the last digit of a logarithm
    /// differs between machines.
    pub fn exponential(&mut self) -> f64 {
        let mut whole = 0.0;
        loop {
            let first = self.bits();
            let mut last = first;
            let mut is_odd = true;
            loop {
                let next = self.bits();
                if next >= last {
                    break;
                }
                last = next;
                is_odd = !is_odd;
            }
            if is_odd {
                return whole + fraction(first);
            }
            whole += 1.0;
        }
    }
}

fn fraction(bits: u64) -> f64 {
    let high = u32::try_from(bits >> 32).unwrap_or_default();
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn poisson_pauses_have_the_expected_mean_and_tail() {
        let mut chance = Chance::new(1);
        let draws: Vec<f64> = (0..100_000).map(|_| chance.exponential()).collect();
        let mean = draws.iter().sum::<f64>() / 100_000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        let beyond_two = draws.iter().filter(|&&pause| pause > 2.0).count();
        assert!((13_000..14_100).contains(&beyond_two), "{beyond_two} of e^-2 = 13534");
    }
}
