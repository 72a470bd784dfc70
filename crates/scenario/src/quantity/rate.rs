//! How often something happens, in total or for each of a population: `"3/s in total"`, `"2/day per consumer"`.

use super::{Duration, Quantity, QuantityError, written_as_text};
use std::fmt;
use std::str::FromStr;

/// So many times in a length of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    times: f64,
    per: Duration,
}

/// A rate, and what it is counted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrafficRate {
    /// How often.
    pub rate: Rate,
    /// For each of what.
    pub of: Of,
}

/// What a rate is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Each number of the business population: `per business`.
    Business,
    /// Each consumer of the audience: `per consumer`.
    Consumer,
    /// All of them together: `in total`.
    Total,
}

impl Rate {
    /// How often in a second.
    pub fn per_second(self) -> f64 {
        self.times / self.per.as_secs_f64()
    }

    /// How often in a length of time, on average.
    pub fn times_in(self, time: Duration) -> f64 {
        self.times * (time.as_secs_f64() / self.per.as_secs_f64())
    }

    /// Whether it never happens.
    pub fn is_zero(self) -> bool {
        self.times <= 0.0
    }
}

impl Quantity for Rate {
    const NAME: &'static str = "rate";
    const A_NAME: &'static str = "a rate";
    const PATTERN: &'static str = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*[0-9.a-zµ ]+$";
    const EXAMPLES: &'static [&'static str] = &["2/day", "20/h", "0.5/s", "1/90s"];
    const HOW: &'static str = "a rate is times per time, like \"2/day\", \"20/h\", \"0.5/s\" or \"1/90s\"";
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = |what: &str| Self::wrong(format!("`{text}` {what}"));
        if text.trim_start().starts_with('-') {
            return Err(wrong("is a negative rate"));
        }
        let (times, per) =
            text.split_once('/').ok_or_else(|| wrong("has no time: how often in how long?"))?;
        let times = times.trim();
        if times.is_empty() || !times.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(wrong("does not begin with a number"));
        }
        let times: f64 = times.parse().map_err(|_| wrong("does not begin with a number"))?;
        let per = per.trim();
        let one = if per.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "1" };
        let per: Duration = format!("{one}{per}").parse().map_err(|_| wrong("does not end with a time"))?;
        if per.is_zero() || !times.is_finite() {
            return Err(wrong("is not a possible rate"));
        }
        Ok(Self { times, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SINGLE: [(u64, &str); 4] = [(1, "s"), (60, "min"), (3600, "h"), (86_400, "day")];
        match SINGLE.iter().find(|(seconds, _)| Duration::from_secs(*seconds) == self.per) {
            Some((_, unit)) => write!(f, "{}/{unit}", self.times),
            None => write!(f, "{}/{}", self.times, self.per),
        }
    }
}

written_as_text!(Rate);

const OF: [(&str, Of); 3] =
    [("per business", Of::Business), ("per consumer", Of::Consumer), ("in total", Of::Total)];

impl Quantity for TrafficRate {
    const NAME: &'static str = "traffic rate";
    const A_NAME: &'static str = "a rate";
    const PATTERN: &'static str =
        r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*[0-9.a-zµ ]+ (per business|per consumer|in total)\s*$";
    const EXAMPLES: &'static [&'static str] = &["20/h per business", "2/day per consumer", "3/s in total"];
    const HOW: &'static str = "a rate of traffic says how often and of whom, like \"20/h per business\", \
                               \"2/day per consumer\" or \"3/s in total\"";
}

impl FromStr for TrafficRate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let of = OF.iter().find_map(|(words, of)| Some((text.trim_end().strip_suffix(words)?, *of)));
        let rate = |text: &str| {
            text.parse::<Rate>()
                .map_err(|error| QuantityError { problem: error.problem, hint: Self::HOW.into() })
        };
        match of {
            Some((before, of)) => Ok(Self { rate: rate(before.trim_end())?, of }),
            None => Err(match rate(text) {
                Ok(_) => Self::wrong(format!("`{text}` does not say of whom")),
                Err(error) => error,
            }),
        }
    }
}

impl fmt::Display for TrafficRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = OF.iter().find(|(_, of)| *of == self.of).map_or("", |(words, _)| words);
        write!(f, "{} {words}", self.rate)
    }
}

written_as_text!(TrafficRate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_say_how_often_in_how_long() {
        let rate = |text: &str| text.parse::<Rate>().map(|rate| rate.times_in(Duration::from_days(1)));
        assert_eq!(rate("2/day"), Ok(2.0));
        assert_eq!(rate("20/h"), Ok(480.0));
        assert_eq!(rate("1 / 90s"), Ok(960.0));
        for wrong in ["3", "3/", "/s", "3/0s", "3/fortnight", "-1/s", "inf/s", "1e3/s", "nan/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for text in ["2/day", "0.5/s", "1/1min30s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn rates_of_traffic_say_of_whom() {
        let rate: TrafficRate = "2/day per consumer".parse().unwrap();
        assert_eq!(rate.of, Of::Consumer);
        assert_eq!(rate.to_string(), "2/day per consumer");
        let error = "2/day".parse::<TrafficRate>().unwrap_err();
        assert_eq!(error.problem, "`2/day` does not say of whom");
    }
}
