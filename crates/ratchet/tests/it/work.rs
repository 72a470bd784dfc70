//! What a message can cost before anything of it is authentic: counted, not timed, and as `docs/protocol.md`, section
//! "Work", has it.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::generic::IdentityKeyPair;
use ratchet::limits::{MAX_ARCHIVED, MAX_FORWARD_JUMP, MAX_OWN_FORWARD_JUMP};
use ratchet::{
    Ciphertext, DecryptError, KeyUse, MessageKind, Modelled, Native, Provider, PublicKey, Suite, Suites,
};

use crate::counting::{Cost, Counting, cost_of};
use crate::device::{Device, shake_hands};

/// Sessions of a full record.
const SESSIONS: u32 = MAX_ARCHIVED as u32 + 1;

/// Derivations in one session beside the steps of its chains: of the root, the keys of the message, the start of the
/// post-quantum chain.
const BESIDE: u32 = 8;

/// What a device can be made to speak by its settings.
const SETTINGS: [Suites; 6] = [
    Suites::only(Suite::X3dh),
    Suites::only(Suite::Pqxdh),
    Suites::only(Suite::Triple),
    Suites { newest: Suite::Pqxdh, oldest: Suite::X3dh },
    Suites { newest: Suite::Triple, oldest: Suite::Pqxdh },
    Suites { newest: Suite::Triple, oldest: Suite::X3dh },
];

/// Message counters, and indices of post-quantum keys, that somebody may name.
const FAR: [u32; 6] =
    [0, MAX_FORWARD_JUMP - 1, MAX_FORWARD_JUMP, MAX_OWN_FORWARD_JUMP, 10_000_000, u32::MAX - 1];

#[test]
fn a_strangers_first_message_costs_the_same_whoever_it_claims_to_be() {
    let mut far_ones = 0;
    for suites in SETTINGS {
        let mut b: Device<Counting<Modelled>> = Device::speaking(suites, 2);
        b.bundle();
        for version in [3, 4] {
            for far in FAR {
                for index in FAR {
                    let costs = [false, true].map(|as_oneself| {
                        let first = first_message(&b, as_oneself, version, far, index);
                        let (_, cost) = cost_of(|| b.refuses(&first));
                        assert!(cost.agreements <= 6 && cost.kem <= 1, "{suites:?} {cost:?}");
                        assert!(cost.steps <= 2 * MAX_FORWARD_JUMP + BESIDE, "{suites:?} {far} {cost:?}");
                        assert_nothing_inside_is_used(&cost, 1, &first);
                        cost
                    });
                    assert_eq!(costs[0].steps, costs[1].steps, "{suites:?} version {version} {far} {index}");
                    far_ones += u32::from(costs[0].steps > MAX_FORWARD_JUMP);
                }
            }
        }
    }
    // It is as far as deployed clients go.
    assert!(far_ones > 10, "{far_ones}");
}

/// The message of the report: 147 bytes, and minutes of work.
#[test]
fn a_claim_to_be_the_receiver_itself_lifts_no_limit() {
    for suites in [Suites::only(Suite::X3dh), SETTINGS[4], SETTINGS[5]] {
        let mut b: Device<Counting<Native>> = Device::speaking(suites, 2);
        b.bundle();
        let version = if suites.oldest == Suite::X3dh { 3 } else { 4 };
        let first = first_message(&b, true, version, 10_000_000, 10_000_000);
        let (refused, cost) = cost_of(|| b.refuses(&first));
        assert_eq!(refused, DecryptError::TooFarAhead, "{suites:?}");
        assert!(cost.steps <= BESIDE, "{cost:?}");
    }
}

#[test]
fn a_message_that_opens_nothing_costs_no_more_with_forty_archived_sessions_than_with_one() {
    for suite in Suite::ALL {
        let (mut a, mut b) = with_archived::<Counting<Modelled>>(suite, MAX_ARCHIVED);
        // Under a ratchet key that nobody knows, under one that the current session knows, and under the newest.
        let old = KeyUse::of(MessageKind::Ratchet, &a.send(b"x").bytes).unwrap().ratchet_key;
        b.receive(&a.send(b"read")).unwrap();
        a.receive(&b.send(b"answer")).unwrap();
        let newest = KeyUse::of(MessageKind::Ratchet, &a.send(b"x").bytes).unwrap().ratchet_key;
        for (ratchet_key, sessions) in
            [(stranger::<Counting<Modelled>>(9), SESSIONS), (old, 1), (newest, SESSIONS)]
        {
            for far in FAR {
                for index in FAR {
                    let message = ratchet_message(suite, ratchet_key, far, index);
                    let message = Ciphertext { kind: MessageKind::Ratchet, bytes: message };
                    let (_, cost) = cost_of(|| b.refuses(&message));
                    let tried = if ratchet_key == old { 0 } else { sessions };
                    assert_eq!(cost.agreements, tried, "{suite} {far} {index}");
                    assert!(cost.steps <= 2 * MAX_FORWARD_JUMP + BESIDE * sessions, "{suite} {far} {cost:?}");
                    assert_nothing_inside_is_used(&cost, sessions, &message);
                }
            }
        }
    }
}

