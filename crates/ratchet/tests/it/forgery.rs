//! What somebody can write who stole a state, and for how long: how authenticity heals.

use ratchet::adversary::Forger;
use ratchet::{Ciphertext, DecryptError, SpqrError, Strictness, Suite, Suites};

use crate::device::{Device, NOW_S, established_in, shake_hands};

/// What of a victim the forger goes on with.
#[derive(Clone, Copy, PartialEq, Debug)]
enum With {
    /// Its session, as it was stolen.
    Theft,
    /// And a broken X25519, with which it follows the classical ratchet.
    BrokenCurve,
    /// A broken X25519 and nothing of the post-quantum ratchet, about which it lies.
    BrokenCurveAlone,
}

const ROUNDS: usize = 150;

/// The rounds after a theft, up to [`ROUNDS`], after which a forgery in the name of the victim still passes: how many, and
/// whether to the last. A round is a message of the victim, read, and an answer, read.
fn passes(suite: Suite, with: With, strictness: Strictness) -> usize {
    let (mut victim, mut peer) = established_in(suite);
    peer.record = std::mem::take(&mut peer.record).reading(strictness);
    // In the middle of a chain.
    peer.receive(&victim.send(b"before")).unwrap();
    let stolen = victim.record.clone();
    let mut passed = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            peer.receive(&victim.send(b"there")).unwrap();
            victim.receive(&peer.send(b"back")).unwrap();
        }
        let mut forger = Forger::of(&stolen).unwrap();
        if with != With::Theft {
            forger = forger.following(&victim.record).unwrap();
        }
        if with == With::BrokenCurveAlone {
            forger = forger.claiming_no_key();
        }
        // What the victim has said since takes counters and indices away; the forger takes later ones.
        let said = round as u32;
        let forged = [1, 2, said + 1, said + 2].into_iter().find_map(|ahead| {
            let forged = forger.forge(b"forged", ahead, &mut victim.rng)?;
            let mut peer = peer.record.clone();
            let read =
                peer.decrypt(&victim.local, forged.kind, &forged.bytes, &victim.prekeys, &mut victim.rng);
            read.ok().map(|read| assert_eq!(read.plaintext.as_slice(), b"forged"))
        });
        match forged {
            Some(()) => passed = round + 1,
            None => break,
        }
    }
    passed
}

/// `docs/protocol.md`, section "How authenticity heals", has these numbers.
#[test]
fn authenticity_heals_as_the_documents_say() {
    use Strictness::{Deployed, Specified};
    use With::{BrokenCurve, BrokenCurveAlone, Theft};
    let mut found = Vec::new();
    for suite in Suite::ALL {
        for with in [Theft, BrokenCurve, BrokenCurveAlone] {
            found.push((suite, with, passes(suite, with, Deployed), passes(suite, with, Specified)));
        }
    }
    assert_eq!(
        found,
        [
            (Suite::X3dh, Theft, 6, 2),
            (Suite::X3dh, BrokenCurve, ROUNDS, ROUNDS),
            (Suite::X3dh, BrokenCurveAlone, ROUNDS, ROUNDS),
            (Suite::Pqxdh, Theft, 6, 2),
            (Suite::Pqxdh, BrokenCurve, ROUNDS, ROUNDS),
            (Suite::Pqxdh, BrokenCurveAlone, ROUNDS, ROUNDS),
            (Suite::Triple, Theft, 6, 2),
            (Suite::Triple, BrokenCurve, 85, 85),
            (Suite::Triple, BrokenCurveAlone, 0, 0),
        ]
    );
}

#[test]
fn a_message_without_a_post_quantum_key_passes_only_in_the_chain_of_a_peer_that_has_none_yet() {
    let fallback = Suites { newest: Suite::Triple, oldest: Suite::Pqxdh };
    for (a_speaks, b_speaks) in [
        (Suites::default(), Suites::default()),
        (Suites::default(), fallback),
        (fallback, Suites::default()),
        (fallback, fallback),
    ] {
        let (mut a, mut b) = (Device::speaking(a_speaks, 1), Device::speaking(b_speaks, 2));
        a.initiate(&b.bundle());
        let first: Vec<_> = (0..4).map(|n| a.send(&[n])).collect();
        b.receive(&first[0]).unwrap();
        // In the first chain there is none if the initiator may do without, and else there is.
        let in_the_first = forged_without_key(&a);
        assert_eq!(reads(&b, &in_the_first), if a_speaks == fallback { Ok(()) } else { NO_KEY });

        a.receive(&b.send(b"hi")).unwrap();
        for round in 0..100 {
            assert_eq!(reads(&a, &forged_without_key(&b)), NO_KEY, "from the responder, round {round}");
            assert_eq!(reads(&b, &forged_without_key(&a)), NO_KEY, "a new chain, round {round}");
            b.receive(&a.send(b"there")).unwrap();
            assert_eq!(reads(&b, &forged_without_key(&a)), NO_KEY, "a known chain, round {round}");
            if round == 1 {
                assert_eq!(reads(&b, &first[2]), Ok(()), "honest, and late");
                b.receive(&first[1]).unwrap();
            }
            if round == 2 {
                b.record = ratchet::SessionRecord::from_bytes(&b.record.to_bytes()).unwrap();
                b.receive(&first[3]).unwrap();
            }
            a.receive(&b.send(b"back")).unwrap();
        }
    }
}

const NO_KEY: Result<(), DecryptError> = Err(DecryptError::PostQuantum(SpqrError::NoKey));

