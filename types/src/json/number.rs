//! Reads a JSON number as the nearest double, without the large tables of the standard library's
//! parser.

use super::big::Big;

/// The value of a JSON number; infinite if it exceeds a double, and NaN if it is not a number.
pub fn float(text: &str) -> f64 {
    match short(text.as_bytes()) {
        Some((value, length)) if length == text.len() => return value,
        _ => {}
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1.0, unsigned),
        None => (1.0, text),
    };
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, whole(exponent)),
        None => (unsigned, Some(0)),
    };
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match exponent {
        Some(exponent) if !before.is_empty() && are_digits(before) && are_digits(after) => {
            sign * nearest(before, after.trim_end_matches('0'), exponent)
        }
        _ => f64::NAN,
    }
}

/// The number at the start and its length, if its digits and power of ten are exact as doubles, so
/// that their quotient is correctly rounded. A number with an exponent takes the slow path.
pub fn short(text: &[u8]) -> Option<(f64, usize)> {
    const MOST_DIGITS: usize = 15;
    const POWERS: [f64; MOST_DIGITS + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let (mut value, mut digits, mut point) = (0_u64, 0, None);
    for byte in unsigned {
        match byte {
            b'0'..=b'9' if digits < MOST_DIGITS => {
                value = value * 10 + u64::from(byte.wrapping_sub(b'0'));
                digits += 1;
            }
            b'0'..=b'9' => return None,
            b'.' if point.is_none() => point = Some(digits),
            _ => break,
        }
    }
    let whole = point.unwrap_or(digits);
    let has_needless_zero = whole > 1 && unsigned.starts_with(b"0");
    if whole == 0 || point == Some(digits) || has_needless_zero {
        return None;
    }
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "below 10^15")]
    let number = value as f64 / POWERS.get(digits - whole)?;
    let signed = if text.len() > unsigned.len() { -number } else { number };
    let length = text.len() - unsigned.len() + digits + usize::from(point.is_some());
    Some((signed, length))
}

/// More than the 768 digits that the choice between two doubles can depend on.
const DIGITS: i64 = 800;
/// The highest powers of ten and of five that fit into a limb.
const TENS: u32 = 9;
const FIVES: u32 = 13;
/// Every double is below `1e309`, and every one but 0 is above `1e-325`.
const LARGEST: i64 = 309;
const SMALLEST: i64 = -324;

/// The double nearest to `before.after` times ten to the power of `exponent`.
fn nearest(before: &str, after: &str, exponent: i32) -> f64 {
    let (mut number, mut digits, mut is_more) = (Big::default(), 0, false);
    let mut exponent = i64::from(exponent);
    // The digits collected for one step, and ten to the power of their count.
    let (mut some, mut power) = (0, 1);
    let after = after.bytes().map(|digit| (digit, 1));
    for (digit, places) in before.bytes().map(|digit| (digit, 0)).chain(after) {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        if digits < DIGITS {
            exponent -= places;
            digits += i64::from(digits > 0 || digit > 0);
            (some, power) = (some * 10 + digit, power * 10);
            if power == 10_u32.pow(TENS) {
                number.multiply_add(power, some);
                (some, power) = (0, 1);
            }
        } else {
            // Only whether a digit is nonzero matters, not its value.
            exponent += 1 - places;
            is_more |= digit > 0;
        }
    }
    number.multiply_add(power, some);
    // The number is at least a tenth of ten to this power.
    let magnitude = digits + exponent;
    if number.is_zero() || magnitude < SMALLEST {
        return 0.0;
    }
    if magnitude > LARGEST {
        return f64::INFINITY;
    }
    let (twos, is_rest) = scale(&mut number, exponent);
    rounded(&number, twos, is_more || is_rest)
}

