//! First messages that were changed on their way.

use interop::Name;
use interop::OracleVersion::{V072, V090, V103};
use ratchet::MessageKind::Prekey;
use ratchet::{Ciphertext, MessageKind};

use crate::edit::{add_torsion, bytes_field, inner, remove, small_order, value, varint, varint_field};
use crate::pair::{CASES, Case, Pair, Scene, X3DH, receiver, sender};
use crate::verdict::By::{self, Everybody, Nobody, Only};
use crate::verdict::Verdicts;

type Change = fn(&mut Vec<u8>);

/// What is done to a first message, and who accepts it when the session is new.
const CHANGES: &[(&str, By, Change)] = &[
    ("nothing", Everybody, |_| {}),
    ("first byte: version 2", Nobody, |m| m[0] = 0x24),
    ("first byte: version 5", Nobody, |m| m[0] = 0x54),
    ("first byte: low nibble 0", Everybody, |m| m[0] &= 0xf0),
    ("first byte: low nibble 5", Everybody, |m| m[0] = m[0] & 0xf0 | 5),
    ("one-time prekey: unknown id", Nobody, |m| value(Prekey, m, 1, |v| *v = varint(77))),
    ("one-time prekey: none", Nobody, |m| remove(Prekey, m, 1)),
    ("one-time prekey: a length instead of a number", Nobody, |m| {
        remove(Prekey, m, 1);
        m.extend(bytes_field(1, &[7]));
    }),
    ("base key: changed", Nobody, |m| value(Prekey, m, 2, |v| v[5] ^= 1)),
    ("base key: none", Nobody, |m| remove(Prekey, m, 2)),
    ("base key: type 6", Nobody, |m| value(Prekey, m, 2, |v| v[0] = 6)),
    ("base key: 31 bytes", Nobody, |m| value(Prekey, m, 2, |v| v.truncate(32))),
    ("base key: empty", Nobody, |m| value(Prekey, m, 2, Vec::clear)),
    ("base key: a byte more", Everybody, |m| value(Prekey, m, 2, |v| v.push(9))),
    ("base key: high bit", Only(&[V072]), |m| value(Prekey, m, 2, |v| v[32] |= 0x80)),
    ("base key: with torsion", Only(&[V072]), |m| value(Prekey, m, 2, |v| add_torsion(v))),
    ("base key: small order, 0", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(0))),
    ("base key: small order, 1", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(1))),
    ("base key: small order, 8", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(2))),
    ("base key: small order, 8 too", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(3))),
    ("base key: small order, -1", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(4))),
    ("base key: small order, p", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(5))),
    ("base key: small order, p+1", Nobody, |m| value(Prekey, m, 2, |v| *v = small_order(6))),
    ("identity key: changed", Nobody, |m| value(Prekey, m, 3, |v| v[5] ^= 1)),
    ("identity key: none", Nobody, |m| remove(Prekey, m, 3)),
    ("identity key: type 6", Nobody, |m| value(Prekey, m, 3, |v| v[0] = 6)),
    ("identity key: a byte more", Everybody, |m| value(Prekey, m, 3, |v| v.push(9))),
    ("identity key: high bit", Nobody, |m| value(Prekey, m, 3, |v| v[32] |= 0x80)),
    ("identity key: small order", Nobody, |m| value(Prekey, m, 3, |v| *v = small_order(1))),
    ("message: none", Nobody, |m| remove(Prekey, m, 4)),
    ("message: empty", Nobody, |m| inner(m, Vec::clear)),
    ("message: eight bytes", Nobody, |m| inner(m, |v| v.truncate(8))),
    ("message: low nibble", Nobody, |m| inner(m, |v| v[0] ^= 1)),
    ("message: version 2", Nobody, |m| inner(m, |v| v[0] = 0x24)),
    ("message: MAC changed", Nobody, |m| inner(m, |v| *v.last_mut().unwrap() ^= 1)),
    ("message: MAC cut", Nobody, |m| inner(m, |v| v.truncate(v.len() - 1))),
    ("message: ratchet key changed", Nobody, |m| in_message(m, 1, |v| v[9] ^= 1)),
    ("message: ratchet key of small order", Nobody, |m| in_message(m, 1, |v| *v = small_order(1))),
    ("message: ratchet key with high bit", Nobody, |m| in_message(m, 1, |v| v[32] |= 0x80)),
    ("message: ratchet key of type 6", Nobody, |m| in_message(m, 1, |v| v[0] = 6)),
    ("message: counter changed", Nobody, |m| in_message(m, 2, |v| v[0] ^= 1)),
    ("message: previous counter changed", Nobody, |m| in_message(m, 3, |v| v[0] ^= 1)),
    ("message: ciphertext changed", Nobody, |m| in_message(m, 4, |v| v[0] ^= 1)),
    ("message: ciphertext cut by a block", Nobody, |m| in_message(m, 4, |v| v.truncate(v.len() - 16))),
    ("message: unknown field", Nobody, |m| {
        inner(m, |v| {
            let mac = v.len() - 8;
            v.splice(mac..mac, varint_field(9, 1));
        });
    }),
    // Nothing of the wrapping is authenticated, and nothing depends on this.
    ("registration id: another", Everybody, |m| value(Prekey, m, 5, |v| *v = varint(9))),
    ("registration id: none", Everybody, |m| remove(Prekey, m, 5)),
    ("signed prekey: unknown id", Nobody, |m| value(Prekey, m, 6, |v| *v = varint(77))),
    ("signed prekey: none", Nobody, |m| remove(Prekey, m, 6)),
    ("unknown field", Everybody, |m| m.extend(varint_field(15, 1))),
    ("fields from last to first", Everybody, |m| {
        let fields = interop::fields(Prekey, m);
        let reversed: Vec<_> = fields.into_iter().rev().flat_map(|field| m[field.whole].to_vec()).collect();
        m.truncate(1);
        m.extend(reversed);
    }),
    ("a byte 0 behind it", Nobody, |m| m.push(0)),
];

