//! A consumer's identity key has changed: the business hears it, if its number has the identity check on (Cloud API
//! documentation, "Identity change check").

use crate::output::Step;
use crate::state::State;
use content::MessageId;
use graph::Wamid;
use graph::webhook::{IdentityChange, Notification};
use sha2::{Digest as _, Sha256};
use wire::Number;

impl State {
    /// A consumer has another identity key than before.
    pub(crate) fn on_identity_change(
        &mut self,
        business: Number,
        consumer: Number,
        identity: &endpoint::IdentityKey,
        step: &mut Step<'_>,
    ) {
        if !self.directory.phone_with(business).is_some_and(|phone| phone.identity_key_check) {
            return;
        }
        let id = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
        let digest = Sha256::digest(identity.to_bytes());
        let change = IdentityChange {
            wamid: &Wamid::received(consumer, id.as_str()),
            changed_at_s: step.now.as_secs(),
            identity_digest: digest.first_chunk().copied().unwrap_or_default(),
        };
        self.post_event(
            business,
            |phone, _| Notification::of_identity_change(phone, &change).to_update(),
            step,
        );
    }
}
