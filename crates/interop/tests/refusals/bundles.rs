//! Bundles that were changed, and signed again where that is what lets them through.

use interop::OracleVersion::V072;
use interop::{Bundle, Official, Ours, Party, Speaks};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use ratchet::IdentityKeyPair;

use crate::edit::{SMALL_ORDER, add_order_to_s, add_torsion, small_order};
use crate::pair::{Accepted, CASES, Case, Scene, receiver, sender};
use crate::verdict::By::{self, Everybody, Nobody, Only};
use crate::verdict::Verdicts;

type Change = fn(&mut Draft);

/// A bundle that is being changed by its owner.
struct Draft {
    bundle: Bundle,
    owner: IdentityKeyPair,
}

/// What is done to a bundle, and who begins a session with it.
const CHANGES: &[(&str, By, Change)] = &[
    ("nothing", Everybody, |_| {}),
    ("signed again", Everybody, Draft::sign),
    ("registration id: 0", Everybody, |d| d.bundle.registration_id = 0),
    ("registration id: more than 14 bits", Everybody, |d| d.bundle.registration_id = 1 << 20),
    ("ids: the greatest", Everybody, |d| d.bundle.signed.id = u32::MAX),
    ("identity: another", Nobody, |d| d.bundle.identity[7] ^= 1),
    ("identity: type 6", Nobody, |d| d.bundle.identity[0] = 6),
    ("identity: 31 bytes", Nobody, |d| d.bundle.identity.truncate(32)),
    ("identity: empty", Nobody, |d| d.bundle.identity.clear()),
    ("identity: a byte more", Everybody, |d| d.bundle.identity.push(1)),
    ("identity: high bit", Everybody, |d| d.bundle.identity[32] |= 0x80),
    ("identity: small order", Nobody, |d| d.bundle.identity = small_order(1)),
    ("signature: one bit of R", Nobody, |d| d.bundle.signed.signature[3] ^= 1),
    ("signature: one bit of s", Nobody, |d| d.bundle.signed.signature[40] ^= 1),
    ("signature: sign bit", Nobody, |d| d.bundle.signed.signature[63] ^= 0x80),
    // s is not held against the order, in none of the versions.
    ("signature: s plus the order of the group", Everybody, |d| {
        add_order_to_s(&mut d.bundle.signed.signature)
    }),
    ("signature: 63 bytes", Nobody, |d| d.bundle.signed.signature.truncate(63)),
    ("signature: 65 bytes", Nobody, |d| d.bundle.signed.signature.push(0)),
    ("signature: empty", Nobody, |d| d.bundle.signed.signature.clear()),
    ("signature: zeros", Nobody, |d| d.bundle.signed.signature.fill(0)),
    ("signed prekey: another", Nobody, |d| d.bundle.signed.key[7] ^= 1),
    ("signed prekey: type 6", Nobody, |d| d.bundle.signed.key[0] = 6),
    ("signed prekey: 31 bytes", Nobody, |d| d.bundle.signed.key.truncate(32)),
    // The rest of a key is not looked at, and not signed.
    ("signed prekey: a byte more", Everybody, |d| d.bundle.signed.key.push(1)),
    ("signed prekey: high bit, signed so", Everybody, |d| d.signed_key(|key| key[32] |= 0x80)),
    ("signed prekey: with torsion, signed so", Everybody, |d| d.signed_key(|key| add_torsion(key))),
    ("one-time prekey: none", Everybody, |d| d.bundle.one_time = None),
    ("one-time prekey: another", Everybody, |d| d.one_time(|key| key[7] ^= 1)),
    ("one-time prekey: type 6", Nobody, |d| d.one_time(|key| key[0] = 6)),
    ("one-time prekey: 31 bytes", Nobody, |d| d.one_time(|key| key.truncate(32))),
    ("one-time prekey: high bit", Everybody, |d| d.one_time(|key| key[32] |= 0x80)),
    ("one-time prekey: with torsion", Everybody, |d| d.one_time(|key| add_torsion(key))),
];

