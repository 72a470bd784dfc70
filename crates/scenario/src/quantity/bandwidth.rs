//! Bandwidths: bits or bytes per second, `"20Mbit/s"`.

use super::{Quantity, QuantityError, scaled, split_number, written_as_text};
use std::fmt;
use std::str::FromStr;

/// A bandwidth in bits per second, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bandwidth(u64);

const UNITS: [(&str, u64); 8] = [
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1_000),
    ("bit/s", 1),
    ("GB/s", 8_000_000_000),
    ("MB/s", 8_000_000),
    ("kB/s", 8_000),
    ("B/s", 8),
];

impl Bandwidth {
    /// So many bits per second.
    pub const fn from_bits_per_s(bits: u64) -> Self {
        Self(bits)
    }

    /// How many bits per second.
    pub const fn bits_per_s(self) -> u64 {
        self.0
    }
}

impl Quantity for Bandwidth {
    const NAME: &'static str = "bandwidth";
    const A_NAME: &'static str = "a bandwidth";
    const PATTERN: &'static str = r"^\s*[0-9]+(\.[0-9]+)?\s*[kMG]?(bit|B)/s\s*$";
    const EXAMPLES: &'static [&'static str] = &["20Mbit/s", "500kB/s"];
    const HOW: &'static str = "a bandwidth is a text with its unit, like \"20Mbit/s\" or \"500kB/s\"; \
                               units are bit/s, kbit/s, Mbit/s, Gbit/s, B/s, kB/s, MB/s, GB/s";
}

impl FromStr for Bandwidth {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, unit) = split_number(text.trim());
        let unit = unit.trim_start();
        let known = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bits)| *bits);
        let problem = |what: &str| Self::wrong(format!("`{text}` {what}"));
        let scale = known.ok_or_else(|| problem("is not a number with a unit of bandwidth"))?;
        match scaled(number, scale) {
            Some(0) => Err(problem("lets nothing through")),
            Some(bits) => Ok(Self(bits)),
            None => Err(problem("is not a possible bandwidth")),
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = UNITS.iter().take(4).find(|(_, bits)| self.0 >= *bits && self.0.is_multiple_of(*bits));
        let (name, bits) = bits.unwrap_or(&("bit/s", 1));
        write!(f, "{}{name}", self.0 / bits)
    }
}

written_as_text!(Bandwidth);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidths_have_units() {
        let bits = |text: &str| text.parse::<Bandwidth>().map(Bandwidth::bits_per_s).ok();
        assert_eq!(bits("20Mbit/s"), Some(20_000_000));
        assert_eq!(bits("500 kB/s"), Some(4_000_000));
        assert_eq!([bits("20Mbit"), bits("20"), bits("0bit/s"), bits("fast")], [None; 4]);
        for bandwidth in [1, 1500, 20_000_000, u64::MAX].map(Bandwidth) {
            assert_eq!(bandwidth.to_string().parse(), Ok(bandwidth));
        }
    }
}
