//! What an attacker reads, suite by suite: the promises of the protocol against a passive attacker,
//! and where they end. Every plaintext that an attacker returns is compared with what was sent.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use ratchet::adversary::{Attacker, Oracles, Recording, Snapshot, Unread};
use ratchet::{Ciphertext, MessageKind, PrekeyBundle, Suite, Suites};

use crate::device::Device;
use crate::harvest_now::harvest_now;
use crate::laboratory::{A, B, Laboratory};

#[test]
fn a_snapshot_reads_nothing_that_was_read_before_it() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        // Past the end of a post-quantum epoch.
        laboratory.alternate_to(100);
        for of in [A, B] {
            let snapshot = laboratory.everything(of);
            let attacker = Attacker::default().with_snapshot(&snapshot);
            assert_eq!(laboratory.read_by(&attacker), [0; 0], "{suite}");
            let broken = attacker.with_broken_kem(&laboratory.oracles.kem);
            assert_eq!(laboratory.read_by(&broken), [0; 0], "{suite}");
        }
    }
}

#[test]
fn a_snapshot_reads_what_was_passed_over_and_still_awaited() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(10);
        let late = laboratory.send(A);
        laboratory.pass(A);
        laboratory.pass(B);
        let lost = laboratory.send(A);
        laboratory.pass(A);
        let snapshot = laboratory.snapshot(B);
        assert_eq!(laboratory.read_by(&Attacker::default().with_snapshot(&snapshot)), [10, 13], "{suite}");
        // The key is gone when the message was read, whenever that is.
        laboratory.deliver(B, &late);
        let snapshot = laboratory.snapshot(B);
        assert_eq!(laboratory.read_by(&Attacker::default().with_snapshot(&snapshot)), [13], "{suite}");
        laboratory.deliver(B, &lost);
    }
}

#[test]
fn one_round_trip_heals_from_a_snapshot() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(10);
        let snapshots = [laboratory.snapshot(A), laboratory.snapshot(B)];
        laboratory.alternate_to(60);
        let read = |of: usize| laboratory.read_by(&Attacker::default().with_snapshot(&snapshots[of]));
        // A's ratchet key for its next message existed already; B's answer is to that. After B's
        // answer A draws a new one, which nobody has seen.
        assert_eq!(read(A), [10, 11], "{suite}");
        // B draws a new one for its next message, since A's is to the one it had.
        assert_eq!(read(B), [10], "{suite}");
        let reasons = laboratory.reasons(&Attacker::default().with_snapshot(&snapshots[A]));
        assert_eq!(reasons[9], Some(Unread::ErasedKey), "{suite}");
        assert_eq!(reasons[12], Some(Unread::NoRootKey), "{suite}");
    }
}

#[test]
fn without_an_answer_nothing_heals() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(10);
        let snapshot = laboratory.snapshot(A);
        for _ in 0..40 {
            laboratory.pass(A);
        }
        let attacker = Attacker::default().with_snapshot(&snapshot);
        assert_eq!(laboratory.read_by(&attacker), (10..50).collect::<Vec<_>>(), "{suite}");
    }
}

#[test]
fn with_a_broken_curve_only_the_triple_ratchet_heals_from_a_snapshot() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(10);
        let snapshots = [laboratory.snapshot(A), laboratory.snapshot(B)];
        laboratory.alternate_to(300);
        let read =
            |of: usize| laboratory.read_by(&laboratory.with_broken_curve().with_snapshot(&snapshots[of]));
        // B has the secret of the first epoch from message 5 on, A the key to open it: that epoch,
        // used from 86 on, does not heal. In the second one B draws a key pair and A the secret;
        // the first message under it is 173.
        for of in [A, B] {
            let expected = match suite {
                Suite::X3dh => laboratory.all(),
                Suite::Pqxdh => (10..300).collect(),
                Suite::Triple => (10..173).collect(),
            };
            assert_eq!(read(of), expected, "{suite}");
        }
        if suite == Suite::Triple {
            let attacker = laboratory.with_broken_curve().with_snapshot(&snapshots[A]);
            let reasons = laboratory.reasons(&attacker);
            assert!(reasons[173..].iter().all(|reason| *reason == Some(Unread::NoPostQuantumKey)));
        }
    }
}

