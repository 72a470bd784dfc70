//! `"type": "location"` (Cloud API documentation, "Location messages").

use crate::rules::{number, text};
use crate::table::object;

object! {
    /// A place.
    pub struct Location {
        /// Degrees north; a number or its digits.
        latitude: f64 = required number(-90.0..=90.0),
        /// Degrees east; a number or its digits.
        longitude: f64 = required number(-180.0..=180.0),
        /// What it is called.
        name: String = or_default text(..=1_000),
        /// Where that is; apps show it with the name only.
        address: String = or_default text(..=1_000),
    }
}
