//! Recorded conversations of official clients, and their session records in our storage format.
//!
//! The translation writes our format a second time, independently of `storage.rs`: so comparing its
//! output with `SessionRecord::to_bytes` compares every value of the state.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ratchet::{IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, Signature, SignedPrekey};
use serde::Deserialize;

use crate::device::Prekeys;

#[derive(Deserialize)]
pub struct Conversation {
    #[serde(rename = "A")]
    pub a: Party,
    #[serde(rename = "B")]
    pub b: Party,
    pub messages: Vec<Message>,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    pub registration_id: u32,
    pub identity_private: String,
    pub bundle: Option<Bundle>,
    pub bundle_private: Option<BundlePrivate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    pub signed_pre_key_id: u32,
    pub signed_pre_key_signature: String,
    pub pre_key_id: Option<u32>,
    pub kyber_pre_key_id: u32,
    pub kyber_pre_key_signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundlePrivate {
    pub signed_pre_key: String,
    pub pre_key: Option<String>,
    pub kyber_secret_key: String,
}

#[derive(Deserialize)]
pub struct Message {
    pub r#type: u8,
    pub plaintext: String,
    pub ciphertext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub op: String,
    pub party: String,
    pub msg: Option<usize>,
    pub ok: Option<bool>,
    pub ratchet_private: Option<String>,
    pub record: Option<String>,
}

pub fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

pub fn key(text: &str) -> [u8; 32] {
    unhex(text).try_into().unwrap()
}

pub fn signature(text: &str) -> Signature {
    Signature::parse(&unhex(text)).unwrap()
}

impl Conversation {
    pub fn load(json: &str) -> Self {
        serde_json::from_str(json).unwrap()
    }
}

impl Party {
    pub fn local(&self) -> LocalIdentity {
        LocalIdentity {
            key_pair: IdentityKeyPair::from_private_bytes(key(&self.identity_private)),
            registration_id: self.registration_id,
        }
    }

    /// The prekeys of the published bundle; none for the initiator.
    pub fn prekeys(&self) -> Prekeys {
        let mut prekeys = Prekeys::default();
        if let (Some(bundle), Some(private)) = (&self.bundle, &self.bundle_private) {
            let (id, sig) = (bundle.signed_pre_key_id, signature(&bundle.signed_pre_key_signature));
            let signed = SignedPrekey::from_private_bytes(id, key(&private.signed_pre_key), sig);
            prekeys.signed.insert(id, signed);
            let (id, sig) = (bundle.kyber_pre_key_id, signature(&bundle.kyber_pre_key_signature));
            let kem = KemPrekey::from_secret_bytes(id, &unhex(&private.kyber_secret_key), sig).unwrap();
            prekeys.kem.insert(id, kem);
            if let (Some(id), Some(private)) = (bundle.pre_key_id, &private.pre_key) {
                prekeys.one_time.insert(id, OneTimePrekey::from_private_bytes(id, key(private)));
            }
        }
        prekeys
    }
}

/// An official session record (base64) as our stored bytes.
pub fn translate(record: &str) -> Vec<u8> {
    let bytes = STANDARD.decode(record).unwrap();
    let fields = Fields::read(&bytes);
    let (current, archived) = (fields.bytes(1), fields.all(2));
    let mut out = vec![1, u8::from(current.is_some())];
    out.extend((archived.len() as u16).to_be_bytes());
    for session in current.into_iter().chain(archived) {
        translate_session(&Fields::read(session), &mut out);
    }
    out
}

fn translate_session(session: &Fields<'_>, out: &mut Vec<u8>) {
    out.push(session.number(1) as u8);
    out.extend(curve_key(session.bytes(2).unwrap()));
    out.extend(curve_key(session.bytes(3).unwrap()));
    out.extend((session.number(11) as u32).to_be_bytes());
    out.extend((session.number(10) as u32).to_be_bytes());
    out.extend(curve_key(session.bytes(13).unwrap()));
    out.extend(session.bytes(4).unwrap());
    out.extend((session.number(5) as u32).to_be_bytes());

    let sending = Fields::read(session.bytes(6).unwrap());
    out.extend(sending.bytes(2).unwrap());
    out.extend(curve_key(sending.bytes(1).unwrap()));
    translate_chain_key(&sending, out);

    let receiving = session.all(7);
    out.extend((receiving.len() as u16).to_be_bytes());
    for chain in receiving {
        let chain = Fields::read(chain);
        out.extend(curve_key(chain.bytes(1).unwrap()));
        translate_chain_key(&chain, out);
        let skipped = chain.all(4);
        out.extend((skipped.len() as u16).to_be_bytes());
        for message in skipped {
            let message = Fields::read(message);
            out.extend((message.number(1) as u32).to_be_bytes());
            out.extend(message.bytes(5).unwrap());
        }
    }

    let (prekey, kyber) = (session.bytes(9), session.bytes(14));
    out.push(u8::from(prekey.is_some()));
    if let (Some(prekey), Some(kyber)) = (prekey, kyber) {
        let (prekey, kyber) = (Fields::read(prekey), Fields::read(kyber));
        let one_time = prekey.has(1);
        out.push(u8::from(one_time));
        if one_time {
            out.extend((prekey.number(1) as u32).to_be_bytes());
        }
        out.extend((prekey.number(3) as u32).to_be_bytes());
        out.extend((kyber.number(1) as u32).to_be_bytes());
        out.extend(&kyber.bytes(2).unwrap()[1..]);
        out.extend(prekey.number(4).to_be_bytes());
    }
}

fn translate_chain_key(chain: &Fields<'_>, out: &mut Vec<u8>) {
    let chain_key = Fields::read(chain.bytes(3).unwrap());
    out.extend(chain_key.bytes(2).unwrap());
    out.extend((chain_key.number(1) as u32).to_be_bytes());
}

fn curve_key(encoded: &[u8]) -> &[u8] {
    assert_eq!((encoded.len(), encoded[0]), (33, 5));
    &encoded[1..]
}

/// The fields of one protobuf message: numbers and byte strings.
struct Fields<'a> {
    numbers: Vec<(u64, u64)>,
    strings: Vec<(u64, &'a [u8])>,
}

impl<'a> Fields<'a> {
    fn read(mut bytes: &'a [u8]) -> Self {
        let mut fields = Self { numbers: Vec::new(), strings: Vec::new() };
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let value = varint(&mut bytes);
            if tag & 7 == 0 {
                fields.numbers.push((tag >> 3, value));
            } else {
                assert_eq!(tag & 7, 2, "wire type");
                let (string, rest) = bytes.split_at(value as usize);
                fields.strings.push((tag >> 3, string));
                bytes = rest;
            }
        }
        fields
    }

    fn has(&self, field: u64) -> bool {
        self.numbers.iter().any(|(number, _)| *number == field)
    }

    fn number(&self, field: u64) -> u64 {
        self.numbers.iter().find(|(number, _)| *number == field).map_or(0, |(_, value)| *value)
    }

    fn bytes(&self, field: u64) -> Option<&'a [u8]> {
        self.all(field).first().copied()
    }

    fn all(&self, field: u64) -> Vec<&'a [u8]> {
        self.strings.iter().filter(|(number, _)| *number == field).map(|(_, bytes)| *bytes).collect()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
