//! What posts of webhooks are made with.

use super::callbacks::Callbacks;
use crate::accounts::Directory;
use crate::config::WebhookPolicy;
use graph::{Signatures, SigningKey};

/// What posts are made with.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) callbacks: &'a Callbacks,
    pub(crate) policy: &'a WebhookPolicy,
    pub(crate) sign: &'a dyn Fn(&SigningKey, &[u8]) -> Signatures,
}
