//! What is kept of a run.

/// What of a run is kept beside the hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Every record.
    pub records: bool,
    /// What goes over the links between endpoints and relays, byte for byte; with modelled cryptography the bytes of modelled
    /// values.
    pub wire: bool,
    /// Every envelope that the relay takes and all public keys that it hands out, as a recorder of its links would.
    pub envelopes: bool,
    /// Every text that somebody has read, to look for it where it must not be.
    pub texts: bool,
    /// Everything that anybody could see.
    pub sights: bool,
    /// Every envelope that leaves its sender, as often as it does, whether it arrives or not.
    pub submissions: bool,
}
