//! The windows over which spending is counted: a UTC day, a week from Monday, a month.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// When a key's limit resets, always at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reset {
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
    /// On the first of every month.
    Monthly,
}

impl Reset {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "daily" => Some(Self::Daily),
            "weekly" => Some(Self::Weekly),
            "monthly" => Some(Self::Monthly),
            _ => None,
        }
    }

    /// The midnight at which the window around `now` began.
    pub(crate) fn window_start(self, now: Timestamp) -> Timestamp {
        midnight(self.first_day(now))
    }

    /// The midnight at which the window around `now` ends and the next begins.
    pub(crate) fn window_end(self, now: Timestamp) -> Timestamp {
        let first_day = self.first_day(now);
        midnight(match self {
            Self::Daily => first_day.saturating_add(1.day()),
            Self::Weekly => first_day.saturating_add(1.week()),
            Self::Monthly => first_day.saturating_add(1.month()),
        })
    }

    fn first_day(self, now: Timestamp) -> Date {
        let today = TimeZone::UTC.to_datetime(now).date();
        match self {
            Self::Daily => today,
            Self::Weekly => {
                let since_monday = i32::from(today.weekday().to_monday_zero_offset());
                today.saturating_sub(since_monday.days())
            }
            Self::Monthly => today.first_of_month(),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    // Fails only within hours of the calendar's last day, in the year 9999.
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(reset: Reset, now: &str) -> (String, String) {
        let now = now.parse().unwrap();
        (reset.window_start(now).to_string(), reset.window_end(now).to_string())
    }

    fn days(from: &str, to: &str) -> (String, String) {
        (format!("{from}T00:00:00Z"), format!("{to}T00:00:00Z"))
    }

    #[test]
    fn a_day_runs_from_midnight_to_midnight() {
        let day = days("2026-03-31", "2026-04-01");
        assert_eq!(window(Reset::Daily, "2026-03-31T00:00:00Z"), day);
        assert_eq!(window(Reset::Daily, "2026-03-31T23:59:59.999Z"), day);
    }

    #[test]
    fn a_week_runs_from_monday_to_monday() {
        let week = days("2026-06-29", "2026-07-06");
        assert_eq!(window(Reset::Weekly, "2026-06-29T00:00:00Z"), week);
        assert_eq!(window(Reset::Weekly, "2026-07-05T23:59:59Z"), week);
    }

    #[test]
    fn a_month_runs_from_its_first_to_the_next_first() {
        assert_eq!(
            window(Reset::Monthly, "2027-12-31T23:59:59Z"),
            days("2027-12-01", "2028-01-01")
        );
        assert_eq!(
            window(Reset::Monthly, "2028-02-29T12:00:00Z"),
            days("2028-02-01", "2028-03-01")
        );
    }
}
