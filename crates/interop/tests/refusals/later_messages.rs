//! Messages of a session that is known already.

use std::ops::Range;

use interop::OracleVersion::{V090, V103};
use interop::{Official, Ours, Party, fields};
use ratchet::MessageKind::Ratchet;
use ratchet::{Ciphertext, Strictness};

use crate::edit::{bytes_field, remove, small_order, value, varint, varint_field};
use crate::pair::{Accepted, CASES, Case, Scene, receiver, send, sender, unwrapped};
use crate::verdict::By::{self, Everybody, Nobody};
use crate::verdict::Verdicts;

type Change = fn(&mut Vec<u8>);

/// What is done to a message of the ratchet. All of it is under the MAC.
const CHANGES: &[(&str, Change)] = &[
    ("version 2", |m| m[0] = 0x24),
    ("version 3 or 4, whichever it is not", |m| m[0] ^= 0x70),
    ("version 5", |m| m[0] = 0x54),
    ("low nibble 0", |m| m[0] &= 0xf0),
    ("low nibble 5", |m| m[0] = m[0] & 0xf0 | 5),
    ("ratchet key: changed", |m| value(Ratchet, m, 1, |v| v[7] ^= 1)),
    ("ratchet key: none", |m| remove(Ratchet, m, 1)),
    ("ratchet key: type 6", |m| value(Ratchet, m, 1, |v| v[0] = 6)),
    ("ratchet key: 31 bytes", |m| value(Ratchet, m, 1, |v| v.truncate(32))),
    ("ratchet key: a byte more", |m| value(Ratchet, m, 1, |v| v.push(1))),
    ("ratchet key: small order, 0", |m| value(Ratchet, m, 1, |v| *v = small_order(0))),
    ("ratchet key: small order, 1", |m| value(Ratchet, m, 1, |v| *v = small_order(1))),
    ("ratchet key: high bit", |m| value(Ratchet, m, 1, |v| v[32] |= 0x80)),
    ("counter: one more", |m| value(Ratchet, m, 2, |v| v[0] += 1)),
    ("counter: 25000 more", |m| value(Ratchet, m, 2, |v| *v = varint(25_000))),
    ("counter: 2^32 more", |m| value(Ratchet, m, 2, |v| *v = varint(u64::from(v[0]) + (1 << 32)))),
    ("counter: none", |m| remove(Ratchet, m, 2)),
    ("counter: twice", |m| {
        let field = fields(Ratchet, m).into_iter().find(|field| field.number == 2).unwrap();
        let again = m[field.whole.clone()].to_vec();
        m.splice(field.whole.end..field.whole.end, again);
    }),
    ("previous counter: another", |m| value(Ratchet, m, 3, |v| v[0] ^= 1)),
    ("previous counter: none", |m| remove(Ratchet, m, 3)),
    ("ciphertext: changed", |m| value(Ratchet, m, 4, |v| v[3] ^= 1)),
    ("ciphertext: none", |m| remove(Ratchet, m, 4)),
    ("ciphertext: empty", |m| value(Ratchet, m, 4, Vec::clear)),
    ("ciphertext: a block more", |m| value(Ratchet, m, 4, |v| v.extend([0; 16]))),
    ("addresses: empty", |m| with_field(m, bytes_field(6, &[]))),
    ("unknown field", |m| with_field(m, varint_field(9, 1))),
    ("MAC: changed", |m| *m.last_mut().unwrap() ^= 1),
    ("MAC: first byte changed", |m| {
        let at = m.len() - 8;
        m[at] ^= 0x80;
    }),
    ("MAC: none", |m| m.truncate(m.len() - 8)),
    ("a byte behind it", |m| m.push(0)),
];

/// The same where there is a post-quantum ratchet.
const SPQR_CHANGES: &[(&str, Change)] = &[
    ("SPQR: stripped", |m| remove(Ratchet, m, 5)),
    ("SPQR: empty", |m| value(Ratchet, m, 5, Vec::clear)),
    ("SPQR: version 0", |m| value(Ratchet, m, 5, |v| v[0] = 0)),
    ("SPQR: version 2", |m| value(Ratchet, m, 5, |v| v[0] = 2)),
    ("SPQR: another epoch", |m| value(Ratchet, m, 5, |v| v[1] += 1)),
    ("SPQR: another index", |m| value(Ratchet, m, 5, |v| v[2] += 1)),
    ("SPQR: another type", |m| value(Ratchet, m, 5, |v| v[3] ^= 1)),
];

