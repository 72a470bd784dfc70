//! Times of the day on a consumer's own clock: `"08:30"`.

use super::{Quantity, QuantityError, written_as_text};
use std::fmt;
use std::str::FromStr;

/// A time of the day, to the minute, where the consumer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: u16,
}

impl TimeOfDay {
    /// A full hour; hours wrap at 24.
    pub const fn hour(hour: u16) -> Self {
        Self { minutes: hour % 24 * 60 }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.minutes
    }
}

impl Quantity for TimeOfDay {
    const NAME: &'static str = "time of day";
    const A_NAME: &'static str = "a time of day";
    const PATTERN: &'static str = r"^([01][0-9]|2[0-3]):[0-5][0-9]$";
    const EXAMPLES: &'static [&'static str] = &["07:30", "23:00"];
    const HOW: &'static str = "a time of day is a text from \"00:00\" to \"23:59\"";
}

impl FromStr for TimeOfDay {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || Self::wrong(format!("`{text}` is not a time of day"));
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let two_digits = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u16>().ok()).flatten()
        };
        match (two_digits(hours), two_digits(minutes)) {
            (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => Ok(Self { minutes: hours * 60 + minutes }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

written_as_text!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_24_hours() {
        let minutes = |text: &str| text.parse::<TimeOfDay>().map(TimeOfDay::minutes).ok();
        assert_eq!([minutes("00:00"), minutes("23:59"), minutes("07:30")], [Some(0), Some(1439), Some(450)]);
        assert_eq!([minutes("24:00"), minutes("7:30"), minutes("12:60"), minutes("noon")], [None; 4]);
        assert_eq!(TimeOfDay::hour(9).to_string(), "09:00");
    }
}
