//! What happens inside a session, for whoever studies it.

/// Something that happened in a session. Only what took effect is reported: nothing of a message
/// that was refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Event {
    /// This side opened a session, which is now the current one.
    SessionInitiated,
    /// A first message of the peer opened a session, which is now the current one.
    SessionAccepted,
    /// The session that was current is now among the archived ones.
    SessionArchived,
    /// The oldest archived session was dropped to make room.
    SessionDropped,
    /// An archived session is current again, because a message was read in it.
    SessionPromoted,
    /// The peer answered: messages need not carry the key agreement any more.
    SessionAcknowledged,
    /// The peer's ratchet key was new: a Diffie-Hellman step, with a new ratchet key of our own.
    DiffieHellmanStep,
    /// The oldest receiving chain was dropped, and with it the keys of messages passed over in it.
    ReceivingChainDropped {
        /// How many keys of messages passed over went with it.
        skipped: usize,
    },
    /// Messages were passed over, and their keys kept.
    MessagesSkipped {
        /// How many keys were kept; the oldest of very many are not.
        kept: usize,
    },
    /// The key of a message that had been passed over was used.
    SkippedMessageRead {
        /// The message's counter.
        counter: u32,
    },
    /// The post-quantum ratchet agreed on the secret of an epoch, seen from this side.
    EpochSecret {
        /// The epoch, from 1.
        epoch: u64,
    },
    /// This side sends with keys of a newer post-quantum epoch from now on: it has healed from a
    /// compromise of before that epoch.
    SendingEpoch {
        /// The epoch, from 1.
        epoch: u64,
    },
    /// The peer has no post-quantum ratchet: the session goes on without.
    PostQuantumGivenUp,
}

/// Takes events as they happen. A vector collects them, `()` ignores them.
pub trait Observer {
    /// Takes one event.
    fn notice(&mut self, event: Event);
}

impl Observer for () {
    fn notice(&mut self, _event: Event) {}
}

impl Observer for Vec<Event> {
    fn notice(&mut self, event: Event) {
        self.push(event);
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn notice(&mut self, event: Event) {
        (**self).notice(event);
    }
}
