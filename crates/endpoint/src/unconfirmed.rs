//! Messages that the recipient does not have yet: all that a retransmission needs, and no longer.

use crate::policy::Policy;
use crate::proto;
use crate::rows::{UNCONFIRMED, message_key};
use crate::terms::{IdentityDigest, Terms};
use bytes::Bytes;
use content::{Content, MessageId, PaddingError};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::{Address, BillingClass, DeviceId, EnvelopeId, Number};
use zeroize::Zeroizing;

/// Our address and our name for the message.
pub(crate) type MessageKey = (Address, MessageId);

/// A message on its way.
pub(crate) struct Unconfirmed {
    revision: u64,
    pub(crate) to: Address,
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    pub(crate) terms: Terms,
    created: Time,
    /// When it is given up.
    expires: Time,
    /// The envelope that carries it; `None` while it waits for a session.
    pub(crate) envelope: Option<EnvelopeId>,
    /// Its place among all that waited for a session: those of one moment have an order too. 0 if it never waited.
    waiting: u64,
    /// How often it was encrypted.
    pub(crate) attempts: u32,
    /// A read receipt, or that somebody is writing: nobody follows what becomes of it.
    pub(crate) is_receipt: bool,
}

/// All messages on their way.
#[derive(Default)]
pub(crate) struct Pending {
    messages: BTreeMap<MessageKey, Unconfirmed>,
    by_envelope: BTreeMap<EnvelopeId, MessageKey>,
    by_expiry: BTreeSet<(Time, MessageKey)>,
    /// In the order in which they were sent, for each pair of addresses.
    waiting: BTreeMap<(Address, Address), Vec<MessageKey>>,
    /// How many have ever waited, as far as is known here.
    waited: u64,
}

impl Unconfirmed {
    /// `content` on its way to `to`.
    pub(crate) fn new(
        to: Address,
        content: &Content,
        terms: Terms,
        created: Time,
        policy: &Policy,
    ) -> Result<Self, PaddingError> {
        Ok(Self {
            revision: 0,
            to,
            plaintext: content.to_padded(policy.padding)?,
            terms,
            created,
            expires: expiry(created, terms.time_to_live, policy.retention),
            envelope: None,
            waiting: 0,
            attempts: 0,
            is_receipt: !content.body.is_shown(),
        })
    }
}

impl Pending {
    pub(crate) fn restore(&mut self, row: &Row, retention: Duration) -> Result<(), RestoreError> {
        let stored =
            proto::UnconfirmedRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let (key, message) =
            read(row.at, stored, retention).ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        self.by_expiry.insert((message.expires, key.clone()));
        self.waited = self.waited.max(message.waiting);
        match message.envelope {
            Some(envelope) => drop(self.by_envelope.insert(envelope, key.clone())),
            None => self.waiting.entry((key.0, message.to)).or_default().push(key.clone()),
        }
        let pair = (key.0, message.to);
        self.messages.insert(key, message);
        // Rows come in the order of their names; a conversation has the order of its sending.
        if let Some(waiting) = self.waiting.get_mut(&pair) {
            let order = |message: &Unconfirmed| (message.created, message.waiting);
            waiting.sort_by_key(|key| self.messages.get(key).map(order));
        }
        Ok(())
    }

    /// True if a message of this name is on its way already.
    pub(crate) fn contains(&self, key: &MessageKey) -> bool {
        self.messages.contains_key(key)
    }

    /// Takes on a message that waits for a session.
    pub(crate) fn wait(&mut self, key: MessageKey, mut message: Unconfirmed, transaction: &mut Transaction) {
        if let Some(envelope) = message.envelope.take() {
            self.by_envelope.remove(&envelope);
        }
        if message.waiting == 0 {
            self.waited += 1;
            message.waiting = self.waited;
        }
        message.write(&key, transaction);
        self.by_expiry.insert((message.expires, key.clone()));
        self.waiting.entry((key.0, message.to)).or_default().push(key.clone());
        self.messages.insert(key, message);
    }

    /// Takes on, or goes on with, a message that is in `envelope` now.
    pub(crate) fn sent(
        &mut self,
        key: MessageKey,
        mut message: Unconfirmed,
        envelope: EnvelopeId,
        transaction: &mut Transaction,
    ) {
        message.envelope = Some(envelope);
        message.attempts += 1;
        message.write(&key, transaction);
        self.by_expiry.insert((message.expires, key.clone()));
        self.by_envelope.insert(envelope, key.clone());
        self.messages.insert(key, message);
    }

    /// All messages wait for a session again, in the order in which they were sent: those that no relay has, which are in
    /// `unsent`, after those of the same moment that one had. What carried them is not sent any more.
    pub(crate) fn wait_again(&mut self, unsent: &[EnvelopeId], transaction: &mut Transaction) {
        let unsent: BTreeMap<_, _> = unsent.iter().zip(1_usize..).collect();
        let order = self.messages.iter().map(|(key, message)| {
            let place = message.envelope.map(|envelope| unsent.get(&envelope).copied().unwrap_or(0));
            // What waits already has waited behind all that was sent.
            (message.created, place.is_none(), place.unwrap_or(0), message.waiting, key.clone())
        });
        let mut order: Vec<_> = order.collect();
        order.sort_unstable();
        self.by_envelope.clear();
        self.waiting.clear();
        for (_, _, _, _, key) in order {
            let Some(message) = self.messages.get_mut(&key) else { continue };
            self.waited += 1;
            (message.envelope, message.attempts, message.waiting) = (None, 0, self.waited);
            message.write(&key, transaction);
            self.waiting.entry((key.0, message.to)).or_default().push(key);
        }
    }