/// The same where there is a KEM.
const KEM_CHANGES: &[(&str, By, Change)] = &[
    ("bundle without KEM prekey", Only(&[V072]), |d| d.bundle.kyber = None),
    ("KEM signature: one bit", Nobody, |d| d.bundle.kyber.as_mut().unwrap().signature[3] ^= 1),
    ("KEM signature: that of the signed prekey", Nobody, |d| {
        d.bundle.kyber.as_mut().unwrap().signature.clone_from(&d.bundle.signed.signature);
    }),
    ("KEM signature: 63 bytes", Nobody, |d| d.bundle.kyber.as_mut().unwrap().signature.truncate(63)),
    ("KEM prekey: another", Nobody, |d| d.bundle.kyber.as_mut().unwrap().key[100] ^= 1),
    ("KEM prekey: another, signed so", Everybody, |d| d.kyber(|key| key[1500] ^= 1)),
    ("KEM prekey: unreduced, signed so", Everybody, |d| d.kyber(|key| key[1..1537].fill(0xff))),
    ("KEM prekey: type 7, signed so", Nobody, |d| d.kyber(|key| key[0] = 7)),
    ("KEM prekey: type 10, signed so", Nobody, |d| d.kyber(|key| key[0] = 10)),
    ("KEM prekey: a byte less, signed so", Nobody, |d| d.kyber(|key| key.truncate(key.len() - 1))),
    ("KEM prekey: a byte more, signed so", Nobody, |d| d.kyber(|key| key.push(0))),
    ("KEM prekey: empty, signed so", Nobody, |d| d.kyber(Vec::clear)),
];

impl Draft {
    fn sign(&mut self) {
        let sign = |key: &[u8]| self.owner.sign(key, &mut ChaCha8Rng::seed_from_u64(9)).to_bytes().to_vec();
        self.bundle.signed.signature = sign(&self.bundle.signed.key);
        if let Some(kyber) = &mut self.bundle.kyber {
            kyber.signature = sign(&kyber.key);
        }
    }

    fn signed_key(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.bundle.signed.key);
        self.sign();
    }

    fn one_time(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.bundle.one_time.as_mut().unwrap().key);
    }

    fn kyber(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.bundle.kyber.as_mut().unwrap().key);
        self.sign();
    }
}

#[test]
fn changed_bundles_are_refused_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let scene = Scene::new(case);
        let kem = case.has_kyber().then_some(KEM_CHANGES).into_iter().flatten();
        for (row, by, change) in CHANGES.iter().chain(kem) {
            verdicts.judge(case, row, *by, begin(case, &scene, *change));
        }
        for which in 0..SMALL_ORDER.len() {
            let signed = begin(case, &scene, |draft| draft.signed_key(|key| *key = small_order(which)));
            // 0.72.1 goes on with a secret of zeros.
            verdicts.judge(case, "signed prekey: small order", Only(&[V072]), signed);
            let one_time = begin(case, &scene, |draft| draft.one_time(|key| *key = small_order(which)));
            verdicts.judge(case, "one-time prekey: small order", Only(&[V072]), one_time);
        }
    }
    verdicts.done();
}

/// Nothing of a refused bundle remains: neither can send.
fn begin(case: Case, scene: &Scene, change: impl FnOnce(&mut Draft)) -> Accepted {
    let owner = IdentityKeyPair::from_private_bytes(scene.bob_identity().try_into().unwrap());
    let mut draft = Draft { bundle: scene.bundle().clone(), owner };
    change(&mut draft);
    let mut ours = Ours::new(case.speaks, &sender(), &receiver(), 3);
    let mut official = Official::new(&scene.oracle, &sender(), &receiver(), 3333, case.has_kyber()).unwrap();
    let begins = |who: &mut dyn Party| {
        let begun = who.initiate(&draft.bundle).unwrap().is_ok();
        assert_eq!(who.encrypt(&[b"hello".to_vec()]).unwrap()[0].is_ok(), begun, "a session, or none");
        begun
    };
    Accepted { ours: begins(&mut ours), official: begins(&mut official) }
}

/// A device that demands a suite says so before anything is sent.
#[test]
fn a_bundle_without_a_kem_prekey_is_no_way_around_the_suite() {
    let case = Case { speaks: Speaks::X3dh, version: V072 };
    let scene = Scene::new(case);
    for (speaks, begins) in [
        (Speaks::X3dh, true),
        (Speaks::Pqxdh, false),
        (Speaks::TripleOrPqxdh, false),
        (Speaks::Triple, false),
    ] {
        let mut ours = Ours::new(speaks, &sender(), &receiver(), 3);
        assert_eq!(ours.initiate(scene.bundle()).unwrap().is_ok(), begins, "{speaks}");
    }
}
