//! Reply buttons.

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{distinct, label, list, object, text};
use crate::table::object;

object! {
    /// One to three buttons, of which a person presses one.
    pub struct Buttons {
        /// In order; no two have the same id or title.
        buttons: Vec<Button> = required list(1..=3, object()),
    }
    check Buttons::check
}

object! {
    /// A button.
    pub struct Button where "type" = "reply" {
        /// What pressing it says.
        reply: Reply = required object(),
    }
}

object! {
    /// What pressing a button says.
    pub struct Reply {
        /// The business's name for it.
        id: String = required text(1..=256),
        /// What stands on the button.
        title: String = required label(1..=20),
    }
}

impl Buttons {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        distinct(self.buttons.iter().map(|button| &*button.reply.id), "button ids", param)?;
        distinct(self.buttons.iter().map(|button| &*button.reply.title), "button titles", param)
    }
}
