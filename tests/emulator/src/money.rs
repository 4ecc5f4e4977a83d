//! Amounts in US dollars: rounding and JSON form.

use std::str::FromStr;

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::Number;

/// Rounds to a billionth, so that 0.1 + 0.2 is 0.3 as on a bill.
pub(crate) fn rounded(usd: f64) -> f64 {
    let rounded = (usd * 1e9).round() / 1e9;
    if rounded.is_finite() { rounded } else { usd }
}

/// Writes whole dollars as `25`, not `25.0`, as the real server's JavaScript does, to expose
/// clients that accept only one form.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde prescribes the signature")]
pub(crate) fn write<S: Serializer>(usd: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Number::from_str(&usd.to_string()).map_err(S::Error::custom)?.serialize(serializer)
}

/// [`write`] for an optional amount; `None` is `null`.
#[expect(clippy::ref_option, reason = "serde prescribes the signature")]
pub(crate) fn write_option<S: Serializer>(
    usd: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match usd {
        Some(usd) => write(usd, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(usd: f64) -> String {
        let mut text = Vec::new();
        write(&usd, &mut serde_json::Serializer::new(&mut text)).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn whole_dollars_are_written_without_a_point() {
        assert_eq!(written(25.0), "25");
        assert_eq!(written(0.0), "0");
        assert_eq!(written(0.5), "0.5");
    }

    #[test]
    fn sums_come_out_as_on_a_bill() {
        assert_eq!(written(rounded(0.1 + 0.2)), "0.3");
        assert!(rounded(f64::MAX).is_finite());
    }
}