#[test]
fn before_its_part_of_an_epoch_a_side_has_nothing_that_opens_it() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    // B has the header of the first epoch, and draws the secret when it sends message 5.
    laboratory.alternate_to(5);
    let snapshot = laboratory.snapshot(B);
    laboratory.alternate_to(200);
    let attacker = laboratory.with_broken_curve().with_snapshot(&snapshot);
    assert_eq!(laboratory.read_by(&attacker), (5..86).collect::<Vec<_>>());
    // A broken KEM as well: nothing is left that could heal.
    let attacker = attacker.with_broken_kem(&laboratory.oracles.kem);
    assert_eq!(laboratory.read_by(&attacker), laboratory.all());
}

/// Where a recording begins with the snapshot, what came before is in the stolen state only: chunks
/// of header and ciphertext. So this goes through the states of an epoch on both sides.
#[test]
fn a_stolen_side_has_the_epochs_that_it_has_begun_its_part_of() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    let (mut snapshots, mut states) = (Vec::new(), BTreeSet::new());
    // Moments before and after each transition, and between; in the first epoch A has the key pair.
    for taken in [1, 3, 4, 5, 6, 30, 63, 64, 65, 70, 76, 77, 78, 82, 85, 86, 87, 88, 90, 92, 93, 120, 150] {
        laboratory.alternate_to(taken);
        for of in [A, B] {
            snapshots.push((taken, of, laboratory.snapshot(of)));
            states.insert(laboratory.devices[of].record.status().unwrap().post_quantum.unwrap().state);
        }
    }
    // All but EkReceivedCt1Sampled, which takes another rhythm.
    assert_eq!(states.len(), 10, "{states:?}");
    laboratory.alternate_to(280);
    for (taken, of, snapshot) in snapshots {
        // First messages under the keys of the epochs 1, 2 and 3; when each side draws for them.
        let healed_at = match (of, taken) {
            (A, ..=92) => 173,
            (B, ..=5) => 86,
            (B, ..=87) => 173,
            _ => 260,
        };
        let mut recording = Recording::default();
        for message in &laboratory.recording.messages()[taken..] {
            recording.sent(message.sender, message.recipient, &message.message);
        }
        let mut attacker = laboratory.with_broken_curve().with_snapshot(&snapshot);
        let readings = attacker.reads(&recording);
        for (reading, at) in readings.iter().zip(taken..) {
            match reading {
                Ok(plaintext) => {
                    assert_eq!((**plaintext == laboratory.sent[at], at < healed_at), (true, true))
                }
                Err(reason) => {
                    assert_eq!(
                        (*reason, at >= healed_at),
                        (Unread::NoPostQuantumKey, true),
                        "{taken} {of} {at}"
                    );
                }
            }
        }
        attacker = attacker.with_broken_kem(&laboratory.oracles.kem);
        assert!(attacker.reads(&recording).iter().all(Result::is_ok), "{taken} {of}");
    }
}

/// As initiator and responder of the fallback, and where the peer turns out to be older.
#[test]
fn a_session_that_may_fall_back_is_followed_too() {
    let fallback = Suites { newest: Suite::Triple, oldest: Suite::Pqxdh };
    for responder in [fallback, Suites::only(Suite::Pqxdh)] {
        let mut laboratory = Laboratory::between([fallback, responder], 5, Device::bundle);
        let snapshot = laboratory.snapshot(A);
        laboratory.alternate_to(100);
        let both = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        assert_eq!(laboratory.read_by(&both), laboratory.all());
        assert_eq!(laboratory.read_by(&laboratory.with_broken_curve()), [0; 0]);
        let attacker = laboratory.with_broken_curve().with_snapshot(&snapshot);
        let expected = if responder == fallback { 86 } else { 100 };
        assert_eq!(laboratory.read_by(&attacker), (0..expected).collect::<Vec<_>>());
    }
}

/// Each Diffie-Hellman result has a key of either side in it.
#[test]
fn one_side_with_predictable_keys_gives_away_both_in_x3dh() {
    for (suite, predictable) in Suite::ALL.into_iter().flat_map(|suite| [(suite, A), (suite, B)]) {
        let suites = [Suites::only(suite); 2];
        let watched = [predictable == A, predictable == B];
        let mut laboratory = Laboratory::with(suites, 1, watched, Device::bundle);
        laboratory.alternate_to(40);
        let expected = if suite == Suite::X3dh { laboratory.all() } else { Vec::new() };
        assert_eq!(laboratory.read_by(&laboratory.with_broken_curve()), expected, "{suite}");
    }
}

