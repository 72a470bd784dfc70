//! An offer that ends: what stands above the text of a template for one.

use crate::error::GraphError;
use crate::reading::Members;
use crate::templates::errors::Part;
use serde::Serialize;
use std::fmt;

/// The longest text, in characters.
const LIMIT: usize = 16;

/// An offer that ends. `Debug` does not show its text.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// What it is called.
    pub text: String,
    /// Whether each message says when it ends.
    pub has_expiration: bool,
}

impl Offer {
    pub(crate) fn read(members: &Members<'_>) -> Result<Self, GraphError> {
        members.only(&["type", "limited_time_offer"])?;
        let missing = || Part::Offer.missing("limited_time_offer");
        let offer = members.get("limited_time_offer").ok_or_else(missing)?;
        let offer = offer.object(&["text", "has_expiration"])?;
        let text = offer.get("text").ok_or_else(|| Part::Offer.missing("text"))?;
        let text = Part::Offer.within("text", text.text()?, LIMIT)?.to_owned();
        let has_expiration = offer.get("has_expiration").map(|has| has.boolean()).transpose()?;
        Ok(Self { text, has_expiration: has_expiration.unwrap_or(false) })
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offer(…)")
    }
}
