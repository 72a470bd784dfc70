//! `GET /{app-id}`.

use crate::ids::AppId;
use crate::objects::node;
use crate::subscriptions::link;

node! {
    /// An app.
    App is "Application", usually ["name", "link"],
    always {
        /// Its id.
        id: AppId,
        /// What people call it.
        name: &'a str,
        /// Its page.
        link: String,
    }
    sometimes {}
}

impl<'a> App<'a> {
    /// An app.
    pub fn new(id: AppId, name: &'a str) -> Self {
        Self { id, name, link: link(id) }
    }
}