#[test]
fn an_honest_message_costs_the_same_with_forty_archived_sessions_as_with_none() {
    for suite in Suite::ALL {
        let costs = [0, MAX_ARCHIVED].map(|archived| {
            let (mut a, mut b) = with_archived::<Counting<Modelled>>(suite, archived);
            let mut costs = Vec::new();
            for _ in 0..3 {
                // The first of a new chain, the next of it, one after a gap, and the one that was passed over.
                let messages: Vec<_> = (0..4).map(|n| a.send(&[n])).collect();
                for at in [0, 1, 3, 2] {
                    let (read, cost) = cost_of(|| b.receive(&messages[at]));
                    read.unwrap();
                    costs.push(cost);
                }
                a.receive(&b.send(b"answer")).unwrap();
            }
            costs
        });
        assert_eq!(costs[0], costs[1], "{suite}");
    }
}

/// An old chain is found at once, and one that nobody has seen is still found in the oldest session.
#[test]
fn an_honest_message_of_an_archived_session_is_read_wherever_that_stands() {
    for suite in Suite::ALL {
        let suites = Suites::only(suite);
        let (mut a, mut b) = (Device::<Counting<Modelled>>::speaking(suites, 1), Device::speaking(suites, 2));
        a.initiate(&b.bundle());
        shake_hands(&mut a, &mut b);
        let begun = a.send(b"begun");
        let far = (0..600).map(|_| a.send(b"far")).last().unwrap();
        b.receive(&begun).unwrap();
        a.receive(&b.send(b"answer")).unwrap();
        let new_chain = (0..100).map(|_| a.send(b"new")).last().unwrap();
        for _ in 0..MAX_ARCHIVED {
            b.initiate(&a.bundle());
        }
        let kept = b.record.clone();
        let (read, cost) = cost_of(|| b.receive(&far).unwrap());
        assert_eq!((read.as_slice(), cost.agreements), (&b"far"[..], 0));
        b.record = kept;
        assert_eq!(b.receive(&new_chain).unwrap(), b"new");
    }
}

#[test]
fn in_a_session_with_oneself_a_forgery_costs_at_most_four_times_as_much() {
    for suite in [Suite::X3dh, Suite::Pqxdh] {
        let suites = Suites::only(suite);
        let mut a: Device<Counting<Modelled>> = Device::speaking(suites, 1);
        let rng = ChaCha8Rng::seed_from_u64(2);
        let mut b = Device::with_identity(a.local.key_pair.clone(), suites, rng);
        a.initiate(&b.bundle());
        shake_hands(&mut a, &mut b);
        let last = (0..MAX_OWN_FORWARD_JUMP).map(|_| a.send(b"x")).last().unwrap();
        let known = KeyUse::of(MessageKind::Ratchet, &last.bytes).unwrap().ratchet_key;
        for far in FAR {
            for ratchet_key in [known, stranger::<Counting<Modelled>>(9)] {
                let bytes = ratchet_message(suite, ratchet_key, far, 0);
                let (_, cost) = cost_of(|| b.refuses(&Ciphertext { kind: MessageKind::Ratchet, bytes }));
                assert!(cost.steps <= MAX_OWN_FORWARD_JUMP + BESIDE, "{suite} {far} {cost:?}");
            }
        }
        assert_eq!(b.receive(&last).unwrap(), b"x", "and what is one's own is read");
    }
}

