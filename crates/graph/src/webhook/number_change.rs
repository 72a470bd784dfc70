//! That a consumer has another number: a message of the system's in the conversation with the old one.

use crate::webhook::digits;
use serde::{Serialize, Serializer};
use wire::Number;

/// The member `system` of a message.
#[derive(Clone, Copy)]
pub struct NumberChange<'a> {
    /// What the consumer is called; the old number if that is not known.
    pub name: Option<&'a str>,
    /// Until now.
    pub old: Number,
    /// From now on.
    pub new: Number,
}

#[derive(Serialize)]
struct Member {
    body: String,
    #[serde(serialize_with = "digits")]
    wa_id: u64,
    r#type: &'static str,
}

impl Serialize for NumberChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (old, new) = (self.old.digits(), self.new.digits());
        let name = self.name.unwrap_or(&old);
        let body = format!("User {name} changed from {old} to {new}");
        Member { body, wa_id: self.new.as_integer(), r#type: "user_changed_number" }.serialize(serializer)
    }
}