fn with_field(message: &mut Vec<u8>, field: Vec<u8>) {
    let mac = message.len() - 8;
    message.splice(mac..mac, field);
}

fn changes(case: Case) -> impl Iterator<Item = &'static (&'static str, Change)> {
    let spqr = [V090, V103].contains(&case.version).then_some(SPQR_CHANGES).into_iter().flatten();
    CHANGES.iter().chain(spqr)
}

/// The same bytes for both: a first message without its wrapping.
#[test]
fn changed_messages_are_refused_by_both() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let mut scene = Scene::new(case);
        let sent = scene.send(3);
        let mut pair = scene.receivers();
        pair.must_read(&sent[0], "the first message");
        let genuine = unwrapped(&sent[1]);
        for (row, change) in changes(case) {
            let mut message = genuine.clone();
            change(&mut message.bytes);
            verdicts.judge(case, row, Nobody, pair.read(&message));
        }
        let length = genuine.bytes.len();
        let cut = |at: usize| Ciphertext { kind: Ratchet, bytes: genuine.bytes[..at].to_vec() };
        let flipped = |bit: usize| {
            let mut message = genuine.clone();
            message.bytes[bit / 8] ^= 1 << (bit % 8);
            message
        };
        let broken: Vec<_> = (0..length).map(cut).chain((0..8 * length).map(flipped)).collect();
        for (at, got) in pair.read_all(&broken).into_iter().enumerate() {
            verdicts.judge(case, &format!("cut or bit {at}"), Nobody, got);
        }
        verdicts.judge(case, "untouched", Everybody, pair.read(&genuine));
        verdicts.judge(case, "a replay", Nobody, pair.read(&genuine));
        verdicts.judge(case, "a replay of the first", Nobody, pair.read(&sent[0]));
        verdicts.judge(
            case,
            "a replay of the first, without wrapping",
            Nobody,
            pair.read(&unwrapped(&sent[0])),
        );
        verdicts.judge(case, "the next, in its wrapping", Everybody, pair.read(&sent[2]));
        verdicts.judge(case, "the next again, without wrapping", Nobody, pair.read(&unwrapped(&sent[2])));
    }
    verdicts.done();
}

/// Two conversations of the same course, one with each receiver, since after an answer the bytes differ.
#[test]
fn changed_messages_of_a_long_conversation_are_refused_by_both() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        for turns in [1, 30, 50] {
            let scene = Scene::new(case);
            let pair = scene.receivers();
            let (mut ours, mut official) = (pair.ours, pair.official);
            let mut to_ours = scene.alice.twin().unwrap();
            let mut to_official = scene.alice.twin().unwrap();
            for _ in 0..turns {
                talk(&mut to_ours, &mut ours);
                talk(&mut to_official, &mut official);
            }
            let for_ours = send(&mut to_ours, 1).remove(0);
            let for_official = send(&mut to_official, 1).remove(0);
            let mut read = |row: &str, by: By, change: &dyn Fn(&mut Vec<u8>)| {
                let accepted = |who: &mut dyn Party, genuine: &Ciphertext| {
                    let mut message = genuine.clone();
                    change(&mut message.bytes);
                    who.decrypt(&[message]).unwrap()[0].is_ok()
                };
                let got = Accepted {
                    ours: accepted(&mut ours, &for_ours),
                    official: accepted(&mut official, &for_official),
                };
                verdicts.judge(case, &format!("{turns} turns: {row}"), by, got);
            };
            for (row, change) in changes(case) {
                read(row, Nobody, change);
            }
            read("untouched", Everybody, &|_| {});
            read("a replay", Nobody, &|_| {});
        }
    }
    verdicts.done();
}

fn talk(alice: &mut impl Party, bob: &mut impl Party) {
    let there = send(alice, 1);
    bob.decrypt(&there).unwrap().remove(0).unwrap();
    let back = send(bob, 1);
    alice.decrypt(&back).unwrap().remove(0).unwrap();
}

