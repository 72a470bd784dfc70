//! Recorded conversations of official clients, and their session records in our storage format.
//!
//! The translation writes our format a second time, independently of `storage.rs`: so comparing its
//! output with `SessionRecord::to_bytes` compares every value of the state.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ratchet::{
    Addresses, DeviceAddress, IdentityKeyPair, KemPrekey, KeyUse, LocalIdentity, MessageKind, OneTimePrekey,
    PublicKey, SessionRecord, Signature, SignedPrekey, Suite, Suites,
};
use serde::Deserialize;

use crate::device::Prekeys;
use crate::official_spqr;

#[derive(Deserialize)]
pub struct Conversation {
    #[serde(rename = "A")]
    pub a: Party,
    #[serde(rename = "B")]
    pub b: Party,
    pub messages: Vec<Message>,
    pub steps: Vec<Step>,
    version: String,
    #[serde(rename = "versionB")]
    version_b: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    pub name: String,
    pub device_id: u8,
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
    pub kyber_pre_key_id: Option<u32>,
    pub kyber_pre_key_signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundlePrivate {
    pub signed_pre_key: String,
    pub pre_key: Option<String>,
    pub kyber_secret_key: Option<String>,
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
    pub kem_dk: Option<String>,
    pub kem_encaps_state: Option<String>,
    pub scka: Option<u8>,
    pub epoch: Option<String>,
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

    pub fn party(&self, side: &str) -> &Party {
        if side == "A" { &self.a } else { &self.b }
    }

    /// What the package on this side speaks.
    pub fn suites(&self, side: &str) -> Suites {
        let version =
            if side == "A" { &self.version } else { self.version_b.as_ref().unwrap_or(&self.version) };
        let with_kem = self.b.bundle.as_ref().is_some_and(|bundle| bundle.kyber_pre_key_id.is_some());
        match (version.as_str(), with_kem) {
            ("0.72.1", false) => Suites::only(Suite::X3dh),
            ("0.72.1", true) => Suites::only(Suite::Pqxdh),
            ("0.90.0", _) => Suites { newest: Suite::Triple, oldest: Suite::Pqxdh },
            ("0.103.0", _) => Suites::only(Suite::Triple),
            (version, _) => panic!("unknown package {version}"),
        }
    }

    /// The addresses of a side's session, if both names are service ids.
    pub fn addresses(&self, side: &str) -> Option<Addresses> {
        let address = |party: &Party| DeviceAddress::new(party.name.parse().ok()?, party.device_id).ok();
        let (a, b) = (address(&self.a)?, address(&self.b)?);
        Some(if side == "A" { Addresses { local: a, remote: b } } else { Addresses { local: b, remote: a } })
    }

    pub fn empty_record(&self, side: &str) -> SessionRecord {
        self.addresses(side).map_or_else(SessionRecord::default, SessionRecord::between)
    }

    /// An official session record (base64) of this side, as our stored bytes.
    pub fn translate(&self, side: &str, record: &str) -> Vec<u8> {
        translate(
            record,
            self.party(side),
            self.party(if side == "A" { "B" } else { "A" }),
            &Beside { suites: self.suites(side), keyless: self.keyless_chains() },
        )
    }

    /// The ratchet keys of messages that say to have no post-quantum key: version 1, epoch 1, index 0.
    fn keyless_chains(&self) -> Vec<PublicKey> {
        let keyless = |message: &Message| {
            let kind = MessageKind::from_code(message.r#type).unwrap();
            let used = KeyUse::of(kind, &unhex(&message.ciphertext)).unwrap();
            let spqr =
                Fields::read(&used.message[1..]).bytes(5).is_some_and(|spqr| spqr.starts_with(&[1, 1, 0]));
            spqr.then_some(used.ratchet_key)
        };
        self.messages.iter().filter_map(keyless).collect()
    }
}

impl Party {
    pub fn local(&self, suites: Suites) -> LocalIdentity {
        LocalIdentity {
            key_pair: IdentityKeyPair::from_private_bytes(key(&self.identity_private)),
            registration_id: self.registration_id,
            suites,
        }
    }

    /// The prekeys of the published bundle; none for the initiator.
    pub fn prekeys(&self) -> Prekeys {
        let mut prekeys = Prekeys::default();
        if let (Some(bundle), Some(private)) = (&self.bundle, &self.bundle_private) {
            let (id, sig) = (bundle.signed_pre_key_id, signature(&bundle.signed_pre_key_signature));
            let signed = SignedPrekey::from_private_bytes(id, key(&private.signed_pre_key), sig);
            prekeys.signed.insert(id, signed);
            if let (Some(id), Some(secret)) = (bundle.kyber_pre_key_id, &private.kyber_secret_key) {
                let sig = signature(bundle.kyber_pre_key_signature.as_ref().unwrap());
                prekeys.kem.insert(id, KemPrekey::from_secret_bytes(id, &unhex(secret), sig).unwrap());
            }
            if let (Some(id), Some(private)) = (bundle.pre_key_id, &private.pre_key) {
                prekeys.one_time.insert(id, OneTimePrekey::from_private_bytes(id, key(private)));
            }
        }
        prekeys
    }
}

/// What our records have and official ones don't.
struct Beside {
    suites: Suites,
    keyless: Vec<PublicKey>,
}

fn translate(record: &str, local: &Party, remote: &Party, beside: &Beside) -> Vec<u8> {
    let bytes = STANDARD.decode(record).unwrap();
    let fields = Fields::read(&bytes);
    let (current, archived) = (fields.bytes(1), fields.all(2));
    let named = service_id(local).zip(service_id(remote));
    let mut out = vec![1, u8::from(current.is_some()) | u8::from(named.is_some()) << 1];
    out.extend((archived.len() as u16).to_be_bytes());
    if let Some((local_id, remote_id)) = named {
        out.extend([&local_id[..], &[local.device_id], &remote_id, &[remote.device_id]].concat());
    }
    for session in current.into_iter().chain(archived) {
        translate_session(&Fields::read(session), beside, &mut out);
    }
    out
}

/// The fixed-width form of a party's name, if it is a service id.
fn service_id(party: &Party) -> Option<[u8; 17]> {
    let (kind, uuid) = party.name.strip_prefix("PNI:").map_or((0, party.name.as_str()), |uuid| (1, uuid));
    let uuid = hex::decode(uuid.replace('-', "")).ok()?;
    [&[kind][..], &uuid].concat().try_into().ok()
}

fn translate_session(session: &Fields<'_>, beside: &Beside, out: &mut Vec<u8>) {
    let spqr = session.bytes(15).filter(|state| !state.is_empty()).map(Fields::read);
    out.push(if spqr.is_some() { 5 } else { session.number(1) as u8 });
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
    let mut keyless = None;
    for chain in receiving {
        let chain = Fields::read(chain);
        let ratchet_key = PublicKey::parse(chain.bytes(1).unwrap()).unwrap();
        keyless = keyless.or_else(|| beside.keyless.contains(&ratchet_key).then_some(ratchet_key));
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
    if let Some(prekey) = prekey {
        let prekey = Fields::read(prekey);
        let one_time = prekey.has(1);
        out.push(u8::from(one_time));
        if one_time {
            out.extend((prekey.number(1) as u32).to_be_bytes());
        }
        out.extend((prekey.number(3) as u32).to_be_bytes());
        if let Some(kyber) = kyber.map(Fields::read) {
            out.extend((kyber.number(1) as u32).to_be_bytes());
            out.extend(&kyber.bytes(2).unwrap()[1..]);
        }
        out.extend(prekey.number(4).to_be_bytes());
    }
    if let Some(spqr) = spqr {
        official_spqr::translate(&spqr, beside.suites.oldest == Suite::Triple, keyless, out);
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
pub struct Fields<'a> {
    numbers: Vec<(u64, u64)>,
    pub strings: Vec<(u64, &'a [u8])>,
}

impl<'a> Fields<'a> {
    pub fn read(mut bytes: &'a [u8]) -> Self {
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

    pub fn has(&self, field: u64) -> bool {
        self.numbers.iter().any(|(number, _)| *number == field)
    }

    pub fn number(&self, field: u64) -> u64 {
        self.numbers.iter().find(|(number, _)| *number == field).map_or(0, |(_, value)| *value)
    }

    pub fn bytes(&self, field: u64) -> Option<&'a [u8]> {
        self.all(field).first().copied()
    }

    pub fn all(&self, field: u64) -> Vec<&'a [u8]> {
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