#[test]
fn a_broken_kem_does_not_keep_a_session_from_healing() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    laboratory.alternate_to(10);
    let snapshot = laboratory.snapshot(A);
    laboratory.alternate_to(200);
    let attacker = laboratory.with_broken_kem().with_snapshot(&snapshot);
    assert_eq!(laboratory.read_by(&attacker), [10, 11]);
}

#[test]
fn what_is_harvested_now_is_decrypted_later_in_x3dh_only() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(200);
        let broken_curve = laboratory.read_by(&laboratory.with_broken_curve());
        let expected = if suite == Suite::X3dh { laboratory.all() } else { Vec::new() };
        assert_eq!(broken_curve, expected, "{suite}");

        assert_eq!(laboratory.read_by(&laboratory.with_broken_kem()), [0; 0], "{suite}");

        let both = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        assert_eq!(laboratory.read_by(&both), laboratory.all(), "{suite}");
    }
}

/// The experiment in the documentation of the module.
#[test]
fn the_documented_experiment_finds_what_it_says() {
    for suite in Suite::ALL {
        let reading = harvest_now(suite).unwrap();
        match suite {
            Suite::X3dh => assert_eq!(**reading.as_ref().unwrap(), *b"hello"),
            Suite::Pqxdh | Suite::Triple => {
                assert_eq!(reading.err(), Some(Unread::NoAgreement { curve: false, kem: true }), "{suite}");
            }
        }
    }
}

#[test]
fn an_attacker_is_told_what_was_missing_for_the_key_agreement() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(4);
        let (curve, kem) = (true, suite != Suite::X3dh);
        let first = |attacker: Attacker<'_>| laboratory.reasons(&attacker)[0];
        assert_eq!(first(Attacker::default()), Some(Unread::NoAgreement { curve, kem }), "{suite}");
        let expected = kem.then_some(Unread::NoAgreement { curve: false, kem });
        assert_eq!(first(laboratory.with_broken_curve()), expected, "{suite}");
        let broken_kem = first(laboratory.with_broken_kem());
        assert_eq!(broken_kem, Some(Unread::NoAgreement { curve, kem: false }), "{suite}");
        let later = laboratory.reasons(&Attacker::default())[3];
        assert_eq!(later, Some(Unread::NoRootKey), "{suite}");
    }
}

/// The responder's long-term keys, stolen after the conversation: identity key, signed prekey, and
/// the KEM prekey, which a last-resort one is.
fn stolen_later(laboratory: &Laboratory, kem_prekey_kept: bool) -> Snapshot {
    let Device { local, prekeys, .. } = &laboratory.devices[B];
    let snapshot = Snapshot::default().with_identity(&local.key_pair);
    let snapshot = prekeys.signed.values().fold(snapshot, Snapshot::with_signed_prekey);
    let snapshot = prekeys.one_time.values().fold(snapshot, Snapshot::with_one_time_prekey);
    if !kem_prekey_kept {
        return snapshot;
    }
    prekeys.kem.values().fold(snapshot, Snapshot::with_kem_prekey)
}

/// Three messages before the first answer, then alternation.
fn first_flight_and_more(suite: Suite, bundle: impl Fn(&mut Device) -> PrekeyBundle) -> Laboratory {
    let mut laboratory = Laboratory::seeded(suite, 1, bundle);
    for _ in 0..3 {
        laboratory.pass(A);
    }
    for _ in 0..10 {
        laboratory.pass(B);
        laboratory.pass(A);
    }
    laboratory
}

#[test]
fn a_deleted_one_time_prekey_protects_the_first_flight() {
    for suite in Suite::ALL {
        let laboratory = first_flight_and_more(suite, Device::bundle);
        let stolen = stolen_later(&laboratory, true);
        let attacker = Attacker::default().with_snapshot(&stolen);
        assert_eq!(laboratory.read_by(&attacker), [0; 0], "{suite}");
        let reason = laboratory.reasons(&attacker)[0];
        assert_eq!(reason, Some(Unread::NoAgreement { curve: true, kem: false }), "{suite}");
    }
}

