//! Probabilities and shares: a number from 0 to 1 or a text in percent, `0.03` or `"3%"`.

use super::{Quantity, QuantityError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A probability or a share: from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Never, or nobody.
    pub const ZERO: Self = Self(0.0);
    /// Always, or everybody.
    pub const ONE: Self = Self(1.0);

    /// `None` outside 0 to 1.
    pub const fn new(value: f64) -> Option<Self> {
        if value >= 0.0 && value <= 1.0 { Some(Self(value)) } else { None }
    }

    /// From 0 to 1.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Quantity for Probability {
    const NAME: &'static str = "probability";
    const A_NAME: &'static str = "a probability";
    const PATTERN: &'static str = r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$";
    const EXAMPLES: &'static [&'static str] = &["3%", "0.5%"];
    const HOW: &'static str =
        "a probability or share is a number from 0 to 1, like 0.03, or a text like \"3%\"";
    const BARE: bool = true;
}

impl FromStr for Probability {
    type Err = QuantityError;

    /// A number from 0 to 1, or per cent.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (number, scale) = match text.trim().strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 100.0),
            None => (text.trim(), 1.0),
        };
        let number: f64 =
            number.parse().map_err(|_| Self::wrong(format!("`{text}` is not a probability")))?;
        Self::new(number / scale).ok_or_else(|| Self::wrong(format!("`{text}` is not between 0 and 1")))
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string"],
            "description": Self::HOW,
            "minimum": 0,
            "maximum": 1,
            "pattern": Self::PATTERN,
            "examples": [0.03, "3%"],
            "x-quantity": Self::NAME,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_numbers_or_per_cent() {
        let get = |text: &str| text.parse::<Probability>().map(Probability::get).ok();
        assert_eq!(
            [get("0.25"), get("25%"), get("0"), get("1")],
            [Some(0.25), Some(0.25), Some(0.0), Some(1.0)]
        );
        assert_eq!([get("1.01"), get("-0.1"), get("101%"), get("NaN"), get("often")], [None; 5]);
    }
}
