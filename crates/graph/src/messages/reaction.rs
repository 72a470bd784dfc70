//! `"type": "reaction"` (Cloud API documentation, "Reaction messages").

use crate::rules::text;
use crate::table::object;

object! {
    /// An emoji at a message of the conversation, or that there is none any more.
    pub struct Reaction {
        /// The name of the message. If it is none that a reaction can be at, the reaction fails afterwards.
        message_id: String = required text(1..=1_024),
        /// The emoji; empty: none any more.
        emoji: String = required text(..=16).form("an emoji, or empty", may_be_emoji),
    }
}

/// There are several thousand emojis, and new ones each year: refuses what is surely none.
fn may_be_emoji(text: &str) -> bool {
    let is_keycap = text.ends_with('\u{20e3}');
    text.is_empty() || is_keycap || !text.chars().any(|c| c.is_ascii() || c.is_whitespace() || c.is_control())
}
