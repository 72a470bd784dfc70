//! `Debug` of whatever holds a secret shows none of it, at no point of a conversation.

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ratchet::adversary::{Attacker, Oracles, Snapshot};
use ratchet::{Addresses, Event, Identified, PrekeyMessage, SafetyNumber, ServiceId, SessionRecord, Suites};

use crate::device::{Device, NOW_S};
use crate::recorder::{Drawn, Recorder};

const PLAINTEXT: &[u8] = b"meet me where we met before";

/// The `Debug` of everything that is shown, one to a line; `{:#?}` after `{:?}`.
#[derive(Default)]
struct Shown {
    plain: String,
    pretty: String,
}

impl Shown {
    fn add(&mut self, name: &str, value: &impl Debug) {
        self.plain += &format!("{name}: {value:?}\n");
        self.pretty += &format!("{value:#?}\n");
    }

    /// Fails if a secret is in it in any of the usual forms: hexadecimal, as a list of numbers, or in
    /// base64. So many bytes in a row count.
    fn hides(&self, secret: &[u8], what: &str, in_a_row: usize) {
        let text: String = (self.plain.clone() + &self.pretty).split_whitespace().collect();
        let lower = text.to_lowercase();
        for part in secret.windows(in_a_row).filter(|part| part.iter().any(|byte| *byte != part[0])) {
            let decimal: Vec<String> = part.iter().map(u8::to_string).collect();
            let hexadecimal: Vec<String> = part.iter().map(|byte| format!("0x{byte:02x}")).collect();
            assert!(!lower.contains(&hex::encode(part)), "{what} in hexadecimal");
            assert!(!lower.contains(&hexadecimal.join(",")), "{what} in hexadecimal numbers");
            assert!(!text.contains(&decimal.join(",")), "{what} in numbers");
        }
        for part in secret.windows(6.max(in_a_row)).filter(|part| part.iter().any(|byte| *byte != part[0])) {
            assert!(!text.contains(&STANDARD_NO_PAD.encode(&part[..6])), "{what} in base64");
            assert!(!text.contains(&URL_SAFE_NO_PAD.encode(&part[..6])), "{what} in base64");
        }
    }
}

struct Side {
    device: Device,
    drawn: Drawn,
    events: Vec<Event>,
}

impl Side {
    fn new(seed: u64) -> Self {
        Self { device: Device::new(seed), drawn: Drawn::default(), events: Vec::new() }
    }

    fn show(&self, shown: &mut Shown) {
        let Device { local, prekeys, record, .. } = &self.device;
        shown.add("LocalIdentity", local);
        shown.add("IdentityKeyPair", &local.key_pair);
        prekeys.signed.values().for_each(|prekey| shown.add("SignedPrekey", prekey));
        prekeys.one_time.values().for_each(|prekey| shown.add("OneTimePrekey", prekey));
        prekeys.kem.values().for_each(|prekey| shown.add("KemPrekey", prekey));
        shown.add("SessionRecord", record);
        shown.add("SessionStatus", &record.status());
        shown.add("Events", &self.events);
        shown.add("RemoteIdentity", &record.remote_identity());
        let snapshot = self.snapshot();
        shown.add("Snapshot", &snapshot);
        shown.add("Attacker", &Attacker::default().with_snapshot(&snapshot));
        shown.add("Oracles", &self.oracles());
    }

    fn snapshot(&self) -> Snapshot {
        let Device { local, prekeys, record, .. } = &self.device;
        let mut snapshot = Snapshot::of_session(record).with_identity(&local.key_pair);
        for prekey in prekeys.signed.values() {
            snapshot = snapshot.with_signed_prekey(prekey);
        }
        snapshot
    }

    fn oracles(&self) -> Oracles {
        let mut oracles = Oracles::default();
        oracles.curve.teach_identity(&self.device.local.key_pair);
        self.device.prekeys.kem.values().for_each(|prekey| oracles.kem.teach_prekey(prekey));
        oracles
    }

    fn check(&self, shown: &Shown) {
        shown.hides(PLAINTEXT, "plaintext", 6);
        let Device { local, prekeys, record, .. } = &self.device;
        shown.hides(&*local.key_pair.to_bytes(), "identity key", 4);
        // Without kind and id; the signature at the end is public, and long.
        let private = |stored: &[u8], signature: usize| stored[5..stored.len() - signature].to_vec();
        for prekey in prekeys.signed.values() {
            shown.hides(&private(&prekey.to_bytes(), 64), "signed prekey", 4);
        }
        for prekey in prekeys.one_time.values() {
            shown.hides(&private(&prekey.to_bytes(), 0), "one-time prekey", 4);
        }
        for prekey in prekeys.kem.values() {
            shown.hides(&private(&prekey.to_bytes(), 64), "KEM prekey", 4);
        }
        let Drawn { curve, kem, braid_seeds, braid_coins } = &self.drawn;
        curve.iter().chain(kem).chain(braid_coins).for_each(|secret| shown.hides(secret, "drawn secret", 4));
        braid_seeds.iter().for_each(|secret| shown.hides(secret, "drawn seed", 4));
        // Root key, chain keys, keys of messages passed over, everything of the post-quantum ratchet.
        // Public keys are in there too, of which four bytes are shown.
        shown.hides(&record.to_bytes(), "state", 8);
    }
}

