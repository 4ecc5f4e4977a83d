//! Points in time as the API writes them: checked RFC 3339 strings.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::build_error::{BuildError, BuildErrorKind};
use super::field::{Field, FieldValue};
use super::value_ref::ValueRef;
use crate::json::{Reader, SyntaxError};
use crate::redact;
use crate::redact::Quoted;

/// A point in time as an RFC 3339 string.
///
/// [`parse`](Timestamp::parse) accepts what people write, without seconds or with any offset, and
/// converts it to UTC with seconds, as the API requires. A timestamp in a response keeps the string
/// that the server sent. Timestamps compare as instants, so `…:00Z` equals `…:00.000Z`.
///
/// The features `jiff` and `time` add conversions from and to the types of these crates;
/// [`SystemTime`] converts without a feature.
///
/// ```
/// use openrouter_keys_core::Timestamp;
///
/// let noon = Timestamp::parse("2027-03-01T12:00+02:00")?;
/// assert_eq!(noon.as_str(), "2027-03-01T10:00:00Z");
/// assert!(noon < Timestamp::parse("2027-03-01T10:00:00.5Z")?);
/// assert!(Timestamp::parse("next tuesday").is_err());
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    text: Box<str>,
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// Parses an RFC 3339 string, with or without seconds, with any offset (`+05:30`, `+0530` or
    /// `+05`), and converts it to UTC with seconds. The error says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        let instant = Instant::parse(text.trim()).map_err(|flaw| {
            BuildError::new(
                BuildErrorKind::Timestamp,
                format!(
                    "invalid timestamp {}: {flaw}; expected RFC 3339, e.g. 2026-12-31T00:00:00Z",
                    Quoted(&redact::mask(text, &[]))
                ),
            )
        })?;
        instant.into_timestamp().ok_or_else(out_of_range)
    }

    /// Converts seconds and nanoseconds since 1970-01-01T00:00:00Z.
    pub fn from_unix(seconds: i64, nanos: u32) -> Result<Self, BuildError> {
        Instant { seconds, nanos }.into_timestamp().ok_or_else(out_of_range)
    }

    /// The RFC 3339 string.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, negative before.
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The nanoseconds within the second.
    pub fn subsec_nanos(&self) -> u32 {
        self.nanos
    }

    /// A timestamp in a response, which keeps its string.
    #[doc(hidden)]
    pub fn received(text: &str) -> Option<Self> {
        let Instant { seconds, nanos } = Instant::parse(text).ok()?;
        Some(Self { text: text.into(), seconds, nanos })
    }

    fn instant(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }
}

fn out_of_range() -> BuildError {
    BuildError::new(BuildErrorKind::Timestamp, "the timestamp is outside the years 0000 to 9999")
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.instant() == other.instant()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant().cmp(&other.instant())
    }
}

impl FromStr for Timestamp {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = BuildError;

    fn try_from(text: &str) -> Result<Self, BuildError> {
        Self::parse(text)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = BuildError;

    fn try_from(time: SystemTime) -> Result<Self, BuildError> {
        let (seconds, nanos) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).ok(), after.subsec_nanos()),
            Err(error) => {
                let before = error.duration();
                let seconds = i64::try_from(before.as_secs()).ok().and_then(i64::checked_neg);
                match before.subsec_nanos() {
                    0 => (seconds, 0),
                    nanos => (
                        seconds.and_then(|s| s.checked_sub(1)),
                        1_000_000_000_u32.saturating_sub(nanos),
                    ),
                }
            }
        };
        Self::from_unix(seconds.ok_or_else(out_of_range)?, nanos)
    }
}

impl TryFrom<&Timestamp> for SystemTime {
    type Error = BuildError;

