//! Lengths of time, to the nanosecond, in one unit or in several: `"250ms"`, `"2h30min"`.

use super::{Quantity, QuantityError, scaled, split_number, written_as_text};
use std::fmt;
use std::str::FromStr;

/// A length of time, to the nanosecond; at most 584 years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    nanos: u64,
}

// Own parser rather than `humantime`: there `m` is a minute, `M` a month of 30.44 days, and `1.5h` an error.
const UNITS: [(&[&str], u64); 8] = [
    (&["w", "week", "weeks"], 604_800_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["h", "hour", "hours"], 3_600_000_000_000),
    (&["min"], 60_000_000_000),
    (&["s"], 1_000_000_000),
    (&["ms"], 1_000_000),
    (&["us", "µs"], 1_000),
    (&["ns"], 1),
];

impl Duration {
    /// No time.
    pub const ZERO: Self = Self { nanos: 0 };

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self { nanos: millis.saturating_mul(1_000_000) }
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self { nanos: seconds.saturating_mul(1_000_000_000) }
    }

    /// So many days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Self::from_secs(days.saturating_mul(86_400))
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// In seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.to_std().as_secs_f64()
    }

    /// As the standard library has it.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.nanos)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.to_std()
    }
}

impl Quantity for Duration {
    const NAME: &'static str = "duration";
    const A_NAME: &'static str = "a duration";
    const PATTERN: &'static str = r"^\s*([0-9]+(\.[0-9]+)?\s*[a-zµ]+\s*)+$";
    const EXAMPLES: &'static [&'static str] = &["250ms", "1.5h", "2h30min"];
    const HOW: &'static str = "a duration is a text with units, like \"250ms\" or \"2h30min\"; units are w, d, h, min, s, ms, us, ns";
}

impl FromStr for Duration {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.trim_start().starts_with('-') {
            return Err(Self::wrong(format!("`{text}` is a negative time")));
        }
        let mut rest = text.trim();
        let mut nanos = Some(0_u64);
        while !rest.is_empty() || text.trim().is_empty() {
            let (number, after) = split_number(rest);
            let after = after.trim_start();
            let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            match (number, unit) {
                ("", _) => return Err(Self::wrong(format!("`{text}` is not a duration"))),
                (_, "") => return Err(Self::wrong(format!("`{text}` has no unit"))),
                _ => {}
            }
            let part = scaled(number, unit_nanos(text, unit)?);
            nanos = nanos.zip(part).and_then(|(sum, part)| sum.checked_add(part));
            rest = after.trim_start();
        }
        nanos.map(Self::from_nanos).ok_or_else(|| Self::wrong(format!("`{text}` is not a possible duration")))
    }
}

fn unit_nanos(text: &str, unit: &str) -> Result<u64, QuantityError> {
    let known = UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, nanos)| *nanos);
    known.ok_or_else(|| match unit {
        "m" => QuantityError {
            problem: format!("`m` in `{text}` could be minutes or months"),
            hint: "minutes are `min`; for months write days".into(),
        },
        _ => Duration::wrong(format!("`{unit}` in `{text}` is not a unit of time")),
    })
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0s");
        }
        let mut left = self.nanos;
        // Without weeks: "30d" is what people say.
        for (names, unit) in UNITS.iter().skip(1) {
            let (count, rest) = (left / unit, left % unit);
            if let (1.., Some(name)) = (count, names.first()) {
                write!(f, "{count}{name}")?;
            }
            left = rest;
        }
        Ok(())
    }
}

written_as_text!(Duration);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_have_units() {
        let nanos =
            |text: &str| text.parse::<Duration>().map(Duration::as_nanos).map_err(|error| error.problem);
        assert_eq!(nanos("250ms"), Ok(250_000_000));
        assert_eq!(nanos("2h30min"), Ok(9_000_000_000_000));
        assert_eq!(nanos(" 1.5 h "), Ok(5_400_000_000_000));
        assert_eq!(nanos("5"), Err("`5` has no unit".into()));
        assert_eq!(nanos("5m"), Err("`m` in `5m` could be minutes or months".into()));
        assert_eq!(nanos("-5s"), Err("`-5s` is a negative time".into()));
        assert_eq!(nanos("soon"), Err("`soon` is not a duration".into()));
        assert_eq!(nanos(""), Err("`` is not a duration".into()));
        assert_eq!(
            nanos("9999w 9999w 9999w 9999w"),
            Err("`9999w 9999w 9999w 9999w` is not a possible duration".into())
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Duration>();
        }
    }
}
