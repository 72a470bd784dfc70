//! A button that opens a web site (`cta_url`).

use crate::rules::{Json, kept, label, object, uri};
use crate::table::object;

object! {
    pub(super) struct Action where "name" = "cta_url" {
        parameters: Json<Link> = required kept(object()),
    }
}

object! {
    /// A button that opens a web site.
    pub struct Link {
        /// What stands on the button.
        display_text: String = required label(1..=20),
        /// Where it leads.
        url: String = required uri(),
    }
}