    fn try_from(timestamp: &Timestamp) -> Result<Self, BuildError> {
        let whole = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let second = if timestamp.seconds < 0 {
            Self::UNIX_EPOCH.checked_sub(whole)
        } else {
            Self::UNIX_EPOCH.checked_add(whole)
        };
        second
            .and_then(|second| second.checked_add(Duration::from_nanos(timestamp.nanos.into())))
            .ok_or_else(out_of_range)
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<&Timestamp> for jiff::Timestamp {
    type Error = BuildError;

    fn try_from(timestamp: &Timestamp) -> Result<Self, BuildError> {
        let nanos = i32::try_from(timestamp.nanos).map_err(|_| out_of_range())?;
        Self::new(timestamp.seconds, nanos).map_err(|_| out_of_range())
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = BuildError;

    fn try_from(timestamp: jiff::Timestamp) -> Result<Self, BuildError> {
        SystemTime::from(timestamp).try_into()
    }
}

#[cfg(feature = "time")]
impl TryFrom<&Timestamp> for time::OffsetDateTime {
    type Error = BuildError;

    fn try_from(timestamp: &Timestamp) -> Result<Self, BuildError> {
        Self::from_unix_timestamp(timestamp.seconds)
            .and_then(|second| second.replace_nanosecond(timestamp.nanos))
            .map_err(|_| out_of_range())
    }
}

#[cfg(feature = "time")]
impl TryFrom<time::OffsetDateTime> for Timestamp {
    type Error = BuildError;

    fn try_from(timestamp: time::OffsetDateTime) -> Result<Self, BuildError> {
        Self::from_unix(timestamp.unix_timestamp(), timestamp.nanosecond())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::received(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 timestamp"))
    }
}

impl FieldValue for Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.text_field(|text| Self::received(&text))
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Text(self.as_str())
    }
}

const DAY: i64 = 86_400;

fn no_date(text: &str) -> &'static str {
    if text.is_empty() {
        "it is empty"
    } else if is_number(text) {
        "it is a number, which could be seconds or milliseconds"
    } else {
        "it does not begin with a date"
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

/// A point in time without its string.
struct Instant {
    seconds: i64,
    nanos: u32,
}

impl Instant {
    /// Parses RFC 3339, section 5.6, with optional seconds and the offsets that ISO 8601 adds; a
    /// leap second counts as the second after it. The error says what is wrong.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut scan = Scan(text.as_bytes());
        let (year, month, day) = scan.date().ok_or_else(|| no_date(text))?;
        if scan.0.is_empty() {
            return Err("it has a date but no time");
        }
        let (hour, minute, second, nanos) =
            scan.time().ok_or("its time is not written like 23:59:59")?;
        let offset = scan.offset()?;
        if !(1..=12).contains(&month) {
            return Err("its month is not between 01 and 12");
        }
        if !(1..=days_in_month(year, month)).contains(&day) {
            return Err("its month has no such day");
        }
        if hour > 23 {
            return Err("its hour is not between 00 and 23");
        }
        if minute > 59 || second > 60 {
            return Err("its minute or second is above 59");
        }
        let time = (hour * 60 + minute) * 60 + second;
        let seconds = days_from_civil(year, month, day) * DAY + time - offset;
        Ok(Self { seconds, nanos })
    }

    /// Formats it in UTC, with seconds, and with a fraction if there is one.
    fn into_timestamp(self) -> Option<Timestamp> {
        let Self { seconds, nanos } = self;
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY))?;
        if !(0..=9999).contains(&year) || nanos >= 1_000_000_000 {
            return None;
        }
        let time = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanos > 0 {
            let fraction = format!(".{nanos:09}");
            text.push_str(fraction.trim_end_matches('0'));
        }
        text.push('Z');
        Some(Timestamp { text: text.into(), seconds, nanos })
    }
}

struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        allowed.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0_i64, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
            Some(number.wrapping_mul(10).wrapping_add(digit.into()))
        })
    }

    fn date(&mut self) -> Option<(i64, i64, i64)> {
        Some((self.number(4)?, self.after(b"-", 2)?, self.after(b"-", 2)?))
    }

    /// Hour, minute, second and nanoseconds.
    fn time(&mut self) -> Option<(i64, i64, i64, u32)> {
        self.one_of(b"Tt ")?;
        let (hour, minute) = (self.number(2)?, self.after(b":", 2)?);
        let second = if self.peek() == Some(b':') { self.after(b":", 2)? } else { 0 };
        let nanos = if matches!(self.peek(), Some(b'.' | b',')) { self.fraction()? } else { 0 };
        Some((hour, minute, second, nanos))
    }

    fn after(&mut self, separator: &[u8], digits: usize) -> Option<i64> {
        self.one_of(separator)?;
        self.number(digits)
    }

    /// Digits beyond the ninth are finer than a nanosecond and are dropped.
    fn fraction(&mut self) -> Option<u32> {
        self.one_of(b".,")?;
        let mut nanos: u32 = 0;
        let mut place: u32 = 100_000_000;
        let mut digits: usize = 0;
        while let Some(byte) = self.one_of(b"0123456789") {
            nanos = nanos.checked_add(u32::from(byte.checked_sub(b'0')?).checked_mul(place)?)?;
            place /= 10;
            digits = digits.checked_add(1)?;
        }
        (digits > 0).then_some(nanos)
    }

    /// Seconds east of UTC, at the end of the input: `Z`, `+05:30`, `+0530` or `+05`, with or
    /// without a space before it.
    fn offset(&mut self) -> Result<i64, &'static str> {
        self.one_of(b" ");
        if self.0.is_empty() {
            return Err("it has no offset from UTC, such as Z or +02:00");
        }
        let offset = match self.one_of(b"Zz+-") {
            Some(b'Z' | b'z') => Some(0),
            Some(sign) => self.hours_and_minutes().map(|(hours, minutes)| {
                (hours * 60 + minutes) * if sign == b'-' { -60 } else { 60 }
            }),
            None => None,
        };
        match (offset, self.0.first()) {
            (Some(offset), None) if offset.abs() < DAY => Ok(offset),
            (Some(_), None) => Err("its offset from UTC is a day or more"),
            (_, Some(b'A'..=b'Z' | b'a'..=b'z' | b'[')) => {
                Err("it names a time zone instead of an offset from UTC, such as Z or +02:00")
            }
            _ => Err("it does not end with an offset from UTC, such as Z or +02:00"),
        }
    }

    fn hours_and_minutes(&mut self) -> Option<(i64, i64)> {
        let hours = self.number(2)?;
        if self.0.is_empty() {
            return Some((hours, 0));
        }
        self.one_of(b":");
        self.number(2).filter(|minutes| *minutes <= 59).map(|minutes| (hours, minutes))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar with a four-digit year.
///
/// Years are counted from March, so the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (months_since_march * 153 + 2) / 5 + day;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 0000-03-01 is day 1 of this count, and 719,468 days before 1970-01-01.
    year * 365 + leap_days + day_of_year - 719_469
}

