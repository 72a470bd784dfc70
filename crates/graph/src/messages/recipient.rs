//! Whom a message is for.

use crate::codes;
use crate::error::GraphError;
use crate::params::Params;
use crate::rules::not_valid;
use std::fmt;
use wire::Number;

/// The longest part of a person's id after the country, in bytes.
const ID: usize = 128;

/// Whom a message is for. `Debug` shows nobody.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Who has a phone number.
    Number {
        /// As the business wrote it.
        input: String,
        /// Whom that means.
        number: Number,
    },
    /// Who is known to the business's portfolio by an id: `US.13491208655302741918`.
    User(String),
}

impl Recipient {
    /// In `to`, a phone number or an id; in `recipient`, an id. `to` counts over `recipient`.
    pub(crate) fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let kind = params.get("recipient_type");
        if let Some("group") = kind.map(|kind| kind.one_of(&["individual", "group"])).transpose()? {
            return Err(GraphError::invalid("Groups are not built into this node yet."));
        }
        let recipient = params.get("recipient").map(|recipient| recipient.text()).transpose()?;
        match (params.get("to").map(|to| to.text()).transpose()?, recipient) {
            (Some(to), _) if is_user_id(to) => Ok(Self::User(to.to_owned())),
            (Some(to), _) => match number(to) {
                Some(number) => Ok(Self::Number { input: to.to_owned(), number }),
                None => Err(not_valid("Param to must be a phone number with country code.")),
            },
            (None, Some(id)) if is_user_id(id) => Ok(Self::User(id.to_owned())),
            (None, Some(_)) => Err(not_valid("Param recipient must be a business-scoped user id.")),
            (None, None) => Err(GraphError::missing("to")),
        }
    }

    /// The phone number, if it was told.
    pub fn number(&self) -> Option<Number> {
        match self {
            Self::Number { number, .. } => Some(*number),
            Self::User(_) => None,
        }
    }

    /// A message of this kind can't be sent to who is known by an id only.
    pub fn not_by_user_id() -> GraphError {
        let details = "Use Param to with the recipient's phone number.";
        GraphError::whatsapp(codes::NOT_BY_USER_ID, details)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(…)")
    }
}

/// `^[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}$`.
fn is_user_id(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else { return false };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A full international number, with or without `+`, however it is grouped.
fn number(input: &str) -> Option<Number> {
    let input = input.trim();
    let input = input.strip_prefix('+').unwrap_or(input);
    let digits = input.bytes().filter(|byte| !b" -()".contains(byte));
    let mut number = 0_u64;
    for (at, digit) in digits.enumerate() {
        let digit = char::from(digit).to_digit(10).filter(|digit| at > 0 || *digit > 0)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Number::from_integer(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_grouped() {
        for input in ["16505551234", "+16505551234", "+1 (650) 555-1234", "1-650-555-1234"] {
            assert_eq!(number(input).map(Number::digits).as_deref(), Some("16505551234"), "{input}");
        }
        for input in
            ["", "+", "alice", "0049151", "165055", "1650x5551234", "1+6505551234", "16505551234567890"]
        {
            assert!(number(input).is_none(), "{input}");
        }
    }

    #[test]
    fn ids_of_people_have_a_country() {
        let longest = format!("US.{}", "7".repeat(128));
        for id in ["US.13491208655302741918", "IN.ENT.11a", &longest] {
            assert!(is_user_id(id), "{id}");
        }
        let longer = format!("{longest}7");
        for id in ["", "US", "US.", "us.1", "USA.1", "US.ENT.", "US.1-1", "16505551234", &longer] {
            assert!(!is_user_id(id), "{id}");
        }
        for (to, recipient, is_user) in [
            (Some("US.1"), None, true),
            (None, Some("US.1"), true),
            (Some("16505551234"), Some("US.1"), false),
        ] {
            let json = serde_json::json!({ "to": to, "recipient": recipient }).to_string();
            let params = Params::parse("", None, json.as_bytes()).unwrap();
            assert_eq!(matches!(Recipient::parse(&params), Ok(Recipient::User(_))), is_user);
        }
    }
}
