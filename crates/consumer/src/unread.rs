//! What the screen has shown and the person has not read, where that is theirs to say: whose it is and its name, in a row each.
//! What it said is gone with its row of the inbox.

use crate::command::Messages;
use crate::proto;
use bytes::Bytes;
use content::MessageId;
use kernel::{RestoreError, Row, Table, Transaction};
use prost::Message as _;
use std::collections::BTreeMap;
use wire::{Address, DeviceId, Number};

pub(crate) const UNREAD: Table = Table::state("unread");

/// So many messages wait to be read. Of more the oldest can't be any longer: their senders never hear.
const MOST: usize = 1000;

/// By the numbers under which they were shown.
#[derive(Default)]
pub(crate) struct Unread(BTreeMap<u64, (Address, MessageId)>);

impl Unread {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        let stored = proto::UnreadRow::decode(row.value.clone()).map_err(|e| wrong(&e))?;
        let sequence = row.key.as_ref().try_into().map_err(|e| wrong(&e))?;
        let from = Address {
            number: Number::from_integer(stored.from_number).map_err(|e| wrong(&e))?,
            device: DeviceId::new(stored.from_device).map_err(|e| wrong(&e))?,
        };
        let message_id = stored.message_id.parse().map_err(|e| wrong(&e))?;
        self.0.insert(u64::from_be_bytes(sequence), (from, message_id));
        Ok(())
    }

    /// The screen has shown a message.
    pub(crate) fn add(
        &mut self,
        sequence: u64,
        from: Address,
        message_id: MessageId,
        transaction: &mut Transaction,
    ) {
        if self.0.len() == MOST
            && let Some((oldest, _)) = self.0.pop_first()
        {
            transaction.remove_with(UNREAD, || key(oldest));
        }
        let row = || proto::UnreadRow {
            from_number: from.number.as_integer(),
            from_device: u32::from(from.device.get()),
            message_id: message_id.as_str().to_owned(),
        };
        transaction.swap_with(UNREAD, 0, || (key(sequence), row().encode_to_vec()));
        self.0.insert(sequence, (from, message_id));
    }

    /// The person has read these: what of them was not read before, by sender, oldest first.
    pub(crate) fn read(
        &mut self,
        which: &Messages,
        transaction: &mut Transaction,
    ) -> BTreeMap<Address, Vec<MessageId>> {
        let is_meant = |id: &MessageId| match which {
            Messages::All => true,
            Messages::These(ids) => ids.contains(id),
        };
        let mut read = BTreeMap::<_, Vec<_>>::new();
        for (sequence, (from, id)) in self.0.extract_if(.., |_, (_, id)| is_meant(id)) {
            transaction.remove_with(UNREAD, || key(sequence));
            read.entry(from).or_default().push(id);
        }
        read
    }
}

fn key(sequence: u64) -> Bytes {
    Bytes::copy_from_slice(&sequence.to_be_bytes())
}
