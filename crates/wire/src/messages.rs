//! Frames as a program handles them. The fields and their data classes are documented where the wire
//! format is: `proto/transport.proto`.

use crate::{
    Address, BillingClass, Direction, EnvelopeId, EnvelopeKind, Number, Outcome, Position, RejectCode,
};
use bytes::Bytes;

/// Endpoint to relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToRelay {
    /// First frame of every connection.
    Hello {
        /// The endpoint's inbox is durable at the endpoint up to here.
        delivered: Position,
        /// The endpoint speaks for businesses.
        gateway: bool,
    },
    /// Registers an address and its keys, or renews them.
    Publish(Box<Publish>),
    /// Asks for the keys of an address, to start a session with it.
    FetchBundle(Address),
    /// Hands an envelope over. Sequences start at 1 and have no gaps.
    Submit {
        /// The submission's number at this endpoint.
        sequence: u64,
        /// What to forward.
        envelope: Envelope,
    },
    /// The inbox is durable at the endpoint up to this sequence; the relay deletes it.
    Acknowledge {
        /// The last sequence that is durable.
        through: u64,
        /// Those up to there that the endpoint could not read: nobody hears that they were delivered.
        unread: Vec<u64>,
    },
}

/// Relay to endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToEndpoint {
    /// Answers `Hello`.
    Welcome {
        /// Submissions are durable at the relay up to here.
        accepted: Position,
        /// The inbox goes on behind this.
        resumes: Position,
        /// The name of what the endpoint published last; 0 if that is nothing.
        published: u64,
    },
    /// The keys of this address are durable.
    Published(Address),
    /// Answers `FetchBundle`.
    Bundle(Box<Bundle>),
    /// Submissions are durable at the relay up to this sequence.
    Accepted {
        /// The last sequence that is durable.
        through: u64,
    },
    /// One item of the endpoint's inbox, pushed until acknowledged.
    Delivery {
        /// The item's number in the inbox.
        sequence: u64,
        /// The name of the position behind it.
        name: u64,
        /// The item.
        item: InboxItem,
    },
    /// Publish more one-time prekeys for this address.
    PrekeysLow {
        /// Whose they are.
        address: Address,
        /// How many are left.
        one_time_left: u32,
    },
    /// Totals of the businesses that this node speaks for.
    Metering(Vec<MeterReading>),
    /// The relay can't go on with what it received.
    Rejected(RejectCode),
}

/// The directory entry of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// Whose keys these are.
    pub address: Address,
    /// Tells installations of the same address apart (Signal registration id).
    pub registration_id: u32,
    /// Encoded identity key.
    pub identity_key: Bytes,
    /// Medium-term prekey with the identity's signature.
    pub signed_prekey: SignedKey,
    /// KEM prekey for when the one-time ones have run out.
    pub last_resort_kem_prekey: SignedKey,
    /// Handed out once each.
    pub one_time_prekeys: Vec<OneTimeKey>,
    /// Handed out once each.
    pub one_time_kem_prekeys: Vec<SignedKey>,
    /// The one-time prekeys that the relay still has of the address are forgotten.
    pub replaces: bool,
    /// What the endpoint calls this publication, to hear from the next `Welcome` whether the relay has it.
    pub name: u64,
}

/// A public key with the identity's signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedKey {
    /// The owner's name for it.
    pub id: u32,
    /// Encoded key.
    pub key: Bytes,
    /// 64 bytes of XEdDSA signature; the relay can't check it, the initiator does.
    pub signature: Bytes,
}

/// An unsigned one-time prekey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeKey {
    /// The owner's name for it.
    pub id: u32,
    /// Encoded key.
    pub key: Bytes,
}

impl Publish {
    /// The same in memory of its own: keys that are kept do not keep the frame that they came in.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            address: self.address,
            registration_id: self.registration_id,
            identity_key: Bytes::copy_from_slice(&self.identity_key),
            signed_prekey: self.signed_prekey.detached(),
            last_resort_kem_prekey: self.last_resort_kem_prekey.detached(),
            one_time_prekeys: self.one_time_prekeys.iter().map(OneTimeKey::detached).collect(),
            one_time_kem_prekeys: self.one_time_kem_prekeys.iter().map(SignedKey::detached).collect(),
            replaces: self.replaces,
            name: self.name,
        }
    }
}

impl SignedKey {
    fn detached(&self) -> Self {
        let [key, signature] = [&self.key, &self.signature].map(|bytes| Bytes::copy_from_slice(bytes));
        Self { id: self.id, key, signature }
    }
}

impl OneTimeKey {
    fn detached(&self) -> Self {
        Self { id: self.id, key: Bytes::copy_from_slice(&self.key) }
    }
}

/// Answer to a request for the keys of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Whose keys were asked for.
    pub address: Address,
    /// `None`: nobody is registered there.
    pub bundle: Option<PrekeyBundle>,
}

/// What an initiator needs to start a session (PQXDH §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrekeyBundle {
    /// Of the installation that the keys belong to.
    pub registration_id: u32,
    /// Encoded identity key.
    pub identity_key: Bytes,
    /// Medium-term prekey.
    pub signed_prekey: SignedKey,
    /// Absent if they have run out.
    pub one_time_prekey: Option<OneTimeKey>,
    /// One-time, or the last resort.
    pub kem_prekey: SignedKey,
}

/// One message on its way: all that the relay ever learns of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Drawn at random by the sender.
    pub id: EnvelopeId,
    /// Sender.
    pub from: Address,
    /// Recipient.
    pub to: Address,
    /// How to read the ciphertext.
    pub kind: EnvelopeKind,
    /// Opaque to everybody but the two ends.
    pub ciphertext: Bytes,
    /// As the sender declares it.
    pub billing_class: BillingClass,
}

/// What an inbox holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxItem {
    /// A message for the endpoint.
    Envelope(Envelope),
    /// What became of a message of the endpoint's.
    Receipt(Receipt),
}

impl InboxItem {
    /// Behind this one, if it comes next in an inbox.
    #[must_use]
    pub fn behind(&self, before: Position) -> Position {
        match self {
            Self::Envelope(envelope) => before.then(envelope.id),
            Self::Receipt(receipt) => before.then_receipt(receipt.envelope_id),
        }
    }
}

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Which one.
    pub envelope_id: EnvelopeId,
    /// What became of it.
    pub outcome: Outcome,
}

/// A total since the business was registered. Names no consumer and no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeterReading {
    /// Whose bill it goes on.
    pub business: Number,
    /// Which way.
    pub direction: Direction,
    /// As the sender declared it.
    pub billing_class: BillingClass,
    /// Country calling code of the consumers, 1 to 3 digits.
    pub country_calling_code: u32,
    /// How many envelopes.
    pub envelopes: u64,
    /// Bytes of ciphertext.
    pub bytes: u64,
}