    /// The pairs of addresses that have messages waiting for a session.
    pub(crate) fn pairs_waiting(&self) -> impl Iterator<Item = (Address, Address)> {
        self.waiting.keys().copied()
    }

    /// True if messages wait for a session between these.
    pub(crate) fn waits(&self, account: Address, peer: Address) -> bool {
        self.waiting.contains_key(&(account, peer))
    }

    /// The messages that waited for a session between these, in order, to be sent or forgotten.
    pub(crate) fn take_waiting(&mut self, account: Address, peer: Address) -> Vec<(MessageKey, Unconfirmed)> {
        let keys = self.waiting.remove(&(account, peer)).unwrap_or_default();
        keys.into_iter().filter_map(|key| Some((key.clone(), self.messages.remove(&key)?))).collect()
    }

    /// Which message an envelope carries.
    pub(crate) fn message_in(&self, envelope: EnvelopeId) -> Option<(&MessageKey, &Unconfirmed)> {
        let key = self.by_envelope.get(&envelope)?;
        Some((key, self.messages.get(key)?))
    }

    /// Takes the message that `envelope` carries out, to be sent again.
    pub(crate) fn take_sent(&mut self, envelope: EnvelopeId) -> Option<(MessageKey, Unconfirmed)> {
        let key = self.by_envelope.remove(&envelope)?;
        let message = self.messages.remove(&key)?;
        Some((key, message))
    }

    /// Destroys a message: nobody will ask for it again. The store destroys the key of the row.
    pub(crate) fn forget(&mut self, key: &MessageKey, message: &Unconfirmed, transaction: &mut Transaction) {
        self.messages.remove(key);
        self.by_expiry.remove(&(message.expires, key.clone()));
        if let Some(envelope) = message.envelope {
            self.by_envelope.remove(&envelope);
        }
        transaction.remove_with(UNCONFIRMED, || message_key(key.0, &key.1));
    }

    /// When the next message is to be given up.
    pub(crate) fn next_expiry(&self) -> Option<Time> {
        self.by_expiry.first().map(|(expires, _)| *expires)
    }

    /// Takes out a message that is to be given up by now, to be forgotten.
    pub(crate) fn take_expired(&mut self, now: Time) -> Option<(MessageKey, Unconfirmed)> {
        let (_, key) = self.by_expiry.first().filter(|(expires, _)| *expires <= now)?.clone();
        let message = self.messages.remove(&key)?;
        if let Some(waiting) = self.waiting.get_mut(&(key.0, message.to)) {
            waiting.retain(|other| *other != key);
            if waiting.is_empty() {
                self.waiting.remove(&(key.0, message.to));
            }
        }
        Some((key, message))
    }

    /// How many messages are on their way.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

impl Unconfirmed {
    fn write(&mut self, key: &MessageKey, transaction: &mut Transaction) {
        let row = || proto::UnconfirmedRow {
            from_number: key.0.number.as_integer(),
            from_device: u32::from(key.0.device.get()),
            to_number: self.to.number.as_integer(),
            to_device: u32::from(self.to.device.get()),
            message_id: key.1.as_str().to_owned(),
            plaintext: Bytes::copy_from_slice(&self.plaintext),
            billing_class: u32::try_from(i32::from(self.terms.billing_class)).unwrap_or_default(),
            created_us: self.created.as_micros(),
            envelope_id: self.envelope.map(|id| Bytes::copy_from_slice(&id.0)).unwrap_or_default(),
            attempts: self.attempts,
            waiting: self.waiting,
            time_to_live_us: self.terms.time_to_live.map(|time| Time::EPOCH + time).map(Time::as_micros),
            only_for: self.terms.only_for.map(|digest| Bytes::copy_from_slice(&digest.0)).unwrap_or_default(),
        };
        let revision = self.revision;
        self.revision = transaction
            .swap_with(UNCONFIRMED, revision, || (message_key(key.0, &key.1), row().encode_to_vec()));
    }
}

/// When a message is given up that was made at `created`.
fn expiry(created: Time, time_to_live: Option<Duration>, retention: Duration) -> Time {
    created + time_to_live.map_or(retention, |time| time.min(retention))
}

fn read(revision: u64, row: proto::UnconfirmedRow, retention: Duration) -> Option<(MessageKey, Unconfirmed)> {
    let address = |number, device| {
        Some(Address { number: Number::from_integer(number).ok()?, device: DeviceId::new(device).ok()? })
    };
    let created = Time::from_micros(row.created_us);
    let terms = Terms {
        billing_class: BillingClass::try_from(i32::try_from(row.billing_class).ok()?).ok()?,
        time_to_live: row.time_to_live_us.map(Duration::from_micros),
        only_for: match &*row.only_for {
            [] => None,
            digest => Some(IdentityDigest(digest.try_into().ok()?)),
        },
    };
    let message = Unconfirmed {
        revision,
        to: address(row.to_number, row.to_device)?,
        plaintext: Zeroizing::new(row.plaintext.to_vec()),
        terms,
        created,
        expires: expiry(created, terms.time_to_live, retention),
        envelope: match &*row.envelope_id {
            [] => None,
            id => Some(EnvelopeId::try_from(id).ok()?),
        },
        attempts: row.attempts,
        waiting: row.waiting,
        is_receipt: Content::from_plaintext(&row.plaintext).is_ok_and(|content| !content.body.is_shown()),
    };
    Some(((address(row.from_number, row.from_device)?, row.message_id.parse().ok()?), message))
}