/// How many messages may be missing before one, and how many of these can still arrive. One of ours
/// sends, as it takes 25,000 messages; nothing is answered, so both receivers get the same bytes.
#[test]
fn limits_are_the_same() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        // The post-quantum ratchet counts from the last message, the Double Ratchet from the next.
        let spqr = [V103].contains(&case.version);
        let farthest = if spqr { 25_000 } else { 25_001 };
        let scene = Scene::new(case);
        let mut alice = Ours::new(case.speaks, &sender(), &receiver(), 1);
        alice.initiate(scene.bundle()).unwrap().unwrap();
        let sent = send(&mut alice, farthest + 2);
        let mut pair = scene.receivers();
        pair.must_read(&sent[0], "the first message");
        verdicts.judge(case, "too far ahead", Nobody, pair.read(&sent[farthest + 1]));
        verdicts.judge(case, "just near enough", Everybody, pair.read(&sent[farthest]));
        let kept: Range<usize> = farthest - 2000..farthest;
        verdicts.judge(case, "the oldest that was kept", Everybody, pair.read(&sent[kept.start]));
        verdicts.judge(case, "one older", Nobody, pair.read(&sent[kept.start - 1]));
        verdicts.judge(case, "long dropped", Nobody, pair.read(&sent[1]));
        verdicts.judge(case, "just before it", Everybody, pair.read(&sent[farthest - 1]));
    }
    verdicts.done();
}

/// A message that waited until its sender had five newer ratchet keys is lost.
#[test]
fn receiving_chains_are_dropped_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let scene = Scene::new(case);
        let pair = scene.receivers();
        let (mut ours, mut official) = (pair.ours, pair.official);
        let late_for = |bob: &mut dyn Party| -> Vec<bool> {
            let mut alice = scene.alice.twin().unwrap();
            let mut held = Vec::new();
            for _ in 0..9 {
                let mut sent = send(&mut alice, 2);
                held.push(sent.remove(0));
                bob.decrypt(&sent).unwrap().remove(0).unwrap();
                let back = bob.encrypt(&[b"back".to_vec()]).unwrap().remove(0).unwrap();
                alice.decrypt(&[back]).unwrap().remove(0).unwrap();
            }
            held.reverse();
            bob.decrypt(&held).unwrap().iter().map(Result::is_ok).collect()
        };
        let (ours, official) = (late_for(&mut ours), late_for(&mut official));
        for (newer, (ours, official)) in ours.into_iter().zip(official).enumerate() {
            let by = if newer < 5 { Everybody } else { Nobody };
            verdicts.judge(case, &format!("{newer} newer chains"), by, Accepted { ours, official });
        }
    }
    verdicts.done();
}

/// An official sender that is put back to an older state goes on in a chain that it has said was over. The official
/// receiver reads that, so ours does, unless it is strict. What it says under a key that was used is for nobody.
#[test]
fn chains_are_read_beyond_their_end_alike_unless_we_are_strict() {
    for case in CASES {
        let scene = Scene::new(case);
        let beyond = |bob: &mut dyn Party| -> Vec<bool> {
            let mut alice = scene.alice.twin().unwrap();
            let there = |alice: &mut Official, bob: &mut dyn Party| {
                bob.decrypt(&send(alice, 1)).unwrap().remove(0).unwrap();
            };
            let back = |alice: &mut Official, bob: &mut dyn Party| {
                let back = bob.encrypt(&[b"back".to_vec()]).unwrap().remove(0).unwrap();
                alice.decrypt(&[back]).unwrap().remove(0).unwrap();
            };
            there(&mut alice, bob);
            back(&mut alice, bob);
            there(&mut alice, bob);
            let mut backup = alice.twin().unwrap();
            there(&mut alice, bob);
            back(&mut alice, bob);
            there(&mut alice, bob);
            bob.decrypt(&send(&mut backup, 4)).unwrap().iter().map(Result::is_ok).collect()
        };
        let (mut pair, mut strict) = (scene.receivers(), scene.receivers().ours);
        strict.set_record(strict.record().clone().reading(Strictness::Specified));
        let (ours, official, strict) =
            (beyond(&mut pair.ours), beyond(&mut pair.official), beyond(&mut strict));
        assert_eq!(ours, official, "{case}");
        assert!(!ours[0] && ours[3], "{case}: {ours:?}");
        assert_eq!(strict, [false; 4], "{case}");
    }
}