/// The same where there is a KEM.
const KEM_CHANGES: &[(&str, By, Change)] = &[
    ("first byte: version 3", Only(&[V072]), |m| m[0] = 0x34),
    ("message: version 3", Nobody, |m| inner(m, |v| v[0] = 0x34)),
    ("both versions 3", Nobody, |m| {
        m[0] = 0x34;
        inner(m, |v| v[0] = 0x34);
    }),
    ("KEM prekey: unknown id", Nobody, |m| value(Prekey, m, 7, |v| *v = varint(77))),
    ("KEM prekey: none", Nobody, |m| remove(Prekey, m, 7)),
    ("KEM ciphertext: changed", Nobody, |m| value(Prekey, m, 8, |v| v[100] ^= 1)),
    ("KEM ciphertext: none", Nobody, |m| remove(Prekey, m, 8)),
    ("KEM ciphertext: type 7", Nobody, |m| value(Prekey, m, 8, |v| v[0] = 7)),
    ("KEM ciphertext: type 10", Nobody, |m| value(Prekey, m, 8, |v| v[0] = 10)),
    ("KEM ciphertext: empty", Nobody, |m| value(Prekey, m, 8, Vec::clear)),
    ("KEM ciphertext: a byte less", Nobody, |m| value(Prekey, m, 8, |v| v.truncate(v.len() - 1))),
    ("KEM ciphertext: a byte more", Nobody, |m| value(Prekey, m, 8, |v| v.push(0))),
    ("no KEM", Nobody, |m| {
        remove(Prekey, m, 7);
        remove(Prekey, m, 8);
    }),
    ("no KEM, version 3", Nobody, |m| {
        remove(Prekey, m, 7);
        remove(Prekey, m, 8);
        m[0] = 0x34;
    }),
];

/// The same where there is a post-quantum ratchet: without the MAC's key nobody downgrades it.
const SPQR_CHANGES: &[(&str, By, Change)] = &[
    ("SPQR: stripped", Nobody, |m| inner(m, |v| remove(MessageKind::Ratchet, v, 5))),
    ("SPQR: version 0", Nobody, |m| in_message(m, 5, |v| v[0] = 0)),
    ("SPQR: version 2", Nobody, |m| in_message(m, 5, |v| v[0] = 2)),
    ("SPQR: chunk changed", Nobody, |m| in_message(m, 5, |v| *v.last_mut().unwrap() ^= 1)),
    ("SPQR: empty", Nobody, |m| in_message(m, 5, Vec::clear)),
];

