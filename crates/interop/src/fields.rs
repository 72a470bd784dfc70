//! Where the fields of a message stand: enough of protobuf to break messages on purpose.

use std::ops::Range;

use ratchet::{Ciphertext, MessageKind};

/// Length of the MAC at the end of a message of the ratchet.
const MAC: usize = 8;

/// One field of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its number.
    pub number: u64,
    /// Tag, length and value.
    pub whole: Range<usize>,
    /// The value alone.
    pub value: Range<usize>,
}

/// The fields between the version byte of a message and its end, or its MAC.
///
/// Stops where it does not understand; messages of the two engines it understands to the end.
#[must_use]
pub fn fields(kind: MessageKind, bytes: &[u8]) -> Vec<Field> {
    let end = match kind {
        MessageKind::Ratchet => bytes.len().saturating_sub(MAC),
        MessageKind::Prekey => bytes.len(),
    };
    fields_from(bytes.get(..end).unwrap_or_default(), 1)
}

/// The fields of any protobuf message that starts here.
#[must_use]
pub fn fields_from(bytes: &[u8], start: usize) -> Vec<Field> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(field) = field(bytes, at) {
        at = field.whole.end;
        found.push(field);
    }
    found
}

/// Where the message of the ratchet stands in a message: inside a first message, or all of it.
#[must_use]
pub fn inner_message(message: &Ciphertext) -> Option<Range<usize>> {
    match message.kind {
        MessageKind::Ratchet => Some(0..message.bytes.len()),
        MessageKind::Prekey => {
            let fields = fields(MessageKind::Prekey, &message.bytes);
            fields.into_iter().find(|field| field.number == 4).map(|field| field.value)
        }
    }
}

/// The sender's ratchet key in a message of either kind.
#[must_use]
pub fn ratchet_key(message: &Ciphertext) -> Option<Vec<u8>> {
    let inner = message.bytes.get(inner_message(message)?)?;
    let key = fields(MessageKind::Ratchet, inner).into_iter().find(|field| field.number == 1)?;
    inner.get(key.value).map(<[u8]>::to_vec)
}

fn field(bytes: &[u8], start: usize) -> Option<Field> {
    let (tag, at) = varint(bytes, start)?;
    let (number, wire_type) = (tag >> 3, tag & 7);
    let (first, after) = varint(bytes, at)?;
    let value = match wire_type {
        0 => at..after,
        2 => after..after.checked_add(usize::try_from(first).ok()?)?,
        _ => return None,
    };
    (value.end <= bytes.len()).then_some(Field { number, whole: start..value.end, value })
}

fn varint(bytes: &[u8], start: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().skip(start).take(9) {
        value |= u64::from(byte & 0x7f) << (7 * (at - start));
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_fields_of_a_message() {
        let mut bytes = vec![0x44, 0x0a, 2, 5, 6, 0x10, 0x80, 0x01, 0x22, 1, 9];
        bytes.extend([0; MAC]);
        let found = fields(MessageKind::Ratchet, &bytes);
        assert_eq!(found.iter().map(|field| field.number).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(found[1].value, 6..8);
        assert_eq!(found[2].whole, 8..11);
        let message = Ciphertext { kind: MessageKind::Ratchet, bytes };
        assert_eq!(ratchet_key(&message), Some(vec![5, 6]));
    }
}
