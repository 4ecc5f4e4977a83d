//! Reading a number of JSON as a double: the nearest there is, without the
//! large tables of the standard library's reader.

/// The value of a JSON number; infinite if it is beyond a double, and not a
/// number if the text is none.
pub(crate) fn float(text: &str) -> f64 {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1.0, unsigned),
        None => (1.0, text),
    };
    if let Some(value) = short(unsigned) {
        return sign * value;
    }
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, whole(exponent)),
        None => (unsigned, Some(0)),
    };
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match exponent {
        Some(exponent) if !before.is_empty() && are_digits(before) && are_digits(after) => {
            let (before, after) = (before.trim_start_matches('0'), after.trim_end_matches('0'));
            sign * minimal_lexical::parse_float::<f64, _, _>(
                before.as_bytes().iter(),
                after.as_bytes().iter(),
                exponent,
            )
        }
        _ => f64::NAN,
    }
}

/// A number without an exponent and with so few digits that they and the power
/// of ten are exact as doubles, so that their quotient is the nearest there is.
fn short(text: &str) -> Option<f64> {
    const MOST_DIGITS: usize = 15;
    if text.len() > MOST_DIGITS || text.starts_with('.') {
        return None;
    }
    let (mut value, mut power) = (0.0, 1.0);
    let mut is_fraction = false;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                value = value * 10.0 + f64::from(byte.wrapping_sub(b'0'));
                power *= if is_fraction { 10.0 } else { 1.0 };
            }
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    (!text.is_empty()).then_some(value / power)
}

/// An exponent; one that is out of range is as good as the end of the range.
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

    fn is_as_std_reads(text: &str) -> bool {
        let read: f64 = text.parse().unwrap();
        float(text).to_bits() == read.to_bits()
    }

    #[test]
    fn halfway_cases_the_smallest_and_the_largest_are_as_std_reads_them() {
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
            "100000000000000000000000000000000000000001",
            "0.000000000000000000000000000000001",
            "8.41e21",
            "9.007199254740993e15",
            "6929495644600919.5",
            "3.7455744005952583e15",
        ] {
            assert!(is_as_std_reads(text), "{text}: {}", float(text));
        }
        let long = format!("{}.{}e-400", "9".repeat(800), "7".repeat(800));
        assert!(is_as_std_reads(&long));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "e5", ".5", "1e", "1e+", "1e5.5", "NaN", "inf", "1x", "0x10", "--1"] {
            assert!(float(text).is_nan(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_double_is_read_back_from_its_shortest_text(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = format!("{number:e}");
            prop_assert!(is_as_std_reads(&text));
        }

        #[test]
        fn any_number_of_json_is_as_std_reads_it(text in r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?") {
            prop_assert!(is_as_std_reads(&text));
        }
    }
}
