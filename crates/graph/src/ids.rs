//! Names of Graph objects: decimal digits, opaque otherwise.

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest id, in digits (facts: media ids have up to 32).
const LONGEST: usize = 32;

/// A text is not the id of a Graph object.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a Graph id: want 1 to 32 decimal digits")]
pub struct GraphIdError;

/// Digits, without an allocation: what follows them is zero, so that ids are ordered as their texts are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Digits {
    digits: [u8; LONGEST],
    length: u8,
}

impl Digits {
    fn as_str(&self) -> &str {
        let digits = self.digits.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

impl FromStr for Digits {
    type Err = GraphIdError;
    fn from_str(text: &str) -> Result<Self, GraphIdError> {
        if !is_graph_id(text) {
            return Err(GraphIdError);
        }
        let mut digits = [0; LONGEST];
        for (to, from) in digits.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Ok(Self { digits, length: u8::try_from(text.len()).map_err(|_| GraphIdError)? })
    }
}

impl From<u64> for Digits {
    fn from(number: u64) -> Self {
        // A u64 has 20 digits at most; zero has one.
        let (mut digits, mut length) = ([0; LONGEST], 0);
        for (to, from) in digits.iter_mut().zip(number.to_string().bytes()) {
            *to = from;
            length += 1;
        }
        Self { digits, length }
    }
}

macro_rules! graph_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Digits);

        impl $name {
            /// Stands before all others.
            pub const FIRST: Self = Self(Digits { digits: [0; LONGEST], length: 0 });

            /// The digits.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = GraphIdError;
            fn from_str(text: &str) -> Result<Self, GraphIdError> {
                text.parse().map(Self)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number.into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

graph_id! {
    /// A business portfolio: what owns apps, accounts and tokens. Graph calls it a business.
    PortfolioId,
    /// An app: what tokens belong to, and what webhooks are signed for.
    AppId,
    /// A WhatsApp Business Account: what owns phone numbers.
    WabaId,
    /// The Graph name of a business's telephone number.
    PhoneNumberId,
    /// A message template of a business account.
    TemplateId,
    /// Bytes that a business has uploaded, or a consumer sent.
    MediaId,
}

/// True for what can name a Graph object.
pub fn is_graph_id(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_their_texts(one in "[0-9]{1,32}", other in "[0-9]{1,32}") {
            let (a, b): (AppId, AppId) = (one.parse().unwrap(), other.parse().unwrap());
            prop_assert_eq!(a.as_str(), &one);
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert!(AppId::FIRST < a);
        }

        #[test]
        fn numbers_are_ids(number: u64) {
            prop_assert_eq!(PortfolioId::from(number), number.to_string().parse().unwrap());
        }

        #[test]
        fn nothing_else_is_one(text in ".{0,40}") {
            let digits = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(text.parse::<WabaId>().is_ok(), digits);
        }
    }
}
