//! Formats the numbers in the report.

/// Three significant digits, with thousands separators: 0.0123, 1.23, 123, 12,345.
pub(crate) fn short(figure: f64) -> String {
    let size = figure.abs();
    let decimals = match size {
        _ if !figure.is_finite() => return "–".into(),
        _ if size == 0.0 || size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ if size >= 0.09995 => 3,
        _ => 4,
    };
    if decimals == 0 { rounded(figure) } else { format!("{figure:.decimals$}") }
}

/// Nanoseconds as microseconds.
pub(crate) fn micros(nanoseconds: f64) -> String {
    short(nanoseconds / 1e3)
}

/// Nanoseconds as milliseconds.
pub(crate) fn millis(nanoseconds: f64) -> String {
    short(nanoseconds / 1e6)
}

/// A ratio with two decimals, or with more if it is small.
pub(crate) fn ratio(figure: f64) -> String {
    if (0.995..99.95).contains(&figure) { format!("{figure:.2}") } else { short(figure) }
}

/// A whole number with thousands separators.
pub(crate) fn whole(count: impl Into<u64>) -> String {
    apart(&count.into().to_string())
}

/// A count that is stored as a float.
pub(crate) fn rounded(figure: f64) -> String {
    apart(&format!("{figure:.0}"))
}

fn apart(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        let left = digits.len().saturating_sub(at);
        if at > 0 && left % 3 == 0 && text != "-" {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_significant_digits() {
        for (figure, text) in [
            (0.0, "0"),
            (0.012_34, "0.0123"),
            (0.999_9, "1.00"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (99.99, "100"),
            (123.4, "123"),
            (12_345.0, "12,345"),
            (-123_456.0, "-123,456"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(short(figure), text);
        }
    }

    #[test]
    fn units_are_converted() {
        assert_eq!(micros(1_500.0), "1.50");
        assert_eq!(millis(1_500_000.0), "1.50");
        assert_eq!(ratio(1.0449), "1.04");
        assert_eq!(ratio(41.32), "41.32");
        assert_eq!(ratio(0.0241), "0.0241");
        assert_eq!(whole(1_234_567_u32), "1,234,567");
        assert_eq!(rounded(1_234.5), "1,234");
    }
}