fn forged_without_key(victim: &Device) -> Ciphertext {
    let mut forger = Forger::of(&victim.record).unwrap().claiming_no_key();
    forger.forge(b"forged", 1, &mut victim.rng.clone()).unwrap()
}

fn reads(peer: &Device, message: &Ciphertext) -> Result<(), DecryptError> {
    let (mut record, mut rng) = (peer.record.clone(), peer.rng.clone());
    record.decrypt(&peer.local, message.kind, &message.bytes, &peer.prekeys, &mut rng).map(|_| ())
}

/// Lost, late, repeated, in any chain: a strict reader reads what a compatible one reads. Both draw the same keys.
#[test]
fn ending_chains_refuses_no_honest_message() {
    for suite in Suite::ALL {
        let (mut a, mut b) = established_in(suite);
        let mut strict = b.record.clone().reading(Strictness::Specified);
        let mut choices = 1u32;
        let mut under_way = Vec::new();
        let (mut read, mut refused) = (0, 0);
        for turn in 0..1_500 {
            choices = choices.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut rng = b.rng.clone();
            if choices >> 30 == 0 {
                let back = b.send(b"back");
                assert_eq!(strict.encrypt(b"back", NOW_S, &mut rng).unwrap(), back);
                a.receive(&back).unwrap();
                continue;
            }
            under_way.push(a.send(b"there"));
            // Mostly the newest, sometimes an old one, which may have come already; the rest are lost.
            let back = if choices >> 28 & 3 == 0 { (choices >> 8) as usize % 24 } else { 0 };
            let Some(at) = under_way.len().checked_sub(1 + back) else { continue };
            let Ciphertext { kind, bytes } = &under_way[at];
            let strictly = strict.decrypt(&b.local, *kind, bytes, &b.prekeys, &mut rng);
            let compatibly = b.receive(&under_way[at]);
            assert_eq!(
                strictly.is_ok(),
                compatibly.is_ok(),
                "{suite}, turn {turn}: {strictly:?} {compatibly:?}"
            );
            *if compatibly.is_ok() { &mut read } else { &mut refused } += 1;
            if turn % 50 == 0 {
                strict = ratchet::SessionRecord::from_bytes(&strict.to_bytes()).unwrap();
            }
        }
        assert!(read > 500 && refused > 50, "{suite}: {read} {refused}");
    }
}

/// The only honest messages that a strict reader refuses: a sender that was put back to an older state goes on in a chain
/// that it said was over. It uses keys twice, and what it says first is refused by everybody.
#[test]
fn a_sender_that_was_put_back_is_read_beyond_the_end_by_compatible_readers_only() {
    for (strictness, beyond) in
        [(Strictness::Deployed, Ok(b"x".to_vec())), (Strictness::Specified, Err(DecryptError::ChainEnded))]
    {
        let (mut a, mut b) = established_in(Suite::Pqxdh);
        b.record = std::mem::take(&mut b.record).reading(strictness);
        b.receive(&a.send(b"0")).unwrap();
        let backup = a.record.clone();
        b.receive(&a.send(b"1")).unwrap();
        a.receive(&b.send(b"answer")).unwrap();
        b.receive(&a.send(b"in the next chain")).unwrap();
        a.record = backup;
        let repeated = a.send(b"x");
        assert!(b.receive(&repeated).is_err(), "{strictness:?}: its key was used");
        assert_eq!(b.receive(&a.send(b"x")), beyond, "{strictness:?}");
    }
}

/// As the specification has it: the keys of what is missing stay, the chain's own is gone.
#[test]
fn an_ended_chain_reads_what_is_missing_and_nothing_else() {
    for suite in Suite::ALL {
        let suites = Suites::only(suite);
        let (mut a, mut b) = (Device::<ratchet::Native>::speaking(suites, 1), Device::speaking(suites, 2));
        b.record = std::mem::take(&mut b.record).reading(Strictness::Specified);
        a.record = std::mem::take(&mut a.record).reading(Strictness::Specified);
        a.initiate(&b.bundle());
        shake_hands(&mut a, &mut b);
        let chain: Vec<_> = (0..2_200u32).map(|n| a.send(&n.to_be_bytes())).collect();
        b.receive(&chain[0]).unwrap();
        a.receive(&b.send(b"answer")).unwrap();
        b.receive(&a.send(b"next chain")).unwrap();
        assert_eq!(b.record.status().unwrap().skipped_keys, 2_000);
        for at in [200, 1_000, 2_199] {
            assert_eq!(b.receive(&chain[at]).unwrap(), (at as u32).to_be_bytes(), "{suite}");
            assert_eq!(b.refuses(&chain[at]), DecryptError::ChainEnded, "{suite}");
        }
        assert_eq!(b.refuses(&chain[199]), DecryptError::ChainEnded, "more than are kept");
    }
}

/// By events, since the engine has no clock: the post-quantum ratchet has the same limit anyway.
#[test]
fn keys_of_messages_passed_over_expire_with_the_messages_that_come_after() {
    for (strictness, readable) in [(Strictness::Deployed, true), (Strictness::Specified, false)] {
        let (mut a, mut b) = established_in(Suite::Pqxdh);
        b.record = std::mem::take(&mut b.record).reading(strictness);
        let passed = [a.send(b"0"), a.send(b"1")];
        for _ in 2..2_002 {
            b.receive(&a.send(b"read")).unwrap();
        }
        assert_eq!(b.receive(&passed[1]).unwrap(), b"1", "{strictness:?}: 2,000 behind");
        assert_eq!(b.receive(&passed[0]).is_ok(), readable, "{strictness:?}: 2,001 behind");
    }
}