/// Who accepts it when the session is known already: nothing is looked up and nothing agreed any more.
const KNOWN_SESSION: &[(&str, By)] = &[
    ("one-time prekey: unknown id", Everybody),
    ("one-time prekey: none", Everybody),
    // By its version and base key the session is known; another is a new one, with the old's prekeys.
    ("base key: high bit", Nobody),
    ("base key: with torsion", Nobody),
    ("first byte: version 3", Nobody),
    ("identity key: changed", Only(&[V072, V090])),
    ("identity key: high bit", Only(&[V072, V090])),
    ("identity key: small order", Only(&[V072, V090])),
    ("signed prekey: unknown id", Everybody),
    ("KEM prekey: unknown id", Everybody),
    ("KEM ciphertext: changed", Everybody),
    ("KEM ciphertext: type 7", Everybody),
    ("KEM ciphertext: type 10", Everybody),
    ("KEM ciphertext: empty", Everybody),
    ("KEM ciphertext: a byte less", Everybody),
    ("KEM ciphertext: a byte more", Everybody),
];

fn in_message(message: &mut Vec<u8>, field: u64, change: fn(&mut Vec<u8>)) {
    inner(message, |message| value(MessageKind::Ratchet, message, field, change));
}

fn changes(case: Case) -> impl Iterator<Item = &'static (&'static str, By, Change)> {
    let kem = case.has_kyber().then_some(KEM_CHANGES).into_iter().flatten();
    let spqr = [V090, V103].contains(&case.version).then_some(SPQR_CHANGES).into_iter().flatten();
    CHANGES.iter().chain(kem).chain(spqr)
}

#[test]
fn changed_first_messages_are_refused_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let mut scene = Scene::new(case);
        let genuine = scene.send(1).remove(0);
        for (row, by, change) in changes(case) {
            let mut pair = scene.receivers();
            let got = pair.read(&changed(&genuine, *change));
            verdicts.judge(case, row, *by, got);
            if !got.ours && !got.official {
                pair.must_read(&genuine, &format!("{case}: the genuine message after `{row}`"));
            }
        }
    }
    verdicts.done();
}

/// A second first message of a session that the first one began.
#[test]
fn changed_repetitions_of_first_messages_are_refused_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let mut scene = Scene::new(case);
        let messages = scene.send(2);
        for (row, by, change) in changes(case) {
            let mut pair = scene.receivers();
            pair.must_read(&messages[0], "the first message");
            let by = KNOWN_SESSION.iter().find(|(known, _)| known == row).map_or(*by, |(_, by)| *by);
            let got = pair.read(&changed(&messages[1], *change));
            verdicts.judge(case, &format!("known session: {row}"), by, got);
            if !got.ours && !got.official {
                pair.must_read(&messages[1], &format!("{case}: the genuine repetition after `{row}`"));
            }
        }
    }
    verdicts.done();
}

#[test]
fn first_messages_cut_anywhere_are_refused_by_both() {
    for case in CASES {
        let mut scene = Scene::new(case);
        let genuine = scene.send(1).remove(0);
        let mut pair = scene.receivers();
        let length = genuine.bytes.len();
        let cut = |at: usize| Ciphertext { kind: Prekey, bytes: genuine.bytes[..at].to_vec() };
        // Every length up to where the KEM's ciphertext begins, and some within it.
        let cuts: Vec<_> =
            (0..length).filter(|at| *at < 250 || at % 97 == 0 || at + 9 > length).map(cut).collect();
        for (at, got) in pair.read_all(&cuts).into_iter().enumerate() {
            assert!(!got.ours && !got.official, "{case}, cut {at}: {got:?}");
        }
        pair.must_read(&genuine, "the whole message");
    }
}

#[test]
fn every_bit_that_matters_is_noticed_by_both() {
    for case in CASES {
        let mut scene = Scene::new(case);
        let genuine = scene.send(1).remove(0);
        let mut pair = scene.receivers();
        let free: Vec<_> = interop::fields(Prekey, &genuine.bytes)
            .into_iter()
            .filter(|field| field.number == 5)
            .flat_map(|field| field.whole)
            .collect();
        let flipped: Vec<_> = (1..genuine.bytes.len())
            .filter(|at| !free.contains(at) && (*at < 300 || at % 31 == 0))
            .map(|at| {
                let mut bytes = genuine.bytes.clone();
                bytes[at] ^= 1;
                Ciphertext { kind: Prekey, bytes }
            })
            .collect();
        for (at, got) in pair.read_all(&flipped).into_iter().enumerate() {
            assert!(!got.ours && !got.official, "{case}, flip {at}: {got:?}");
        }
        pair.must_read(&genuine, "the untouched message");
    }
}

