//! What a lane notes of what happens in it: the records that the hash is over, and whatever else somebody keeps of a
//! run.

use crate::keep::Keep;
use crate::parcel::{Content, Parcel, Recorded};
use crate::record::{OnTheWire, Record, Trace, What, Who};
use crate::sight::{Seen, Sight};
use crate::violation::Violation;
use bytes::Bytes;
use kernel::Time;
use std::collections::BTreeMap;
use wire::{Address, Envelope, EnvelopeId, PrekeyBundle, ToRelay};

/// A message that a party sends on behalf of a person or business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Names the message in a run.
    pub message: u64,
    /// Who sends it.
    pub from: Who,
    /// Who is to read it.
    pub to: Who,
    /// Bytes of its text.
    pub bytes: u32,
    /// Which entry of the scenario's traffic, from 0; `u16::MAX` for an answer.
    pub stream: u16,
    /// When the person or the business's server made it.
    pub created: Time,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The sender's app or node has it, durably, and said so.
    Accepted,
    /// The sender knows that the relay has it.
    Relayed,
    /// The recipient has it on the screen, or in a webhook.
    Shown,
    /// The sender knows that the recipient's device has it.
    Delivered,
    /// The sender knows that it was seen.
    Read,
    /// The sender knows that it will not arrive.
    Failed,
}

/// A message has come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When.
    pub at: Time,
    /// Which message.
    pub message: u64,
    /// How far.
    pub stage: Stage,
}

/// A message is on its way to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// When.
    pub at: Time,
    /// Which message.
    pub message: u64,
    /// Its plaintext with padding, in bytes.
    pub padded_bytes: u32,
    /// The ciphertext, in bytes.
    pub ciphertext_bytes: u32,
    /// Whether it begins a session.
    pub prekey: bool,
    /// The envelope that it is in.
    pub envelope: EnvelopeId,
}

/// Public keys that pass the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKeys {
    /// An endpoint publishes its identity key.
    Identity(Address, Bytes),
    /// The relay hands out a bundle.
    Bundle(Address, Box<PrekeyBundle>),
}

/// The post-quantum ratchet of a conversation has come to its next epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// When its node saw that.
    pub at: Time,
    /// With which business.
    pub business: Who,
    /// With which consumer.
    pub consumer: Who,
    /// The epoch that was reached.
    pub epoch: u64,
    /// Messages and receipts, both ways, since the one before.
    pub messages: u32,
}

/// The post-quantum epoch of a conversation, and the messages since it was reached.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EpochCount {
    last: u64,
    messages: u32,
    begun: bool,
}

impl EpochCount {
    /// A message passes: how many there were since the epoch before, if this is a new one.
    pub(crate) fn pass(&mut self, epoch: u64) -> Option<u32> {
        let last = if self.begun { self.last } else { epoch };
        self.begun = true;
        self.last = epoch;
        self.messages += 1;
        if epoch > last {
            return Some(std::mem::take(&mut self.messages));
        }
        if epoch < last {
            // A new session begins with its own first epoch.
            self.messages = 1;
        }
        None
    }
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// When.
    pub at: Time,
    /// Whose.
    pub who: Who,
    /// Of what.
    pub name: &'static str,
    /// How much.
    pub value: u64,
}

/// What a lane has noted and nobody has taken yet.
#[derive(Default)]
pub(crate) struct Notes {
    keep: Keep,
    /// Whether bytes mean anything.
    has_bytes: bool,
    /// Over records: the same in both crypto modes.
    metadata: Trace,
    /// Over records and bytes.
    everything: Trace,
    pub(crate) records: Vec<Record>,
    pub(crate) wire: Vec<OnTheWire>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) submitted: Vec<Submitted>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) epochs: Vec<Epoch>,
    /// The epoch of each conversation, and the messages since it was reached.
    epoch_of: BTreeMap<(Who, Who), EpochCount>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) envelopes: Vec<(Time, Envelope)>,
    pub(crate) taken: Vec<EnvelopeId>,
    pub(crate) started_over: Vec<(Time, Who)>,
    pub(crate) public_keys: Vec<(Time, PublicKeys)>,
    pub(crate) submissions: Vec<Envelope>,
    pub(crate) texts: Vec<(Who, u64, String)>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) seen: Vec<Seen>,
    /// Requests that the API refused.
    pub(crate) refused: u64,
}

impl Notes {
    /// What is kept, and whether bytes mean anything; if they don't, the records are everything.
    pub(crate) fn new(keep: Keep, has_bytes: bool) -> Self {
        Self { keep, has_bytes, ..Self::default() }
    }

    /// Something happens that has no bytes of its own, or whose bytes are noted elsewhere.
    pub(crate) fn record(&mut self, at: Time, party: Who, what: What, peer: Who, bytes: u32) {
        let record = Record { at, party, peer, what, bytes };
        self.metadata.add(&record);
        if self.has_bytes {
            self.everything.add(&record);
        }
        if self.keep.records {
            self.records.push(record);
        }
    }