/// Every message comes twice, once changed: then nothing is decoded, decapsulated, encapsulated or decrypted for it.
#[test]
fn nothing_is_decoded_or_decapsulated_for_a_message_that_is_not_authentic() {
    let suites = Suites::only(Suite::Triple);
    let (mut a, mut b) = (Device::<Counting<Modelled>>::speaking(suites, 1), Device::speaking(suites, 2));
    a.initiate(&b.bundle());
    shake_hands(&mut a, &mut b);
    let mut genuine_ones = Cost::default();
    for _ in 0..100 {
        for (from, to) in [(&mut a, &mut b)] {
            for turn in [true, false] {
                let (from, to) = if turn { (&mut *from, &mut *to) } else { (&mut *to, &mut *from) };
                let genuine = from.send(b"genuine");
                let mut forged = genuine.clone();
                *forged.bytes.last_mut().unwrap() ^= 1;
                let (refused, cost) = cost_of(|| to.refuses(&forged));
                assert_eq!(refused, DecryptError::AuthenticationFailed);
                assert_nothing_inside_is_used(&cost, 1, &forged);
                let (read, cost) = cost_of(|| to.receive(&genuine));
                read.unwrap();
                genuine_ones.braid += cost.braid;
                genuine_ones.decoded += cost.decoded;
            }
        }
    }
    assert!(genuine_ones.braid > 2 && genuine_ones.decoded > 50, "{genuine_ones:?}");
}

fn assert_nothing_inside_is_used(cost: &Cost, sessions: u32, message: &Ciphertext) {
    assert_eq!((cost.braid, cost.decoded, cost.decrypted), (0, 0, 0));
    // The two identity keys are under the MAC too.
    assert!(cost.authenticated <= sessions as usize * (message.bytes.len() + 66), "{cost:?}");
}

/// Two devices in a session, of which the receiving one has so many archived ones beside it.
fn with_archived<P: Provider>(suite: Suite, archived: usize) -> (Device<P>, Device<P>) {
    let suites = Suites::only(suite);
    let (mut a, mut b) = (Device::speaking(suites, 1), Device::speaking(suites, 2));
    for n in 0..archived {
        // Of both kinds: those that the peer opened, and those that it never knew of.
        if n % 2 == 0 {
            a.initiate(&b.bundle());
            shake_hands(&mut a, &mut b);
        } else {
            b.initiate(&a.bundle());
        }
    }
    a.initiate(&b.bundle());
    shake_hands(&mut a, &mut b);
    assert_eq!(b.record.archived_sessions(), archived);
    (a, b)
}

fn stranger<P: Provider>(seed: u64) -> PublicKey {
    let key_pair = IdentityKeyPair::<P>::generate(&mut ChaCha8Rng::seed_from_u64(seed));
    *key_pair.public().public_key()
}

/// A first message to `b` by somebody who has none of the keys.
fn first_message<P: Provider>(
    b: &Device<P>,
    as_oneself: bool,
    version: u8,
    far: u32,
    index: u32,
) -> Ciphertext {
    let claimed = if as_oneself { *b.local.key_pair.public().public_key() } else { stranger::<P>(8) };
    let suite = if version == 3 { Suite::X3dh } else { Suite::Triple };
    let inner = ratchet_message(suite, stranger::<P>(9), far, index);
    let mut bytes = vec![version << 4 | 4, 0x12, 33];
    bytes.extend(stranger::<P>(7).to_bytes());
    bytes.extend([0x1a, 33]);
    bytes.extend(claimed.to_bytes());
    bytes.extend([0x22, inner.len() as u8]);
    bytes.extend(inner);
    bytes.extend([0x28, 1, 0x30, 1]);
    if version == 4 {
        bytes.extend([0x38, 1, 0x42, 0xa1, 0x0c, 8]);
        bytes.resize(bytes.len() + 1568, 0);
    }
    Ciphertext { kind: MessageKind::Prekey, bytes }
}

/// A message under a made-up MAC.
fn ratchet_message(suite: Suite, ratchet_key: PublicKey, far: u32, index: u32) -> Vec<u8> {
    let version = if suite == Suite::X3dh { 3 } else { 4 };
    let mut bytes = vec![version << 4 | 4, 0x0a, 33];
    bytes.extend(ratchet_key.to_bytes());
    bytes.push(0x10);
    bytes.extend(varint(far));
    bytes.extend([0x18, 0, 0x22, 16]);
    bytes.extend([0xa5; 16]);
    if suite == Suite::Triple {
        let spqr = [&[1, 1][..], &varint(index), &[0]].concat();
        bytes.extend([0x2a, spqr.len() as u8]);
        bytes.extend(spqr);
    }
    bytes.extend([0x5a; 8]);
    bytes
}

fn varint(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