type Situation = fn(&Scene, &[Ciphertext]) -> (Pair, Ciphertext);

/// Genuine messages in situations in which they may have to be refused.
const SITUATIONS: &[(&str, By, Situation)] = &[
    ("a replay", Nobody, |scene, sent| {
        let mut pair = scene.receivers();
        pair.must_read(&sent[0], "the first time");
        (pair, sent[0].clone())
    }),
    ("a replay after a later one", Nobody, |scene, sent| {
        let mut pair = scene.receivers();
        pair.must_read(&sent[0], "the first time");
        pair.must_read(&sent[1], "another");
        (pair, sent[0].clone())
    }),
    ("the second before the first", Everybody, |scene, sent| {
        let mut pair = scene.receivers();
        pair.must_read(&sent[1], "the second");
        (pair, sent[0].clone())
    }),
    ("a ratchet message before there is a session", Nobody, |scene, sent| {
        (scene.receivers(), crate::pair::unwrapped(&sent[0]))
    }),
    ("the one-time prekey is gone", Nobody, |scene, sent| without(scene, sent, "oneTime")),
    ("the signed prekey is gone", Nobody, |scene, sent| without(scene, sent, "signed")),
    ("another recipient's device", Only(&[V072, V090]), |scene, sent| {
        (scene.receivers_named(&Name { device: 3, ..receiver() }, &sender()), sent[0].clone())
    }),
    ("another sender's device", Only(&[V072, V090]), |scene, sent| {
        (scene.receivers_named(&receiver(), &Name { device: 3, ..sender() }), sent[0].clone())
    }),
    ("another sender", Only(&[V072, V090]), |scene, sent| {
        (
            scene.receivers_named(&receiver(), &named("9d0652a3-dcc3-4d11-975f-74d615987330", 1)),
            sent[0].clone(),
        )
    }),
    ("both exchanged", Only(&[V072, V090]), |scene, sent| {
        (scene.receivers_named(&sender(), &receiver()), sent[0].clone())
    }),
    ("the recipient as a phone number identity", Only(&[V072, V090]), |scene, sent| {
        let pni = named(&format!("PNI:{}", receiver().service), 2);
        (scene.receivers_named(&pni, &sender()), sent[0].clone())
    }),
    ("the recipient in capitals", Everybody, |scene, sent| {
        (scene.receivers_named(&named(&receiver().service.to_uppercase(), 2), &sender()), sent[0].clone())
    }),
    ("the recipient without a service id", Only(&[V072, V090]), |scene, sent| {
        (scene.receivers_named(&named("not a uuid", 2), &sender()), sent[0].clone())
    }),
];

#[test]
fn first_messages_in_the_wrong_place_are_refused_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let mut scene = Scene::new(case);
        let sent = scene.send(2);
        for (row, by, situation) in SITUATIONS {
            let (mut pair, message) = situation(&scene, &sent);
            verdicts.judge(case, row, *by, pair.read(&message));
        }
        if case.speaks != X3DH.speaks {
            let (mut pair, message) = without(&scene, &sent, "kyber");
            verdicts.judge(case, "the KEM prekey is gone", Nobody, pair.read(&message));
        }
    }
    verdicts.done();
}

fn without(scene: &Scene, sent: &[Ciphertext], kind: &str) -> (Pair, Ciphertext) {
    let mut pair = scene.receivers();
    let bundle = scene.bundle();
    let id = match kind {
        "oneTime" => bundle.one_time.as_ref().unwrap().id,
        "signed" => bundle.signed.id,
        _ => bundle.kyber.as_ref().unwrap().id,
    };
    pair.forget_prekey(kind, id);
    (pair, sent[0].clone())
}

fn named(service: &str, device: u8) -> Name {
    Name { service: service.to_owned(), device }
}

fn changed(genuine: &Ciphertext, change: Change) -> Ciphertext {
    let mut message = genuine.clone();
    change(&mut message.bytes);
    message
}
