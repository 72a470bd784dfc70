//! Messages that are authentic, from a peer that does not keep to the protocol of the post-quantum
//! ratchet: one of ours that was made to.
//!
//! It talks with an official device and with one of ours; both must refuse from the same message on.

use interop::{Bundle, Official, Ours, Party, Speaks, fields, inner_message};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use ratchet::{BraidKeyPair, Ciphertext, FreshKeys, MessageKind, SessionRecord};
use sha3::{Digest as _, Sha3_256};
use zeroize::Zeroizing;

use crate::pair::{Accepted, Case, FALLBACK, Scene, TRIPLE, receiver, sender};
use crate::verdict::By::{Everybody, Nobody};
use crate::verdict::Verdicts;

const CASES: [Case; 2] = [FALLBACK, TRIPLE];

/// Coefficients of an encapsulation key are below this (FIPS 203, section 7.2, the modulus check).
const MODULUS: u16 = 3329;

/// Parts of the decapsulation key of FIPS 203 for ML-KEM-768.
const SECRET: usize = 1152;
const VECTOR: usize = 1152;

/// Draws everything well but for one key pair, whose encapsulation key begins with this coefficient.
struct Forger {
    rng: ChaCha8Rng,
    first_coefficient: u16,
    hash_is_right: bool,
}

impl FreshKeys for Forger {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        <_ as FreshKeys>::curve_private_key(&mut self.rng)
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        <_ as FreshKeys>::kem_coins(&mut self.rng)
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair {
        let rho = [7; 32];
        let mut vector = [0; VECTOR];
        let [low, high] = self.first_coefficient.to_le_bytes();
        (vector[0], vector[1]) = (low, high);
        let mut hash: [u8; 32] = Sha3_256::new().chain_update(vector).chain_update(rho).finalize().into();
        if !self.hash_is_right {
            hash[31] ^= 1;
        }
        let key = [&[0; SECRET][..], &vector, &rho, &hash, &[9; 32]].concat();
        BraidKeyPair::from_decapsulation_key(&key.try_into().unwrap())
    }

    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        <_ as FreshKeys>::braid_coins(&mut self.rng)
    }
}

/// An encapsulation key is checked as soon as it is there, and its last chunk is refused if it is bad.
#[test]
fn bad_encapsulation_keys_are_refused_alike() {
    let keys = [
        ("the greatest coefficient", MODULUS - 1, true, Everybody),
        ("a coefficient not reduced", MODULUS, true, Nobody),
        ("the greatest of twelve bits", 0xfff, true, Nobody),
        ("another hash", 0, false, Nobody),
    ];
    let mut verdicts = Verdicts::default();
    for case in CASES {
        for (row, first_coefficient, hash_is_right, by) in keys {
            let read = |peer: Peer| -> bool {
                let mut forger =
                    Forger { rng: ChaCha8Rng::seed_from_u64(5), first_coefficient, hash_is_right };
                let (mut sender, mut receiver) = peer.reads_from(case);
                let first = sender.encrypt_with(b"first", &mut forger).unwrap();
                assert!(receiver.reads(&first), "{case}: {row}");
                back(&mut sender, &mut receiver);
                // Three chunks of the header less one, then 36 of the key.
                let read: Vec<bool> =
                    (0..2 + 36).map(|_| there_and_back(&mut sender, &mut receiver)).collect();
                assert!(read[..2 + 35].iter().all(|read| *read), "{case}: {row}");
                read[2 + 35]
            };
            let got = Accepted { ours: read(Peer::Ours), official: read(Peer::Official) };
            verdicts.judge(case, row, by, got);
        }
    }
    verdicts.done();
}

/// A tag that does not fit its ciphertext is noticed with the last chunk, and a right chunk still helps.
#[test]
fn bad_ciphertext_tags_are_refused_alike() {
    let mut verdicts = Verdicts::default();
    for case in CASES {
        let course = |peer: Peer| -> Vec<bool> {
            let (mut forger, mut initiator) = peer.writes_to(case);
            let mut chunk = None;
            for _ in 0..200 {
                let sent = send(&mut forger);
                assert!(initiator.reads(&sent));
                chunk = ciphertext_chunk(&sent);
                if chunk.is_some() {
                    break;
                }
                let answer = send(initiator.party());
                forger.decrypt(&[answer]).unwrap().remove(0).unwrap();
            }
            // The first of five chunks is out. The tag is the last of them.
            let flip = |ours: &mut Ours| flip_after(ours, &chunk.unwrap(), 4 * 32 + 5);
            let mut course = Vec::new();
            for at in 1..=5 {
                if [4, 5].contains(&at) {
                    flip(&mut forger);
                }
                course.push(there_and_back(&mut forger, &mut initiator));
            }
            course
        };
        let (ours, official) = (course(Peer::Ours), course(Peer::Official));
        for (at, (ours, official)) in ours.into_iter().zip(official).enumerate() {
            let by = if at == 3 { Nobody } else { Everybody };
            verdicts.judge(
                case,
                &format!("chunk {} of the ciphertext", at + 1),
                by,
                Accepted { ours, official },
            );
        }
    }
    verdicts.done();
}

