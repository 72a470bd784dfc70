//! What a template is for, and so what a message of it is billed as.

use crate::error::GraphError;
use crate::reading::Param;
use crate::templates::word;
use serde::Serialize;
use wire::BillingClass;

const WORDS: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// A code that says who somebody is.
    Authentication,
    /// Anything that is to sell something.
    Marketing,
    /// About something that the recipient has asked for.
    Utility,
}

impl Category {
    /// Reads one, in whatever case.
    ///
    /// # Errors
    /// It is none.
    pub fn read(param: Param<'_>) -> Result<Self, GraphError> {
        let name = word(param, &WORDS)?;
        Self::of(name).ok_or_else(|| GraphError::one_of(&param.path(), &WORDS, name))
    }

    /// The one of that name, in whatever case.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Authentication, Self::Marketing, Self::Utility]
            .into_iter()
            .find(|category| category.as_str().eq_ignore_ascii_case(name))
    }

    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "AUTHENTICATION",
            Self::Marketing => "MARKETING",
            Self::Utility => "UTILITY",
        }
    }

    /// What a message of such a template is declared as to the relay.
    pub fn billing_class(self) -> BillingClass {
        match self {
            Self::Authentication => BillingClass::Authentication,
            Self::Marketing => BillingClass::Marketing,
            Self::Utility => BillingClass::Utility,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_in_any_case() {
        for name in WORDS {
            assert_eq!(Category::of(name).unwrap().as_str(), name);
            assert_eq!(Category::of(&name.to_lowercase()), Category::of(name));
        }
        assert_eq!(Category::of("OTP"), None);
    }
}
