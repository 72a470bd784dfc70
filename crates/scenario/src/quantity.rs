//! Quantities with their units: a bare number is an error that says which units there are.

mod bandwidth;
mod bytes;
mod duration;
mod moment;
mod probability;
mod rate;
mod time_of_day;

pub use bandwidth::Bandwidth;
pub use bytes::Bytes;
pub use duration::Duration;
pub use moment::Moment;
pub use probability::Probability;
pub use rate::{Of, Rate, TrafficRate};
pub use time_of_day::TimeOfDay;

use std::fmt;
use std::str::FromStr;

/// A text is not the quantity that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QuantityError {
    pub(crate) problem: String,
    pub(crate) hint: String,
}

impl QuantityError {
    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// Something that is written as a text of a certain form.
pub(crate) trait Quantity: FromStr<Err = QuantityError> + fmt::Display {
    /// What the schema calls it.
    const NAME: &'static str;
    /// The name in a sentence, with its article.
    const A_NAME: &'static str;
    /// The form, as a regular expression that is no stricter than the parser.
    const PATTERN: &'static str;
    /// What one may look like; the first one is used in hints.
    const EXAMPLES: &'static [&'static str];
    /// How to write one: the hint for whatever is wrong.
    const HOW: &'static str;
    /// Whether a bare number is one too: only where there is no unit.
    const BARE: bool = false;

    /// The error that says `problem`, and how it is written.
    fn wrong(problem: impl Into<String>) -> QuantityError {
        QuantityError { problem: problem.into(), hint: Self::HOW.into() }
    }
}

/// Serialises as the text, and describes it in the schema.
macro_rules! written_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::quantity::Quantity as _;
                schemars::json_schema!({
                    "type": "string",
                    "description": Self::HOW,
                    "pattern": Self::PATTERN,
                    "examples": Self::EXAMPLES,
                    "x-quantity": Self::NAME,
                })
            }
        }
    };
}
pub(crate) use written_as_text;

/// A text of the form `12.5unit` as its number and the rest.
pub(crate) fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), text.get(end..).unwrap_or_default())
}

/// The decimal `number` times `unit`, without floating point: what a file says is what is run. `None` if it
/// is not a number or too large.
pub(crate) fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let whole = u128::from(whole.parse::<u64>().ok()?) * u128::from(unit);
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) / 10_u128.pow(digits);
    u64::try_from(whole + part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_scale_exactly() {
        assert_eq!(scaled("2", 1000), Some(2000));
        assert_eq!(scaled("0.1", 1_000_000_000), Some(100_000_000));
        assert_eq!(scaled("1.", 10), None);
        assert_eq!(scaled("", 10), None);
        assert_eq!(scaled("1.2.3", 10), None);
        assert_eq!(scaled("99999999999999999999", 1), None);
        assert_eq!(scaled("18446744073709551615", 2), None);
    }
}