    /// Bytes arrive.
    pub(crate) fn frame(&mut self, at: Time, party: Who, what: What, peer: Who, bytes: &[u8]) {
        self.record(at, party, what, peer, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if self.has_bytes {
            self.everything.add_bytes(bytes);
        }
        if !matches!(what, What::Request | What::Response | What::Webhook) {
            self.see(at, party, peer, what.name(), || Sight::Frame(Bytes::copy_from_slice(bytes)));
        }
    }

    /// A connection comes up, or does not, for which so many bytes were exchanged.
    pub(crate) fn handshake(&mut self, at: Time, party: Who, what: What, peer: Who, bytes: u32) {
        self.record(at, party, what, peer, bytes);
        self.on_the_wire(at, party, what, peer, bytes, &Bytes::new());
    }

    fn on_the_wire(&mut self, at: Time, party: Who, what: What, peer: Who, bytes: u32, frame: &Bytes) {
        if self.keep.wire {
            let record = Record { at, party, peer, what, bytes };
            self.wire.push(OnTheWire { record, frame: frame.clone() });
        }
    }

    /// A frame arrives.
    pub(crate) fn parcel<F: Recorded>(&mut self, at: Time, party: Who, peer: Who, parcel: &Parcel<F>) {
        if let Content::Bytes(bytes) = &parcel.content {
            self.on_the_wire(at, party, parcel.what, peer, parcel.length, bytes);
        }
        match &parcel.content {
            Content::Bytes(bytes) => self.frame(at, party, parcel.what, peer, bytes),
            Content::Frame(_) => self.record(at, party, parcel.what, peer, parcel.length),
        }
    }

    /// Whether anybody looks at bytes.
    pub(crate) const fn looks_at_bytes(&self) -> bool {
        self.has_bytes || self.keep.sights || self.keep.wire
    }

    /// Somebody sees something.
    pub(crate) fn see(
        &mut self,
        at: Time,
        party: Who,
        peer: Who,
        what: &'static str,
        sight: impl FnOnce() -> Sight,
    ) {
        if self.keep.sights {
            self.seen.push(Seen { at, party, peer, what, sight: sight() });
        }
    }

    /// The relay says that envelopes are durable.
    pub(crate) fn taken(&mut self, envelope: EnvelopeId) {
        self.taken.push(envelope);
    }

    /// True if somebody wants to know of envelopes.
    pub(crate) const fn keeps_envelopes(&self) -> bool {
        self.keep.envelopes
    }

    /// The relay takes an envelope.
    pub(crate) fn envelope(&mut self, at: Time, envelope: &Envelope) {
        if self.keep.envelopes {
            self.envelopes.push((at, envelope.clone()));
        }
    }

    /// A frame leaves an endpoint.
    pub(crate) fn submission(&mut self, frame: &ToRelay) {
        if self.keep.submissions
            && let ToRelay::Submit { envelope, .. } = frame
        {
            self.submissions.push(envelope.clone());
        }
    }

    /// Public keys pass the relay.
    pub(crate) fn public_keys(&mut self, at: Time, keys: impl FnOnce() -> Option<PublicKeys>) {
        if self.keep.envelopes {
            self.public_keys.extend(keys().map(|keys| (at, keys)));
        }
    }

    /// A person or a business reads a message.
    pub(crate) fn shown(&mut self, at: Time, who: Who, message: u64, text: &str) {
        self.progress(at, message, Stage::Shown);
        if self.has_bytes {
            self.everything.add_bytes(text.as_bytes());
        }
        self.see(at, who, who, What::Show.name(), || Sight::Text(text.to_owned()));
        if self.keep.texts {
            self.texts.push((who, message, text.to_owned()));
        }
    }

    pub(crate) fn progress(&mut self, at: Time, message: u64, stage: Stage) {
        self.progress.push(Progress { at, message, stage });
    }

    /// A message of a conversation passes its node, which is in this epoch now.
    pub(crate) fn epoch(&mut self, at: Time, business: Who, consumer: Who, epoch: u64) {
        let count = self.epoch_of.entry((business, consumer)).or_default();
        if let Some(messages) = count.pass(epoch) {
            self.epochs.push(Epoch { at, business, consumer, epoch, messages });
        }
    }

    pub(crate) fn metric(&mut self, at: Time, who: Who, name: &'static str, value: usize) {
        self.metrics.push(Metric { at, who, name, value: value as u64 });
    }

    pub(crate) fn violation(&mut self, at: Time, who: Who, invariant: &'static str, what: &str) {
        self.violations.push(Violation { at, who, invariant, what: what.to_owned() });
    }

    /// Hashes of what happened: of the records, and of the records with all bytes.
    pub(crate) fn hashes(&self) -> ([u8; 32], [u8; 32]) {
        let metadata = self.metadata.hash();
        (metadata, if self.has_bytes { self.everything.hash() } else { metadata })
    }
}
