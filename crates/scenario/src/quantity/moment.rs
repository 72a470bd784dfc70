//! Calendar time, as TOML writes a date or a date with time and offset: when virtual time begins.

use super::{Quantity, QuantityError, written_as_text};
use std::fmt;
use std::str::FromStr;
use toml::value::{Datetime, Offset};

/// A moment of the calendar, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    unix_seconds: i64,
}

impl Moment {
    /// 2026-09-21T00:00:00Z, a Monday: where the virtual clock starts if nothing is said.
    pub const DEFAULT: Self = Self { unix_seconds: 1_789_948_800 };

    /// Seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Quantity for Moment {
    const NAME: &'static str = "moment";
    const A_NAME: &'static str = "a moment";
    const PATTERN: &'static str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$";
    const EXAMPLES: &'static [&'static str] = &["2026-09-21", "2026-09-21T08:00:00Z"];
    const HOW: &'static str =
        "a moment is a date, 2026-09-21, or a date with time and offset, 2026-09-21T08:00:00Z; from 1970 on";
}

impl FromStr for Moment {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = |what: &str| Self::wrong(format!("`{text}` {what}"));
        let written: Datetime = text.trim().parse().map_err(|_| wrong("is not a date"))?;
        let date = written.date.ok_or_else(|| wrong("has no date"))?;
        let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
        let seconds = match (written.time, written.offset) {
            (None, _) => 0,
            (Some(_), None) => return Err(wrong("does not say in which time zone")),
            (Some(time), Some(offset)) => {
                let minutes = match offset {
                    Offset::Z => 0,
                    Offset::Custom { minutes } => i64::from(minutes),
                };
                let clock = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60;
                clock + i64::from(time.second.unwrap_or(0)) - minutes * 60
            }
        };
        let unix_seconds = days * 86_400 + seconds;
        if unix_seconds < 0 { Err(wrong("is before 1970")) } else { Ok(Self { unix_seconds }) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, clock) = (self.unix_seconds.div_euclid(86_400), self.unix_seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        write!(f, "T{:02}:{:02}:{:02}Z", clock / 3600, clock / 60 % 60, clock % 60)
    }
}

written_as_text!(Moment);

/// Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant, chrono-compatible low-level
/// date algorithms).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The other way round.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_are_of_the_calendar() {
        let seconds = |text: &str| text.parse::<Moment>().map(Moment::unix_seconds).ok();
        assert_eq!(seconds("2026-09-21"), Some(1_789_948_800));
        assert_eq!(seconds("2026-09-21T02:00:00+02:00"), Some(1_789_948_800));
        assert_eq!(seconds("2000-02-29T23:59:59Z"), Some(951_868_799));
        assert_eq!([seconds("2026-09-21T08:00:00"), seconds("1969-12-31"), seconds("08:00:00")], [None; 3]);
        assert_eq!(Moment::DEFAULT.to_string(), "2026-09-21T00:00:00Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(unix_seconds in 0..200_000_000_000_i64) {
            let moment = Moment { unix_seconds };
            prop_assert_eq!(moment.to_string().parse::<Moment>(), Ok(moment));
        }
    }
}