fn initiate(side: &mut Side, with: &mut Side) {
    let bundle = with.device.bundle();
    let Device { record, local, rng, .. } = &mut side.device;
    let mut fresh = Recorder { rng, drawn: &mut side.drawn };
    record.initiate_observed(local, &bundle, NOW_S, &mut fresh, &mut side.events).unwrap();
}

fn exchange(from: &mut Side, to: &mut Side, shown: &mut Shown) {
    let Device { record, rng, .. } = &mut from.device;
    let mut fresh = Recorder { rng, drawn: &mut from.drawn };
    // The first of the two is passed over.
    let _ = record.encrypt_observed(PLAINTEXT, NOW_S, &mut fresh, &mut from.events).unwrap();
    let message = record.encrypt_observed(PLAINTEXT, NOW_S, &mut fresh, &mut from.events).unwrap();

    let Device { record, local, prekeys, rng, .. } = &mut to.device;
    let mut fresh = Recorder { rng, drawn: &mut to.drawn };
    let (kind, bytes) = (message.kind, &message.bytes);
    let decrypted = record.decrypt_observed(local, kind, bytes, prekeys, &mut fresh, &mut to.events).unwrap();
    shown.add("Decrypted", &decrypted);
    if let Ok(parsed) = PrekeyMessage::parse(bytes) {
        shown.add("PrekeyMessage", &parsed);
    }
}

#[test]
fn no_secret_shows_at_any_point_of_a_conversation() {
    let (mut a, mut b) = (Side::new(1), Side::new(2));
    let mut shown = Shown::default();
    initiate(&mut a, &mut b);
    a.show(&mut shown);
    for round in 0..50 {
        exchange(&mut a, &mut b, &mut shown);
        exchange(&mut b, &mut a, &mut shown);
        if round % 10 == 0 {
            a.show(&mut shown);
            b.show(&mut shown);
            a.check(&shown);
            b.check(&shown);
            shown = Shown::default();
        }
    }
    let epochs = a.device.record.status().unwrap().post_quantum.unwrap().chain_epoch;
    assert!(epochs > 0, "secrets of the post-quantum ratchet are among them");
}

#[test]
fn what_is_shown_instead() {
    let (mut a, mut b) = (Side::new(1), Side::new(2));
    let mut shown = Shown::default();
    initiate(&mut a, &mut b);
    exchange(&mut a, &mut b, &mut shown);
    exchange(&mut b, &mut a, &mut shown);
    a.show(&mut shown);
    b.show(&mut shown);

    let account: ServiceId = "9d0652a3-dcc3-4d11-975f-74d61598733f".parse().unwrap();
    let [local, remote] =
        [&a, &b].map(|side| Identified { id: account.uuid(), key: side.device.local.key_pair.public() });
    shown.add("Identified", &local);
    shown.add("SafetyNumber", &SafetyNumber::between(&local, &remote));
    shown.add("ServiceId", &account);
    let end = ratchet::DeviceAddress::new(account, 1).unwrap();
    shown.add("Between", &SessionRecord::between(Addresses { local: end, remote: end }));
    shown.add("Suites", &Suites::default());
    insta::assert_snapshot!(shown.plain);
}

/// The check itself: every form in which a secret could show is found.
#[test]
fn a_secret_that_shows_is_found_in_every_form() {
    let secret: Vec<u8> = (0..32).map(|byte: u8| byte.wrapping_mul(77) ^ 0x5a).collect();
    for leak in [
        hex::encode(&secret),
        hex::encode_upper(&secret),
        format!("{secret:?}"),
        format!("{secret:#?}"),
        format!("{secret:#04x?}"),
        format!("{secret:x?}").replace([',', '[', ']', ' '], ""),
        STANDARD_NO_PAD.encode(&secret),
        URL_SAFE_NO_PAD.encode(&secret),
        format!("key({}..)", hex::encode(&secret[8..12])),
    ] {
        let mut shown = Shown::default();
        shown.plain += &leak;
        let found = std::panic::catch_unwind(|| shown.hides(&secret, "secret", 4));
        assert!(found.is_err(), "not found in {leak}");
    }
    Shown::default().hides(&secret, "secret", 4);
}
