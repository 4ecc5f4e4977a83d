//! An unbounded integer with just the operations that reading a double exactly needs.

/// 32-bit limbs, lowest first; the highest is not 0.
#[derive(Default)]
pub(crate) struct Big(Vec<u32>);

impl Big {
    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Multiplies, then adds.
    pub(crate) fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = summand;
        for piece in &mut self.0 {
            let product = u64::from(*piece) * u64::from(factor) + u64::from(carry);
            (*piece, carry) = halves(product);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    /// Divides by a divisor other than 0; returns whether there is a remainder.
    pub(crate) fn divide(&mut self, divisor: u32) -> bool {
        let divisor = u64::from(divisor.max(1));
        let mut remainder = 0;
        for piece in self.0.iter_mut().rev() {
            let dividend = (remainder << 32) | u64::from(*piece);
            // The remainder is smaller than the divisor, so the quotient fits into one limb.
            (*piece, _) = halves(dividend / divisor);
            remainder = dividend % divisor;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        remainder > 0
    }

    /// Multiplies by 2 to the power of 32 times `pieces`.
    pub(crate) fn shift(&mut self, pieces: usize) {
        if !self.is_zero() {
            self.0.splice(..0, std::iter::repeat_n(0, pieces));
        }
    }

    /// The highest 64 bits, the first of which is 1; the number of bits in total; and whether any
    /// of the other bits is 1. The number must not be 0.
    pub(crate) fn top(&self) -> (u64, usize, bool) {
        let mut pieces = self.0.iter().rev().copied();
        let mut next = || u64::from(pieces.next().unwrap_or_default());
        let (first, third) = ((next() << 32) | next(), next());
        let zeros = first.leading_zeros();
        let shifted = third << (zeros % 64);
        let (rest, into_first) = halves(shifted);
        let top = (first << (zeros % 64)) | u64::from(into_first);
        let bits = (self.0.len() * 32).saturating_sub(usize::try_from(zeros).unwrap_or_default());
        (top, bits, rest > 0 || pieces.any(|piece| piece > 0))
    }
}

/// The low and the high 32 bits.
fn halves(number: u64) -> (u32, u32) {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
    (half(number), half(number >> 32))
}
