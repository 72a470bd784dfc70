//! A button by which a person tells where they are.

use crate::table::object;

object! {
    pub(super) struct Action where "name" = "send_location" {}
}