#[test]
fn without_a_one_time_prekey_long_term_keys_open_the_first_flight_and_no_more() {
    for suite in Suite::ALL {
        let laboratory = first_flight_and_more(suite, Device::bundle_without_one_time);
        let last_resort = stolen_later(&laboratory, true);
        let attacker = Attacker::default().with_snapshot(&last_resort);
        assert_eq!(laboratory.read_by(&attacker), [0, 1, 2], "{suite}");
        assert_eq!(laboratory.reasons(&attacker)[3], Some(Unread::NoRootKey), "{suite}");

        // A one-time KEM prekey does the same service as a one-time curve prekey.
        let deleted = stolen_later(&laboratory, false);
        let attacker = Attacker::default().with_snapshot(&deleted);
        let expected: &[usize] = if suite == Suite::X3dh { &[0, 1, 2] } else { &[] };
        assert_eq!(laboratory.read_by(&attacker), expected, "{suite}");
    }
}

#[test]
fn the_initiators_long_term_key_opens_nothing() {
    for suite in Suite::ALL {
        let laboratory = first_flight_and_more(suite, Device::bundle_without_one_time);
        let stolen = Snapshot::default().with_identity(&laboratory.devices[A].local.key_pair);
        assert_eq!(laboratory.read_by(&Attacker::default().with_snapshot(&stolen)), [0; 0], "{suite}");
    }
}

#[test]
fn prekeys_stolen_before_they_are_used_open_the_first_flight() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        let snapshot = laboratory.everything(B);
        for _ in 0..3 {
            laboratory.pass(A);
        }
        laboratory.pass(B);
        laboratory.pass(A);
        let attacker = Attacker::default().with_snapshot(&snapshot);
        assert_eq!(laboratory.read_by(&attacker), [0, 1, 2], "{suite}");
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(30);
        let untaught = Oracles::default();
        let nobody = Snapshot::default();
        let stranger = Laboratory::seeded(suite, 77, Device::bundle).everything(A);
        let attacker = Attacker::default()
            .with_broken_curve(&untaught.curve)
            .with_broken_kem(&untaught.kem)
            .with_snapshot(&nobody)
            .with_snapshot(&stranger);
        assert_eq!(laboratory.read_by(&Attacker::default()), [0; 0], "{suite}");
        assert_eq!(laboratory.read_by(&attacker), [0; 0], "{suite}");
    }
    assert!(Attacker::default().reads(&Recording::default()).is_empty());
}

#[test]
fn a_changed_message_is_not_read_and_the_others_are() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(40);
        let attacker = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        let messages = laboratory.recording.messages();
        for (changed, from_the_end) in [(20, 1), (21, 9), (30, 20), (0, 1)] {
            let mut recording = Recording::default();
            laboratory.recording.bundles().iter().for_each(|bundle| recording.published(bundle));
            for (at, message) in messages.iter().enumerate() {
                let mut recorded = message.message.clone();
                if at == changed {
                    let at = recorded.bytes.len() - from_the_end;
                    recorded.bytes[at] ^= 1;
                }
                recording.sent(message.sender, message.recipient, &recorded);
            }
            let readings = attacker.reads(&recording);
            for (at, reading) in readings.iter().enumerate() {
                match reading {
                    Ok(plaintext) => {
                        assert_ne!(at, changed, "{suite}");
                        assert_eq!(**plaintext, laboratory.sent[at], "{suite}");
                    }
                    Err(_) if at == changed => {}
                    // It was the only one to begin the session with.
                    Err(_) => assert_eq!(changed, 0, "{suite}: {at}"),
                }
            }
        }
    }
}

/// A changed message may carry a changed chunk: only where authentic ones do not suffice is it used.
#[test]
fn a_changed_chunk_does_not_lead_astray() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    laboratory.alternate_to(200);
    for changed in [2, 4, 5, 7, 77, 85] {
        let mut recording = Recording::default();
        laboratory.recording.bundles().iter().for_each(|bundle| recording.published(bundle));
        for (at, message) in laboratory.recording.messages().iter().enumerate() {
            recording.sent(message.sender, message.recipient, &message.message);
            if at == changed {
                // Beside the genuine one. The chunk is the last thing before the MAC.
                let mut copy = message.message.clone();
                let at = copy.bytes.len() - 9;
                copy.bytes[at] ^= 1;
                recording.sent(message.sender, message.recipient, &copy);
            }
        }
        let attacker = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        let readings = attacker.reads(&recording);
        let unread = readings.iter().enumerate().filter(|(_, reading)| reading.is_err());
        assert_eq!(unread.map(|(at, _)| at).collect::<Vec<_>>(), [changed + 1]);
    }
}