/// Chunks are numbered with 16 bits: whoever never hears anything begins again.
#[test]
fn chunk_numbers_wrap_alike() {
    const CHUNKS: usize = 1 << 16;
    let case = TRIPLE;
    let scene = Scene::new(case);
    let mut ours = Ours::new(case.speaks, &sender(), &receiver(), 1);
    ours.initiate(scene.bundle()).unwrap().unwrap();
    let mut official = scene.alice.twin().unwrap();
    for party in [&mut ours as &mut dyn Party, &mut official] {
        let mut receivers = scene.receivers();
        let mut first = None;
        for start in (0..=CHUNKS).step_by(1024) {
            let plaintexts = vec![b"x".to_vec(); 1024];
            let sent: Vec<_> = party.encrypt(&plaintexts).unwrap().into_iter().map(Result::unwrap).collect();
            let first = first.get_or_insert_with(|| chunk_of(&sent[0]).unwrap());
            for (at, message) in (start..).zip(&sent) {
                let is_first = chunk_of(message).unwrap() == *first;
                assert_eq!(is_first, at % CHUNKS == 0, "{at}");
            }
            // Not all have to arrive.
            let read = receivers.read_all(&sent[..3]);
            assert!(read.iter().all(|read| read.ours && read.official), "from {start}");
        }
    }
}

/// Who is at the other end of a forger.
#[derive(Clone, Copy)]
enum Peer {
    Ours,
    Official,
}

enum Reader {
    Ours(Box<Ours>),
    Official(Official),
}

impl Peer {
    /// A forger that initiates, and its receiver.
    fn reads_from(self, case: Case) -> (Ours, Reader) {
        let scene = Scene::new(case);
        let mut forger = Ours::new(Speaks::Triple, &sender(), &receiver(), 1);
        forger.initiate(scene.bundle()).unwrap().unwrap();
        let pair = scene.receivers();
        let reader = match self {
            Self::Ours => Reader::Ours(Box::new(pair.ours)),
            Self::Official => Reader::Official(pair.official),
        };
        (forger, reader)
    }

    /// A forger that responds, and who wrote to it first.
    fn writes_to(self, case: Case) -> (Ours, Reader) {
        let mut forger = Ours::new(Speaks::Triple, &receiver(), &sender(), 2);
        let bundle: Bundle = forger.publish(true).unwrap();
        let mut reader = match self {
            Self::Ours => Reader::Ours(Box::new(Ours::new(case.speaks, &sender(), &receiver(), 3))),
            Self::Official => {
                Reader::Official(Official::new(&case.oracle(), &sender(), &receiver(), 4, true).unwrap())
            }
        };
        reader.party().initiate(&bundle).unwrap().unwrap();
        let first = send(reader.party());
        forger.decrypt(&[first]).unwrap().remove(0).unwrap();
        (forger, reader)
    }
}

impl Reader {
    fn party(&mut self) -> &mut dyn Party {
        match self {
            Self::Ours(ours) => ours.as_mut(),
            Self::Official(official) => official,
        }
    }

    fn reads(&mut self, message: &Ciphertext) -> bool {
        self.party().decrypt(std::slice::from_ref(message)).unwrap()[0].is_ok()
    }
}

fn there_and_back(forger: &mut Ours, reader: &mut Reader) -> bool {
    let read = reader.reads(&send(forger));
    back(forger, reader);
    read
}

fn back(forger: &mut Ours, reader: &mut Reader) {
    let answer = send(reader.party());
    forger.decrypt(&[answer]).unwrap().remove(0).unwrap();
}

fn send(who: &mut dyn Party) -> Ciphertext {
    who.encrypt(&[b"hello".to_vec()]).unwrap().remove(0).unwrap()
}

/// Flips a bit of what the device has stored, so far behind these bytes.
fn flip_after(ours: &mut Ours, bytes: &[u8], offset: usize) {
    let mut record = ours.record().to_bytes().to_vec();
    let at = record.windows(bytes.len()).position(|window| window == bytes).expect("the bytes in the record");
    record[at + offset] ^= 1;
    ours.set_record(SessionRecord::from_bytes(&record).unwrap());
}

/// Type and 32 bytes of the chunk in a message of the post-quantum ratchet.
fn chunk_of(message: &Ciphertext) -> Option<(u8, [u8; 32])> {
    let inner = message.bytes.get(inner_message(message)?)?;
    let field = fields(MessageKind::Ratchet, inner).into_iter().find(|field| field.number == 5)?;
    let spqr = inner.get(field.value)?;
    let mut rest = spqr.get(1..)?;
    for _ in ["epoch", "index"] {
        let end = rest.iter().position(|byte| *byte < 0x80)?;
        rest = &rest[end + 1..];
    }
    let (kind, rest) = rest.split_first()?;
    let chunk = rest.get(rest.len().checked_sub(32)?..)?;
    Some((*kind, chunk.try_into().ok()?))
}

/// The first chunk of a ciphertext's second part.
fn ciphertext_chunk(message: &Ciphertext) -> Option<[u8; 32]> {
    const CT2: u8 = 6;
    chunk_of(message).filter(|(kind, _)| *kind == CT2).map(|(_, chunk)| chunk)
}
