//! Names of Graph objects: decimal digits, opaque otherwise.

use std::fmt;
use std::str::FromStr;

/// A text is not the id of a Graph object.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a Graph id: want 1 to 32 decimal digits")]
pub struct GraphIdError;

macro_rules! graph_id {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = GraphIdError;
            fn from_str(text: &str) -> Result<Self, GraphIdError> {
                if is_graph_id(text) { Ok(Self(text.to_owned())) } else { Err(GraphIdError) }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

graph_id! {
    /// An app: what tokens belong to, and what webhooks are signed for.
    AppId,
    /// A WhatsApp Business Account: what owns phone numbers.
    WabaId,
    /// The Graph name of a business's telephone number.
    PhoneNumberId
}

/// True for what can name a Graph object.
pub(crate) fn is_graph_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