/// One half of a message's key from each of two snapshots, which alone do not read it: nor does its
/// recipient, who has dropped the keys of its epoch.
#[test]
fn what_several_snapshots_know_adds_up() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    laboratory.alternate_to(10);
    let early = laboratory.snapshot(A);
    laboratory.alternate_to(172);
    let lost = laboratory.sent.len();
    laboratory.send(A);
    let sending_epoch = |laboratory: &Laboratory| {
        laboratory.devices[B].record.status().unwrap().post_quantum.unwrap().sending_epoch
    };
    assert_eq!(sending_epoch(&laboratory), 1);
    while sending_epoch(&laboratory) < 3 {
        for from in [A, B] {
            for _ in 0..60 {
                laboratory.pass(from);
            }
        }
    }
    let late = laboratory.snapshot(B);
    let with_broken_kem = laboratory.with_broken_kem();
    let alone = with_broken_kem.clone().with_snapshot(&early);
    assert_eq!(laboratory.reasons(&alone)[lost], Some(Unread::NoRootKey));
    let alone = with_broken_kem.clone().with_snapshot(&late);
    assert_eq!(laboratory.reasons(&alone)[lost], Some(Unread::NoPostQuantumKey));
    let together = with_broken_kem.with_snapshot(&early).with_snapshot(&late);
    assert_eq!(laboratory.read_by(&together), [10, 11, lost]);
}

/// Each ratchet key is needed for the steps on both sides of it.
#[test]
fn an_eavesdropper_who_misses_a_turn_loses_the_session() {
    let mut laboratory = Laboratory::new(Suite::X3dh);
    laboratory.alternate_to(40);
    let mut recording = Recording::default();
    laboratory.recording.bundles().iter().for_each(|bundle| recording.published(bundle));
    for (at, message) in laboratory.recording.messages().iter().enumerate() {
        if at != 20 {
            recording.sent(message.sender, message.recipient, &message.message);
        }
    }
    let readings = laboratory.with_broken_curve().reads(&recording);
    assert!(readings[..20].iter().all(Result::is_ok));
    assert!(readings[20..].iter().all(|reading| reading.as_ref().err() == Some(&Unread::NoRootKey)));
}

#[test]
fn bytes_that_are_no_message_are_called_so() {
    let mut laboratory = Laboratory::new(Suite::Triple);
    laboratory.alternate_to(3);
    let mut recording = laboratory.recording.clone();
    let [a, b] = [A, B].map(|at| laboratory.devices[at].local.key_pair.public());
    for kind in [MessageKind::Ratchet, MessageKind::Prekey] {
        for bytes in [vec![], vec![0x44], vec![0xff; 90]] {
            recording.sent(a, b, &Ciphertext { kind, bytes });
        }
    }
    let attacker = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
    let readings = attacker.reads(&recording);
    assert!(readings[..3].iter().all(Result::is_ok));
    assert!(readings[3..].iter().all(|reading| reading.as_ref().err() == Some(&Unread::Malformed)));
}

#[test]
fn a_counter_from_the_far_future_costs_no_more_than_a_receiver_would_spend() {
    let mut laboratory = Laboratory::new(Suite::X3dh);
    laboratory.alternate_to(4);
    let genuine = laboratory.send(A);
    // Field 2, of one byte so far.
    let at = 1 + 2 + 33;
    assert_eq!(genuine.bytes[at..at + 2], [0x10, 0]);
    let far = [&genuine.bytes[..=at], &[0xff, 0xff, 0xff, 0xff, 0x0f], &genuine.bytes[at + 2..]].concat();
    let mut recording = laboratory.recording.clone();
    let [a, b] = [A, B].map(|at| laboratory.devices[at].local.key_pair.public());
    recording.sent(a, b, &Ciphertext { kind: MessageKind::Ratchet, bytes: far });
    let readings = laboratory.with_broken_curve().reads(&recording);
    assert_eq!(readings.last().unwrap().as_ref().err(), Some(&Unread::TooFarAhead));
    assert!(readings[..5].iter().all(Result::is_ok));
}

