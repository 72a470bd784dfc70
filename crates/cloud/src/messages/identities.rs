//! Consumers' identity keys, as businesses hear of them whose number has the identity check on: what they are, and that they
//! have changed (Cloud API documentation, "Identity change check").

use crate::output::Step;
use crate::state::State;
use content::MessageId;
use endpoint::IdentityDigest;
use graph::webhook::{IdentityChange, Notification};
use graph::{IdentityHash, Wamid};
use wire::{Address, Number};

impl State {
    /// A consumer has another identity key than before.
    pub(crate) fn on_identity_change(
        &mut self,
        business: Number,
        consumer: Number,
        identity: &endpoint::IdentityKey,
        step: &mut Step<'_>,
    ) {
        if !self.checks_identities(business) {
            return;
        }
        let id = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
        let change = IdentityChange {
            wamid: &Wamid::received(consumer, id.as_str()),
            changed_at_s: step.now.as_secs(),
            identity: hash(identity),
        };
        self.post_event(
            business,
            |phone, _| Notification::of_identity_change(phone, &change).to_update(),
            step,
        );
    }

    /// The identity key that is known to be the consumer's, if the business wants to hear of it.
    pub(crate) fn identity_hash(&self, business: Number, consumer: Number) -> Option<IdentityHash> {
        if !self.checks_identities(business) {
            return None;
        }
        let pair = (Address::primary(business), Address::primary(consumer));
        self.endpoint.peer_identity(pair.0, pair.1).map(|identity| hash(&identity))
    }

    fn checks_identities(&self, business: Number) -> bool {
        self.directory.phone_with(business).is_some_and(|phone| phone.identity_key_check)
    }
}

/// What a business may name a key by.
fn hash(identity: &endpoint::IdentityKey) -> IdentityHash {
    IdentityHash(IdentityDigest::of(identity).0)
}
