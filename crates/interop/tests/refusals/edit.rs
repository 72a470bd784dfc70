//! How a message or a bundle is broken.

use interop::fields;
use ratchet::MessageKind;

/// What protobuf's wire types are for.
const VARINT: u8 = 0;
const BYTES: u8 = 2;

/// Lets `change` replace the value of a field; the lengths around it are made right again.
pub fn value(kind: MessageKind, message: &mut Vec<u8>, number: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let field = fields(kind, message).into_iter().find(|field| field.number == number).expect("the field");
    let mut new = message[field.value.clone()].to_vec();
    let is_varint = message[field.whole.start] & 7 == VARINT;
    change(&mut new);
    let new =
        if is_varint { [vec![message[field.whole.start]], new].concat() } else { bytes_field(number, &new) };
    message.splice(field.whole, new);
}

/// Takes a field out.
pub fn remove(kind: MessageKind, message: &mut Vec<u8>, number: u64) {
    let field = fields(kind, message).into_iter().find(|field| field.number == number).expect("the field");
    message.drain(field.whole);
}

/// Changes the message of the ratchet inside a first message.
pub fn inner(message: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    value(MessageKind::Prekey, message, 4, change);
}

pub fn bytes_field(number: u64, value: &[u8]) -> Vec<u8> {
    let mut field = vec![u8::try_from(number).unwrap() << 3 | BYTES];
    field.extend(varint(value.len() as u64));
    field.extend(value);
    field
}

pub fn varint_field(number: u64, value: u64) -> Vec<u8> {
    let mut field = vec![u8::try_from(number).unwrap() << 3 | VARINT];
    field.extend(varint(value));
    field
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The u-coordinates of small order below 2^255 (RFC 7748, section 6.1, speaks of them): of the order of
/// two (0 and p-1 in their ways), four (1) and eight, then p and p+1, which are 0 and 1 again.
pub const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// The encoding of one of them.
pub fn small_order(which: usize) -> Vec<u8> {
    [vec![5], hex::decode(SMALL_ORDER[which]).unwrap()].concat()
}

/// Adds a point of order eight to an encoded key: X25519 does not notice, as its scalars are multiples
/// of eight.
pub fn add_torsion(key: &mut [u8]) {
    use curve25519_dalek::{constants::EIGHT_TORSION, montgomery::MontgomeryPoint};
    let point = MontgomeryPoint(key[1..33].try_into().unwrap()).to_edwards(0).unwrap();
    key[1..33].copy_from_slice((point + EIGHT_TORSION[1]).to_montgomery().as_bytes());
}

/// Adds the order of the group to the s of a signature, if it stays in its 253 bits.
pub fn add_order_to_s(signature: &mut [u8]) {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let sign = signature[63] & 0x80;
    signature[63] &= 0x7f;
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    signature[63] |= sign;
}
