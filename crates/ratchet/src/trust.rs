//! Who the peer is: the first identity that a record has a session with, until somebody decides otherwise.
//!
//! Sesame, on devices that change their identity key, leaves the decision to the application; deployed libraries ask it
//! with every message. Here a record has the answer, so that none can be forgotten to be asked.

use crate::identity::IdentityKey;
use crate::provider::Provider;
use crate::record::SessionRecord;

impl<P: Provider> SessionRecord<P> {
    /// The peer's identity key: the one that was trusted last, or else that of the current session, or of the newest
    /// archived one.
    #[must_use]
    pub fn remote_identity(&self) -> Option<IdentityKey> {
        self.trusted.or_else(|| self.sessions().next().map(|session| session.remote_identity))
    }

    /// Decides that the peer has this identity from now on, for instance because it has a new device and its owner says
    /// so. Then bundles and first messages of it are taken, and none of another. The current session is archived if it
    /// is another's; what was agreed with another identity is neither read any more nor sent in.
    pub fn trust(&mut self, identity: IdentityKey) {
        if self.remote_identity() != Some(identity) {
            self.archive_current();
            self.trusted = Some(identity);
        }
    }

    /// Whether any session of the record, current or archived, is with this identity: of one that isn't the peer's any
    /// more, a message that comes late must not make it the peer's again.
    #[must_use]
    pub fn knows(&self, identity: IdentityKey) -> bool {
        self.sessions().any(|session| session.remote_identity == identity)
    }

    /// The registration id of the peer's device, from the newest session with that identity.
    ///
    /// What an initiator says of it is not authenticated: whoever carries its first messages can change it. It tells a
    /// device that was set up anew from the one before where nobody lies, and is no ground for a decision about trust.
    #[must_use]
    pub fn remote_registration_id(&self) -> Option<u32> {
        let peer = self.remote_identity()?;
        let mut sessions = self.sessions().filter(|session| session.remote_identity == peer);
        sessions.next().map(|session| session.remote_registration_id)
    }
}
