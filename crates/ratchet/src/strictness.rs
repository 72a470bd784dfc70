//! Where the specification and deployed clients part: which of them a record follows.

/// Whether a receiving chain ends where its sender says that it did (Double Ratchet, section "Decrypting messages", PN).
///
/// When the sender goes on to a new ratchet key, its messages say how many there were under the one before.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Strictness {
    /// As deployed clients do: a chain has no end, and is read on while it is kept, that is until its sender has had five
    /// newer ratchet keys. Whoever stole the sender's state before can write in its old chain that long after the session
    /// has healed.
    #[default]
    Deployed,
    /// As the specification says: the keys of missing messages are kept, the chain's own is forgotten, and what would
    /// come after the end is refused. And such keys have an end too (section "Deletion of skipped message keys"): those
    /// of messages more than 2,000 behind the newest of their chain are forgotten, however few they are.
    ///
    /// It refuses no honest message that comes less late than that, whatever is lost, but those of a sender that was put back to an older
    /// state and says in the chain what it has not said before. Such a sender uses keys twice.
    Specified,
}
