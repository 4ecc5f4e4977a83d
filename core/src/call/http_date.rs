//! Dates in HTTP headers: RFC 9110, section 5.6.7, with the two obsolete forms that
//! recipients must accept.

use crate::types::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The seconds since 1970 of an HTTP date. The redundant weekday may be missing: its comma also
/// joins the values of a header.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    let date = text.rsplit(',').next()?;
    let words: Vec<&str> = date.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match words[..] {
        [day, month, year, time, "GMT"] => (day, month, year, time),
        [_weekday, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    // Two-digit years are from the time when this form was in use.
    let century = match year.len() {
        2 if year < "70" => "20",
        2 => "19",
        _ => "",
    };
    let date = format!("{century}{year}-{month:02}-{day:0>2}T{time}Z");
    Timestamp::received(&date).map(|timestamp| timestamp.unix_seconds())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::http_date;

    #[test]
    fn all_three_forms_are_read_with_or_without_a_weekday() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn two_digits_are_a_year_from_1970_to_2069() {
        for (text, seconds) in [
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Friday, 31-Dec-99 23:59:59 GMT", 946_684_799),
            ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
            ("Tuesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
        ] {
            assert_eq!(http_date(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_but_a_date_is_none() {
        for text in [
            "",
            ",",
            "Sun",
            "06 Nov 1994 08:49:37",
            "06 Nov 1994 08:49:37 CET",
            "32 Nov 1994 08:49:37 GMT",
            "06 Nix 1994 08:49:37 GMT",
            "06 Nov 94x 08:49:37 GMT",
            "06 Nov 1994 24:49:37 GMT",
            "06 Nov 1994 8:49:37 GMT",
            "-6 Nov 19945 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_date_that_a_server_writes_is_read(seconds in 0_u32..) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
            prop_assert_eq!(http_date(&httpdate::fmt_http_date(time)), Some(seconds.into()));
        }

        #[test]
        fn any_string_is_read_without_a_panic(text in "[0-9A-Za-z:, -]{0,40}") {
            let _ = http_date(&text);
        }
    }
}