/// Both initiate at once, and later one starts again: several sessions between the same two.
#[test]
fn sessions_between_the_same_two_are_told_apart() {
    for suite in Suite::ALL {
        let mut laboratory = Laboratory::new(suite);
        laboratory.initiate(B, Device::bundle);
        let (a0, b0) = (laboratory.send(A), laboratory.send(B));
        laboratory.deliver(B, &a0);
        laboratory.deliver(A, &b0);
        laboratory.alternate_to(50);
        laboratory.initiate(A, Device::bundle);
        let snapshot = laboratory.snapshot(B);
        laboratory.alternate_to(100);
        let both = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        assert_eq!(laboratory.read_by(&both), laboratory.all(), "{suite}");
        // The snapshot is of before the new session, in which everything goes now.
        assert_eq!(laboratory.read_by(&Attacker::default().with_snapshot(&snapshot)), [0; 0], "{suite}");
    }
}

/// A few hundred messages, late, out of order, lost and in bursts; snapshots now and then.
#[test]
fn every_plaintext_that_is_claimed_is_true() {
    for (suite, seed) in Suite::ALL.into_iter().flat_map(|suite| [(suite, 10), (suite, 20), (suite, 30)]) {
        let mut laboratory = Laboratory::seeded(suite, seed, Device::bundle);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut below = |limit: u32| rng.next_u32() % limit;
        laboratory.pass(A);
        let mut under_way: Vec<(usize, Ciphertext)> = Vec::new();
        let mut snapshots: Vec<(usize, Snapshot)> = Vec::new();
        let mut delivered = vec![0];
        while laboratory.sent.len() < 250 {
            if below(40) == 0 {
                let of = below(2) as usize;
                snapshots.push((laboratory.sent.len(), laboratory.snapshot(of)));
            }
            match below(10) {
                0..5 => {
                    let by = below(2) as usize;
                    let message = laboratory.send(by);
                    under_way.push((1 - by, message));
                }
                5..9 if !under_way.is_empty() => {
                    // Late by a few messages: so none is lost by a limit.
                    let at = below(under_way.len().min(4) as u32) as usize;
                    let (to, message) = under_way.remove(at);
                    laboratory.deliver(to, &message);
                    delivered.push(laboratory.sent.len());
                }
                9 if under_way.len() > 3 => {
                    under_way.remove(1);
                }
                _ => {}
            }
        }
        let everything = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        assert_eq!(laboratory.read_by(&everything), laboratory.all(), "{suite}");

        let read_in_all = snapshots
            .iter()
            .fold(Attacker::default(), |attacker, (_, snapshot)| attacker.with_snapshot(snapshot));
        let in_all = laboratory.read_by(&read_in_all);
        for (taken, snapshot) in &snapshots {
            let alone = laboratory.read_by(&Attacker::default().with_snapshot(snapshot));
            assert!(alone.iter().all(|at| in_all.contains(at)), "{suite}: several know what each knows");
            let mut broken = laboratory.with_broken_curve().with_snapshot(snapshot);
            let with_curve = laboratory.read_by(&broken);
            assert!(alone.iter().all(|at| with_curve.contains(at)), "{suite}");
            if suite == Suite::Pqxdh {
                let later: Vec<usize> = (*taken..laboratory.sent.len()).collect();
                assert!(later.iter().all(|at| with_curve.contains(at)), "{suite}: it never heals");
            }
            broken = broken.with_broken_kem(&laboratory.oracles.kem);
            assert_eq!(laboratory.read_by(&broken), laboratory.all(), "{suite}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_on_the_way_nothing_untrue_is_read(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1u8..), 1..6),
        noise in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut laboratory = Laboratory::new(suite);
        laboratory.alternate_to(30);
        let mut messages = laboratory.recording.messages().to_vec();
        for (which, at, change) in changes {
            let bytes = &mut which.get_mut(&mut messages).message.bytes;
            *at.get_mut(bytes) ^= change;
        }
        let mut recording = Recording::default();
        laboratory.recording.bundles().iter().for_each(|bundle| recording.published(bundle));
        for message in &messages {
            recording.sent(message.sender, message.recipient, &message.message);
        }
        let message = messages[0].clone();
        for kind in [MessageKind::Prekey, MessageKind::Ratchet] {
            recording.sent(message.sender, message.recipient, &Ciphertext { kind, bytes: noise.clone() });
        }
        let attacker = laboratory.with_broken_curve().with_broken_kem(&laboratory.oracles.kem);
        let readings = attacker.reads(&recording);
        for (reading, plaintext) in readings.iter().zip(&laboratory.sent) {
            if let Ok(read) = reading {
                prop_assert_eq!(&**read, plaintext);
            }
        }
        prop_assert!(readings[30..].iter().all(Result::is_err));
    }
}
