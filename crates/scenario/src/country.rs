//! Countries: how their numbers begin, and what time it is there.

use crate::quantity::{Quantity, QuantityError, written_as_text};
use std::fmt;
use std::str::FromStr;

/// A country of the table. Two letters, as ISO 3166 has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Country(&'static Facts);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Facts {
    code: &'static str,
    /// How mobile numbers begin, country code included.
    prefix: &'static str,
    /// How many digits a number has, all told.
    digits: usize,
    /// East of Greenwich, standard time, where most of its people live.
    utc_offset_minutes: i16,
}

const fn country(code: &'static str, prefix: &'static str, digits: usize, utc_offset_minutes: i16) -> Facts {
    Facts { code, prefix, digits, utc_offset_minutes }
}

static GERMANY: Facts = country("DE", "4915", 13, 60);

static TABLE: [Facts; 32] = [
    country("AR", "54911", 13, -180),
    country("AT", "43660", 13, 60),
    country("AU", "614", 11, 600),
    country("BD", "8801", 13, 360),
    country("BR", "55119", 13, -180),
    country("CA", "1416", 11, -300),
    country("CH", "4179", 11, 60),
    country("CL", "569", 11, -240),
    country("CO", "573", 12, -300),
    country("DE", "4915", 13, 60),
    country("EG", "201", 12, 120),
    country("ES", "346", 11, 60),
    country("FR", "336", 11, 60),
    country("GB", "447", 12, 0),
    country("ID", "628", 13, 420),
    country("IN", "919", 12, 330),
    country("IT", "393", 12, 60),
    country("JP", "8190", 12, 540),
    country("KE", "2547", 12, 180),
    country("MX", "5255", 12, -360),
    country("MY", "601", 12, 480),
    country("NG", "234803", 13, 60),
    country("NL", "316", 11, 60),
    country("PE", "519", 11, -300),
    country("PH", "639", 12, 480),
    country("PK", "923", 12, 300),
    country("PL", "485", 11, 60),
    country("SA", "9665", 12, 180),
    country("SG", "659", 10, 480),
    country("TR", "905", 12, 180),
    country("US", "1312", 11, -360),
    country("ZA", "277", 11, 120),
];

impl Country {
    /// Every country of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// Two letters, as ISO 3166 has them.
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// How far its clocks are ahead of UTC, in minutes: standard time all year, in the zone where most of
    /// its people live.
    pub const fn utc_offset_minutes(self) -> i16 {
        self.0.utc_offset_minutes
    }

    /// How many mobile numbers [`number`](Self::number) has.
    pub fn numbers(self) -> u64 {
        let free = self.0.digits.saturating_sub(self.0.prefix.len());
        u32::try_from(free).ok().and_then(|free| 10_u64.checked_pow(free)).unwrap_or(0)
    }

    /// Its mobile number `index`, with the country code and without a plus; `None` beyond
    /// [`numbers`](Self::numbers).
    pub fn number(self, index: u64) -> Option<u64> {
        let prefix: u64 = self.0.prefix.parse().ok()?;
        (index < self.numbers()).then(|| prefix * self.numbers() + index)
    }
}

impl Default for Country {
    /// Germany, as everywhere in this project's examples.
    fn default() -> Self {
        Self(&GERMANY)
    }
}

impl Quantity for Country {
    const NAME: &'static str = "country";
    const A_NAME: &'static str = "a country";
    const PATTERN: &'static str = "^[A-Z]{2}$";
    const EXAMPLES: &'static [&'static str] = &["DE", "IN", "BR"];
    const HOW: &'static str = "a country is two letters of ISO 3166; known are AR, AT, AU, BD, BR, CA, CH, CL, \
                               CO, DE, EG, ES, FR, GB, ID, IN, IT, JP, KE, MX, MY, NG, NL, PE, PH, PK, PL, SA, \
                               SG, TR, US, ZA";
}

impl FromStr for Country {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let known = TABLE.iter().find(|facts| facts.code == text).map(Self);
        known.ok_or_else(|| Self::wrong(format!("`{text}` is not a country of the table")))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

written_as_text!(Country);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_named_where_a_person_looks_for_it() {
        for country in Country::all() {
            assert!(Country::HOW.contains(&format!(" {country}")), "{country}");
            assert!(country.numbers() >= 1_000_000, "{country}");
        }
        assert_eq!(Country::default().code(), "DE");
    }

    #[test]
    fn numbers_are_of_the_country_and_differ() {
        let germany = Country::default();
        assert_eq!(germany.number(12), Some(4_915_000_000_012));
        assert_eq!(germany.number(999_999_999), Some(4_915_999_999_999));
        assert_eq!(germany.number(1_000_000_000), None);
        let mut starts: Vec<_> =
            Country::all().map(|country| country.number(0).unwrap().to_string()).collect();
        starts.sort();
        starts.dedup();
        assert_eq!(starts.len(), TABLE.len());
    }
}
