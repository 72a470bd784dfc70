//! Two devices that write to each other, unwatched.

use crate::Error;
use crate::pair::{Device, START_S};
use kernel::Rng;
use ratchet::{Ciphertext, SessionRecord, Suite};

/// Two devices with a session between them.
pub(crate) struct Conversation {
    a: Device,
    b: Device,
    /// The newest epoch that each has sent in.
    pub(crate) sending_epoch: u64,
    /// How many messages were sent.
    pub(crate) sent: u32,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Who opened the session.
    A,
    /// The other.
    B,
}

impl Conversation {
    /// A session of A's with B.
    pub(crate) fn new(suite: Suite, name: &str, rng: &dyn Fn(&str) -> Rng) -> Result<Self, Error> {
        let device = |side| Device::new(suite, SessionRecord::default(), rng(&format!("{name}/{side}")));
        let mut conversation = Self { a: device("a"), b: device("b"), sending_epoch: 0, sent: 0 };
        conversation.initiate(START_S)?;
        Ok(conversation)
    }

    /// A opens a session, in place of the one that there may be.
    pub(crate) fn initiate(&mut self, now_s: u64) -> Result<(), Error> {
        let bundle = self.b.bundle();
        self.sending_epoch = 0;
        self.a.initiate(&bundle, now_s)
    }

    /// Whether A may send without opening a session first.
    pub(crate) fn can_send(&self, now_s: u64) -> bool {
        self.a.record.can_encrypt(now_s)
    }

    /// A message on its way.
    pub(crate) fn send(&mut self, from: Side, plaintext: &[u8], now_s: u64) -> Result<Ciphertext, Error> {
        let device = match from {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        };
        let message = device.encrypt(plaintext, now_s)?;
        self.sent += 1;
        let status = device.status().and_then(|status| status.post_quantum);
        self.sending_epoch = self.sending_epoch.max(status.map_or(0, |ratchet| ratchet.sending_epoch));
        Ok(message)
    }

    /// A message of `from` arrives.
    pub(crate) fn deliver(&mut self, from: Side, message: &Ciphertext) -> Result<Vec<u8>, Error> {
        match from {
            Side::A => self.b.decrypt(message),
            Side::B => self.a.decrypt(message),
        }
    }

    /// A message is sent and arrives.
    pub(crate) fn pass(&mut self, from: Side, plaintext: &[u8]) -> Result<Ciphertext, Error> {
        let message = self.send(from, plaintext, START_S)?;
        if self.deliver(from, &message)? != plaintext {
            return Err(Error::missing("reading a message"));
        }
        Ok(message)
    }
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}
