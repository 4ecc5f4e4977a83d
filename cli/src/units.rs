//! Amounts, times and instants, as people write them.

use std::time::Duration;

use jiff::SignedDuration;
use openrouter_keys_native::{Limit, LimitReset, Timestamp};

const DAY: u64 = 24 * 60 * 60;

/// A time such as `30s`, `5m`, `1h30m`, `7d` or `2w`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a time; write it like 30s, 5m, 1h30m, 7d or 2w");
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, behind) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let letters = behind.find(|char: char| char.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let unit = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 60 * 60,
            "d" => DAY,
            "w" => 7 * DAY,
            _ => return Err(wrong()),
        };
        seconds = number
            .checked_mul(unit)
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(wrong)?;
        rest = behind;
    }
    Ok(Duration::from_secs(seconds))
}

/// A number of whole days, such as `90d` or `2w`.
pub(crate) fn days(text: &str) -> Result<u32, String> {
    let seconds = duration(text)?.as_secs();
    match u32::try_from(seconds / DAY) {
        Ok(days) if seconds % DAY == 0 => Ok(days),
        _ => Err(format!("\"{text}\" is not a number of whole days; write it like 90d or 2w")),
    }
}

/// A limit in US dollars: `25`, `$25` or `25.50`.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    amount(text).map(Limit::usd)
}

/// An amount of US dollars that is a number, finite and not negative.
pub(crate) fn amount(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_prefix('$').unwrap_or(text.trim());
    let is_plain = number.chars().all(|char| char.is_ascii_digit() || char == '.');
    match number.parse::<f64>() {
        Ok(dollars) if is_plain && dollars.is_finite() => Ok(dollars),
        _ => Err(format!(
            "\"{text}\" is not an amount; write US dollars like 25 or 25.50 (for no limit: --no-limit)"
        )),
    }
}

/// How often a limit resets.
pub(crate) fn reset(text: &str) -> Result<LimitReset, String> {
    match text {
        "daily" => Ok(LimitReset::Daily),
        "weekly" => Ok(LimitReset::Weekly),
        "monthly" => Ok(LimitReset::Monthly),
        _ => Err(format!("\"{text}\" is not one of daily, weekly and monthly")),
    }
}

/// An instant: RFC 3339, a date (its end, in UTC), or a time from now such as `30d`.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        format!("\"{text}\" is not a time; write it like 2027-01-31T12:00:00Z, 2027-01-31 or 30d")
    };
    if let Ok(time) = Timestamp::parse(text) {
        return Ok(time);
    }
    // A longer text has a time too, without saying of which zone.
    if let Some(Ok(date)) = (text.len() == 10).then(|| text.parse::<jiff::civil::Date>()) {
        let end = date.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
        return Timestamp::from_unix(end.timestamp().as_second(), 0).map_err(|_| wrong());
    }
    let ahead = duration(text).map_err(|_| wrong())?;
    let ahead = SignedDuration::try_from(ahead).map_err(|_| wrong())?;
    let at = jiff::Timestamp::now().checked_add(ahead).map_err(|_| wrong())?;
    Timestamp::from_unix(at.as_second(), 0).map_err(|_| wrong())
}

/// When a new key expires: an instant that is still to come.
pub(crate) fn expiry(text: &str) -> Result<Timestamp, String> {
    let at = instant(text)?;
    if at.unix_seconds() <= now() {
        return Err(format!("\"{text}\" is past; the key would have expired already"));
    }
    Ok(at)
}

/// An amount of US dollars to add: more than 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    amount(text).and_then(|dollars| {
        if dollars > 0.0 { Ok(dollars) } else { Err("the amount must be more than 0".to_owned()) }
    })
}

/// A time as a person reads it: `2 d`, `5 h`, `3 min`, `12 s`.
pub(crate) fn roughly(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..DAY => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / DAY),
    }
}

/// A count with its noun: `1 key`, `2 keys`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A count with its noun and verb: `1 key was`, `2 keys were`.
pub(crate) fn counted_were(count: usize, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { "was" } else { "were" })
}

/// How far this instant is from now: `3 d ago`, `in 5 h`.
pub(crate) fn relative(at: &Timestamp, now: i64) -> String {
    let distance = at.unix_seconds().abs_diff(now);
    if at.unix_seconds() <= now {
        format!("{} ago", roughly(distance))
    } else {
        format!("in {}", roughly(distance))
    }
}

/// US dollars with two digits, or four for an amount below a cent.
pub(crate) fn dollars(amount: f64) -> String {
    /// Less is noise, or too little to matter.
    const LEAST: f64 = 0.00005;
    match amount.abs() {
        least if least < LEAST && amount > 0.0 => "<0.0001".to_owned(),
        // Not "-0.00".
        least if least < LEAST => "0.00".to_owned(),
        least if least < 0.01 => format!("{amount:.4}"),
        _ => format!("{amount:.2}"),
    }
}

/// The seconds since 1970, by this machine's clock.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{amount, dollars, duration, instant, roughly};

    #[test]
    fn a_time_is_a_number_with_a_unit_or_several() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("2w"), Ok(Duration::from_secs(14 * 86_400)));
        for wrong in ["", "5", "h", "1y", "-1h", "99999999999999999999h", "1h 5m", "NaN"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_a_plain_number() {
        assert_eq!(amount("$25"), Ok(25.0));
        assert_eq!(amount("0.5"), Ok(0.5));
        for wrong in ["", "NaN", "inf", "-1", "+1", "1e3", "25 USD", "1,000", "."] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_a_timestamp_a_date_or_a_time_from_now() {
        assert_eq!(instant("2027-01-31").unwrap().as_str(), "2027-01-31T23:59:59Z");
        assert!(instant("2027-01-31T12:00:00+02:00").is_ok());
        assert!(instant("30d").is_ok());
        for wrong in ["soon", "2027-01-31T12:00:00", "20270131", "2027-01-31 12:00", "2027-02-30"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_never_shown_as_less_than_nothing_or_as_nothing() {
        let shown = [0.0, -0.0, -1e-12, 1e-9, 0.0001, 0.009_99, 0.01, 1.005, -2.5].map(dollars);
        let expected =
            ["0.00", "0.00", "0.00", "<0.0001", "0.0001", "0.0100", "0.01", "1.00", "-2.50"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_long_time_is_told_in_days() {
        assert_eq!([0, 59, 60, 7200, 200_000].map(roughly), ["0 s", "59 s", "1 min", "2 h", "2 d"]);
    }
}
