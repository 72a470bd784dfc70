//! Who a fault or an adversary is about.

use crate::quantity::{Quantity, QuantityError, written_as_text};
use std::fmt;
use std::str::FromStr;

/// One party, or all of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// `relay`
    Relay,
    /// `node`: every node.
    Nodes,
    /// `node/2`: one node, from 0.
    Node(u32),
    /// `consumers`: every consumer.
    Consumers,
    /// `consumer/17`: one consumer, from 0, counted through all populations in their order.
    Consumer(u32),
    /// `population/NAME`: the consumers of one population.
    Population(String),
}

impl Party {
    /// Whether only consumers can be meant.
    pub const fn is_consumers(&self) -> bool {
        matches!(self, Self::Consumers | Self::Consumer(_) | Self::Population(_))
    }
}

impl Quantity for Party {
    const NAME: &'static str = "party";
    const A_NAME: &'static str = "a party";
    const PATTERN: &'static str = r"^(relay|node|node/[0-9]+|consumers|consumer/[0-9]+|population/.+)$";
    const EXAMPLES: &'static [&'static str] = &["relay", "node/0", "consumer/17", "population/people"];
    const HOW: &'static str = "a party is \"relay\", \"node\" (all of them), \"node/0\", \"consumers\" (all of \
                               them), \"consumer/17\" or \"population/NAME\"";
}

impl FromStr for Party {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || Self::wrong(format!("`{text}` is not a party"));
        let number = |digits: &str| match digits.starts_with('+') {
            true => Err(wrong()),
            false => digits.parse::<u32>().map_err(|_| wrong()),
        };
        match text.split_once('/') {
            None if text == "relay" => Ok(Self::Relay),
            None if text == "node" => Ok(Self::Nodes),
            None if text == "consumers" => Ok(Self::Consumers),
            Some(("node", index)) => Ok(Self::Node(number(index)?)),
            Some(("consumer", index)) => Ok(Self::Consumer(number(index)?)),
            Some(("population", name)) if !name.is_empty() => Ok(Self::Population(name.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relay => f.write_str("relay"),
            Self::Nodes => f.write_str("node"),
            Self::Node(index) => write!(f, "node/{index}"),
            Self::Consumers => f.write_str("consumers"),
            Self::Consumer(index) => write!(f, "consumer/{index}"),
            Self::Population(name) => write!(f, "population/{name}"),
        }
    }
}

written_as_text!(Party);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_read_back() {
        for text in ["relay", "node", "node/2", "consumers", "consumer/17", "population/people"] {
            assert_eq!(text.parse::<Party>().unwrap().to_string(), text);
        }
        for wrong in ["", "relay/0", "node/", "node/-1", "node/+1", "population/", "business/1"] {
            assert!(wrong.parse::<Party>().is_err(), "{wrong}");
        }
    }
}
