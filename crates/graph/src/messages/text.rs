//! `"type": "text"` (Cloud API documentation, "Text messages").

use crate::rules::{boolean, text};
use crate::table::object;

object! {
    /// A text. `Debug` does not show it.
    pub struct Text {
        /// 1 to 4096 characters, not all of them white.
        body: String = required text(1..=4_096),
        /// Whether the app shows what its first link leads to.
        preview_url: bool = or_default boolean(),
    }
}