/// The year, month and day of a day since 1970-01-01.
fn civil_from_days(days: i64) -> Option<(i64, i64, i64)> {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year =
        era.checked_mul(400)?.checked_add(year_of_era)?.checked_add(i64::from(month <= 2))?;
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::Timestamp;

    #[test]
    fn seconds_are_optional_and_any_offset_is_accepted() {
        for (written, sent) in [
            ("2027-01-31T23:59:59Z", "2027-01-31T23:59:59Z"),
            ("2027-01-31T23:59Z", "2027-01-31T23:59:00Z"),
            ("2027-01-31t23:59:59.250z", "2027-01-31T23:59:59.25Z"),
            ("2027-01-01T00:30:00+01:00", "2026-12-31T23:30:00Z"),
            ("2028-02-28T20:00:00-05:30", "2028-02-29T01:30:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            (" 1969-12-31 23:59:59Z ", "1969-12-31T23:59:59Z"),
            ("2027-01-01T05:30:00+0530", "2027-01-01T00:00:00Z"),
            ("2027-01-01T00:00:00-0015", "2027-01-01T00:15:00Z"),
            ("2027-01-01 05:00:00+05", "2027-01-01T00:00:00Z"),
            ("2027-01-01 01:00:00 +0100", "2027-01-01T00:00:00Z"),
            ("2027-01-01 00:00 Z", "2027-01-01T00:00:00Z"),
            ("2027-01-01T00:00:00,5Z", "2027-01-01T00:00:00.5Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::parse(written).expect(written).as_str(), sent);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in [
            "",
            "now",
            "2027-13-01T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "2027-01-01",
            "2027-01-01T24:00:00Z",
            "2027-01-01T00:60:00Z",
            "2027-01-01T00:00:61Z",
            "2027-01-01T00:00:00",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00+24:00",
            "2027-01-01T00:00:00Zx",
            "0000-01-01T00:00:00+01:00",
            "２027-01-01T00:00:00Z",
        ] {
            assert!(Timestamp::parse(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn the_error_says_which_part_of_a_refused_timestamp_is_wrong() {
        for (text, flaw) in [
            ("", "it is empty"),
            ("next tuesday", "it does not begin with a date"),
            ("31.12.2026", "it does not begin with a date"),
            ("2026/12/31", "it does not begin with a date"),
            ("2026-1-1T00:00:00Z", "it does not begin with a date"),
            ("Thu, 31 Dec 2026 00:00:00 GMT", "it does not begin with a date"),
            ("1798675200", "it is a number, which could be seconds or milliseconds"),
            ("1798675200000", "it is a number, which could be seconds or milliseconds"),
            ("-1798675200", "it is a number, which could be seconds or milliseconds"),
            ("1798675200.25", "it is a number, which could be seconds or milliseconds"),
            ("20261231T000000Z", "it does not begin with a date"),
            ("2026-12-31", "it has a date but no time"),
            ("2026-12-31T", "its time is not written like 23:59:59"),
            ("2026-12-31T1:00Z", "its time is not written like 23:59:59"),
            ("2026-12-31T12Z", "its time is not written like 23:59:59"),
            ("2026-12-31_12:00Z", "its time is not written like 23:59:59"),
            ("2026-12-31T12:00:00.Z", "its time is not written like 23:59:59"),
            ("2026-12-31T12:00:00", "it has no offset from UTC, such as Z or +02:00"),
            ("2026-12-31T12:00", "it has no offset from UTC, such as Z or +02:00"),
            (
                "2026-12-31T12:00:00 Europe/Berlin",
                "it names a time zone instead of an offset from UTC, such as Z or +02:00",
            ),
            (
                "2026-12-31T12:00:00+01:00[Europe/Berlin]",
                "it names a time zone instead of an offset from UTC, such as Z or +02:00",
            ),
            (
                "2026-12-31T12:00:00 UTC",
                "it names a time zone instead of an offset from UTC, such as Z or +02:00",
            ),
            (
                "2026-12-31T12:00:00+1:00",
                "it does not end with an offset from UTC, such as Z or +02:00",
            ),
            (
                "2026-12-31T12:00:00+01:60",
                "it does not end with an offset from UTC, such as Z or +02:00",
            ),
            (
                "2026-12-31T12:00:00+01:00:00",
                "it does not end with an offset from UTC, such as Z or +02:00",
            ),
            ("2026-12-31T12:00:00+24:00", "its offset from UTC is a day or more"),
            ("2026-13-31T12:00:00Z", "its month is not between 01 and 12"),
            ("2026-00-31T12:00:00Z", "its month is not between 01 and 12"),
            ("2026-02-30T12:00:00Z", "its month has no such day"),
            ("2026-02-29T12:00:00Z", "its month has no such day"),
            ("2026-12-00T12:00:00Z", "its month has no such day"),
            ("2026-12-31T24:00:00Z", "its hour is not between 00 and 23"),
            ("2026-12-31T23:60:00Z", "its minute or second is above 59"),
            ("2026-12-31T23:59:61Z", "its minute or second is above 59"),
        ] {
            let error = Timestamp::parse(text).expect_err(text).to_string();
            let expected = format!(
                "invalid timestamp \"{text}\": {flaw}; expected RFC 3339, \
                 e.g. 2026-12-31T00:00:00Z; no request was made with it"
            );
            assert_eq!(error, expected);
        }
        let long = "9".repeat(200_000);
        assert!(Timestamp::parse(&long).unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn a_response_keeps_its_string_and_equals_the_same_instant() {
        let received: Timestamp =
            serde_json::from_str(r#""2027-01-01T00:00:00.000+00:00""#).unwrap();
        assert_eq!(received.as_str(), "2027-01-01T00:00:00.000+00:00");
        assert_eq!(received, Timestamp::parse("2027-01-01T00:00:00Z").unwrap());
    }

    proptest! {
        #[test]
        fn every_instant_survives_parsing_and_the_three_conversions(
            seconds in -62_167_219_200_i64..253_402_300_800,
            nanos in 0_u32..1_000_000_000,
        ) {
            let timestamp = Timestamp::from_unix(seconds, nanos).unwrap();
            prop_assert_eq!(&Timestamp::parse(timestamp.as_str()).unwrap(), &timestamp);
            let system: SystemTime = (&timestamp).try_into().unwrap();
            prop_assert_eq!(&Timestamp::try_from(system).unwrap(), &timestamp);
            let offset: time::OffsetDateTime = (&timestamp).try_into().unwrap();
            prop_assert_eq!(&Timestamp::try_from(offset).unwrap(), &timestamp);
            if let Ok(instant) = jiff::Timestamp::try_from(&timestamp) {
                prop_assert_eq!(instant.as_second(), (seconds, nanos).0 + i64::from(seconds < 0 && nanos > 0));
                prop_assert_eq!(&Timestamp::try_from(instant).unwrap(), &timestamp);
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[0-9TtZz:.+ -]{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn jiff_reads_what_this_crate_writes(seconds in 0_i64..253_402_300_000) {
            let text = Timestamp::from_unix(seconds, 0).unwrap();
            prop_assert_eq!(text.as_str().parse::<jiff::Timestamp>().unwrap().as_second(), seconds);
        }
    }

    #[test]
    fn the_system_clock_before_1970_converts() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(Timestamp::try_from(before).unwrap().as_str(), "1969-12-31T23:59:59.5Z");
    }
}
