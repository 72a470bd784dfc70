//! Sizes in bytes: decimal or binary units, `"1.5MB"`, `"4KiB"`.

use super::{Quantity, QuantityError, scaled, split_number, written_as_text};
use std::fmt;
use std::str::FromStr;

/// A size in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// So many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Quantity for Bytes {
    const NAME: &'static str = "size";
    const A_NAME: &'static str = "a size";
    const PATTERN: &'static str = r"^\s*[0-9]+(\.[0-9]+)?\s*[A-Za-z]+\s*$";
    const EXAMPLES: &'static [&'static str] = &["160B", "4KiB", "1.5MB"];
    const HOW: &'static str =
        "a size is a text with its unit, like \"160B\" or \"4KiB\"; units are B, kB, MB, GB, KiB, MiB, GiB";
}

impl FromStr for Bytes {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, unit) = split_number(text.trim());
        let unit = unit.trim_start();
        match (number, unit) {
            ("", _) if unit.starts_with('-') => {
                return Err(Self::wrong(format!("`{text}` is a negative size")));
            }
            ("", _) => return Err(Self::wrong(format!("`{text}` is not a size"))),
            (_, "") => return Err(Self::wrong(format!("`{text}` has no unit"))),
            _ => {}
        }
        let known = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes);
        let scale =
            known.ok_or_else(|| Self::wrong(format!("`{unit}` in `{text}` is not a unit of size")))?;
        scaled(number, scale).map(Self).ok_or_else(|| Self::wrong(format!("`{text}` is not a possible size")))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes));
        let (name, bytes) = whole.unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / bytes)
    }
}

written_as_text!(Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let bytes = |text: &str| text.parse::<Bytes>().map(Bytes::get).map_err(|error| error.problem);
        assert_eq!(bytes("4KiB"), Ok(4096));
        assert_eq!(bytes("1.5 kB"), Ok(1500));
        assert_eq!(bytes("160"), Err("`160` has no unit".into()));
        assert_eq!(bytes("160b"), Err("`b` in `160b` is not a unit of size".into()));
        for size in [0, 1, 999, 1000, 1024, 1 << 20, 5_000_000, u64::MAX] {
            assert_eq!(Bytes(size).to_string().parse(), Ok(Bytes(size)));
        }
    }
}
