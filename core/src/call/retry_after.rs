//! How long a server asks to wait: `Retry-After` and `retry-after-ms`.

use std::time::Duration;

use super::http_date::http_date;
use crate::json::float;
use crate::transport::{Head, KnownHeader, ReadHeaders};

/// The longest wait that any valid header asks for.
///
/// A value that is neither a non-negative number nor an HTTP date is ignored. A number too
/// large for a clock stays larger than every limit. A date is measured against the response's
/// own `Date`, so that a wrong local clock does not matter; without a `Date`, against `now`, in
/// seconds since 1970 by the local clock. Without either it is ignored.
pub(crate) fn retry_after(headers: &Head, now: Option<i64>) -> Option<Duration> {
    let mut longest = None;
    each_value(headers, KnownHeader::RetryAfter, |text| {
        longest = longest.max(decimal(text, 1.0).or_else(|| until(text, headers, now)));
    });
    each_value(headers, KnownHeader::RetryAfterMs, |text| {
        longest = longest.max(decimal(text, 1000.0));
    });
    longest
}

/// Whether the server says not to retry. Advice to retry is ignored: the server does not know
/// what resending would do.
pub(crate) fn forbids_retry(headers: &Head) -> bool {
    let mut forbids = false;
    each_value(headers, KnownHeader::ShouldRetry, |text| {
        forbids |= text.eq_ignore_ascii_case("false");
    });
    forbids
}

/// Calls `take` with each value of a header. `fetch` joins repeated headers with commas;
/// splitting at them costs a date only its weekday.
fn each_value<'a>(headers: &'a Head, name: KnownHeader, mut take: impl FnMut(&'a str)) {
    headers.each(name, &mut |line| line.split(',').for_each(|text| take(text.trim())));
}

/// Digits with at most one decimal point: no sign, no exponent, no `inf`.
fn decimal(text: &str, per_second: f64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    Some(Duration::try_from_secs_f64(float(text) / per_second).unwrap_or(Duration::MAX))
}

/// Whether the local clock is needed to read these headers.
pub(crate) fn needs_clock(headers: &Head) -> bool {
    let mut asks = false;
    headers.each(KnownHeader::RetryAfter, &mut |_| asks = true);
    asks && date(headers).is_none()
}

fn date(headers: &Head) -> Option<i64> {
    http_date(headers.first(KnownHeader::Date)?)
}

/// The time from the response's `Date`, or else from now, to an HTTP date; nothing
/// if it has passed.
fn until(text: &str, headers: &Head, now: Option<i64>) -> Option<Duration> {
    let then = http_date(text)?;
    let now = date(headers).or(now)?;
    let seconds = u64::try_from(then.saturating_sub(now)).unwrap_or(0);
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{needs_clock, retry_after as measured};

    fn retry_after(headers: &HeaderMap) -> Option<Duration> {
        measured(headers, None)
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            })
    }

    #[test]
    fn numbers_are_honoured_and_nonsense_is_ignored() {
        for (value, expected) in [
            ("2", Some(2_000)),
            ("1.5", Some(1_500)),
            ("0", Some(0)),
            (" 3 ", Some(3_000)),
            ("86400", Some(86_400_000)),
            ("2, 5", Some(5_000)),
            ("-5", None),
            ("abc", None),
            ("inf", None),
            ("NaN", None),
            ("1e308", None),
            ("0x10", None),
            ("", None),
            (".", None),
            ("1.", None),
            ("1.2.3", None),
            ("2, x", Some(2_000)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ] {
            let found = retry_after(&headers(&[("retry-after", value)]));
            assert_eq!(found, expected.map(Duration::from_millis), "{value:?}");
        }
    }

    #[test]
    fn a_number_too_large_for_a_clock_exceeds_every_limit() {
        let huge = "1".to_owned() + &"0".repeat(30);
        assert_eq!(retry_after(&headers(&[("retry-after", &huge)])), Some(Duration::MAX));
    }

    #[test]
    fn the_largest_of_several_values_counts() {
        assert_eq!(
            retry_after(&headers(&[("retry-after", "2"), ("retry-after", "7")])),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after", "2"), ("retry-after-ms", "2500")])),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after-ms", "100")])),
            Some(Duration::from_millis(100))
        );
    }

    #[test]
    fn a_date_is_measured_against_the_responses_own_date() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        let later = "Wed, 21 Oct 2015 07:28:30 GMT";
        assert_eq!(
            retry_after(&headers(&[("date", date), ("retry-after", later)])),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after(&headers(&[("date", later), ("retry-after", date)])),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after(&headers(&[("retry-after", later)])), None);
        let joined = format!("{date}, 3, {later}, 2");
        assert_eq!(
            retry_after(&headers(&[("date", date), ("retry-after", &joined)])),
            Some(Duration::from_secs(30))
        );
    }

    #[test]
    fn without_a_date_header_a_date_is_measured_by_the_local_clock() {
        let (date, later) = ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT");
        let now = Some(1_445_412_480);
        for (pairs, expected) in [
            (&[("retry-after", later)][..], Some(30)),
            (&[("retry-after", date)], Some(0)),
            (&[("date", "yesterday"), ("retry-after", later)], Some(30)),
            (&[("date", "Wed, 21 Oct 2015 07:28:20 GMT"), ("retry-after", later)], Some(10)),
            (&[("retry-after", "soon")], None),
        ] {
            let found = measured(&headers(pairs), now);
            assert_eq!(found, expected.map(Duration::from_secs), "{pairs:?}");
        }
        assert!(needs_clock(&headers(&[("retry-after", later)])));
        assert!(!needs_clock(&headers(&[("retry-after", later), ("date", date)])));
        assert!(!needs_clock(&headers(&[])));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(value in "[ -~]{0,40}") {
            let _ = retry_after(&headers(&[("retry-after", &value), ("date", &value), ("retry-after-ms", &value)]));
        }

        #[test]
        fn whole_seconds_are_read_exactly(seconds in 0_u32..) {
            let found = retry_after(&headers(&[("retry-after", &seconds.to_string())]));
            prop_assert_eq!(found, Some(Duration::from_secs(seconds.into())));
        }

        #[test]
        fn a_clock_wrong_by_any_time_on_both_sides_of_the_wire_changes_nothing(now in 0_u64..4_000_000_000, wait in 0_u64..100_000) {
            let at = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            let found = retry_after(&headers(&[("date", &at(now)), ("retry-after", &at(now + wait))]));
            prop_assert_eq!(found, Some(Duration::from_secs(wait)));
        }
    }
}