/// Multiplies by ten to the power of `exponent`, except for a power of two, which is returned, and
/// for a remainder below the last of 64 bits; returns whether there is one.
fn scale(number: &mut Big, exponent: i64) -> (i64, bool) {
    let fives = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
    let steps = std::iter::repeat_n(FIVES, usize::try_from(fives / FIVES).unwrap_or_default());
    let steps = steps.chain([fives % FIVES]).map(|fives| 5_u32.pow(fives));
    if exponent >= 0 {
        steps.for_each(|step| number.multiply_add(step, 0));
        return (exponent, false);
    }
    // A factor of five takes less than 7/3 bits; two limbs are spare.
    let pieces = (fives * 7 / 3).div_ceil(32) + 2;
    number.shift(usize::try_from(pieces).unwrap_or_default());
    let is_rest = steps.fold(false, |is_rest, step| number.divide(step) | is_rest);
    (exponent - 32 * i64::from(pieces), is_rest)
}

/// The double nearest to `number` times two to the power of `twos`, plus a little if `is_more`;
/// ties go to even.
fn rounded(number: &Big, twos: i64, is_more: bool) -> f64 {
    const FRACTION: i64 = 52;
    const LEAST: i64 = -1022;
    const MOST: i64 = 1023;
    let (top, bits, is_rest) = number.top();
    let exponent = twos + i64::try_from(bits).unwrap_or(i64::MAX) - 1;
    if exponent > MOST {
        return f64::INFINITY;
    }
    // Below the least exponent, doubles have fewer bits.
    let kept = FRACTION + 1 - (LEAST - exponent).max(0);
    let dropped = u32::try_from(64 - kept).unwrap_or(u32::MAX);
    let fraction = top.checked_shr(dropped).unwrap_or_default();
    // The dropped bits, left-aligned.
    let rest = match dropped {
        ..64 => top << (64 - dropped),
        64 => top,
        _ => 0,
    };
    let half = 1 << 63;
    let is_above = rest > half || (rest == half && (is_rest || is_more || fraction % 2 == 1));
    // A carry out of the fraction raises the exponent, up to infinity.
    let base = u64::try_from((exponent - LEAST).max(0)).unwrap_or_default() << FRACTION;
    f64::from_bits(base + fraction + u64::from(is_above))
}

/// An exponent; one out of range is clamped.
fn whole(text: &str) -> Option<i32> {
    const FAR: i32 = 1_000_000_000;
    let (sign, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    let mut value: i32 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| i32::from(digit.saturating_sub(b'0')))?;
        value = value.saturating_mul(10).saturating_add(digit).min(FAR);
    }
    (!digits.is_empty()).then(|| value.saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::float;

    fn reads_like_std(text: &str) -> bool {
        let read: f64 = text.parse().unwrap();
        float(text).to_bits() == read.to_bits()
    }

    #[test]
    fn halfway_smallest_and_largest_numbers_are_read_like_std() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0e5",
            "1e0",
            "25",
            "0.1",
            "9007199254740993",
            "1e23",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "-1e400",
            "1e-400",
            "1e99999999999",
            "1e-99999999999",
            "0e99999999999",
            "1E+5",
            "0.2E309",
            "100000000000000000000000000000000000000001",
            "0.000000000000000000000000000000001",
            "8.41e21",
            "9.007199254740993e15",
            "6929495644600919.5",
            "3.7455744005952583e15",
            "4.9406564584124654e-324",
            "7.4109846876186981e-324",
            "1.7976931348623158079e308",
            "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
        ] {
            assert!(reads_like_std(text), "{text}: {}", float(text));
        }
        let long = format!("{}.{}e-400", "9".repeat(800), "7".repeat(800));
        assert!(reads_like_std(&long));
    }

    #[test]
    fn invalid_numbers_are_nan() {
        for text in ["", "-", "e5", ".5", "1e", "1e+", "1e5.5", "NaN", "inf", "1x", "0x10", "--1"] {
            assert!(float(text).is_nan(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_double_is_read_back_from_its_shortest_form(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = format!("{number:e}");
            prop_assert!(reads_like_std(&text));
        }

        #[test]
        fn any_json_number_is_read_like_std(text in r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?") {
            prop_assert!(reads_like_std(&text));
        }
    }
}
