//! Another ratchet in the same protocol: each message has a KEM ciphertext of its own, where deployed clients spread one
//! over a hundred messages. `cargo run -p ratchet --example kem_in_every_message`
//!
//! It heals with every answer instead of every few dozen, and costs 2,280 bytes a message for it. Suite `triple` means
//! this ratchet for such a provider; key agreement, the classical ratchet, records and limits stay.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::VecDeque;
use std::error::Error;

use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey};
use rand_chacha::ChaCha20Rng;
use ratchet::generic::{IdentityKeyPair, KemPrekey, KeyOf, LocalIdentity, SessionRecord, SignedPrekey};
use ratchet::provider::{FixedBytes, Secret, Symmetric, Wire};
use ratchet::rand_core::SeedableRng;
use ratchet::{
    FreshKeys, NamedPrekeys, Native, Observer, Place, PrekeyBundle, Provider, PublicKey, RecordError,
    SecondRatchet, Sent, SpqrError, Suite, Suites, Terms, Work,
};

/// The real provider with another second ratchet.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Eager;

impl Provider for Eager {
    type Curve = <Native as Provider>::Curve;
    type Kem = <Native as Provider>::Kem;
    type SecondRatchet = KemInEveryMessage;
    type BraidKem = <Native as Provider>::BraidKem;
    type ErasureCode = <Native as Provider>::ErasureCode;
    type Symmetric = <Native as Provider>::Symmetric;

    /// What is stored is not for others to read.
    const RECORD_FORMAT: u8 = b'E';
}

/// Key pairs that are kept for answers to come, newest last.
const KEPT: usize = 64;

/// What a decapsulation costs beside a step of a chain: it comes before the message is known to be authentic.
const DECAPSULATION: u32 = 100;

const PUBLIC: usize = 1184;
const CIPHERTEXT: usize = 1088;

#[derive(Clone)]
struct KemInEveryMessage {
    /// From the key agreement: goes into every key, so that both sides are of the same session.
    base: KeyOf<Eager>,
    /// The chain in which the peer did not have a key of ours yet.
    keyless: Option<PublicKey>,
    sent: u32,
    /// Seeds of our key pairs, with the message that carried the public half.
    ours: VecDeque<(u32, Secret<64>)>,
    /// The peer's newest public key, with the message that carried it.
    theirs: Option<(u32, Box<[u8; PUBLIC]>)>,
}

/// A message's part: a new public key, and a secret under the peer's newest.
struct Part {
    number: u32,
    public: Box<[u8; PUBLIC]>,
    answer: Option<(u32, Box<[u8; CIPHERTEXT]>)>,
}

impl Part {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = [&self.number.to_be_bytes()[..], &self.public[..]].concat();
        if let Some((to, ciphertext)) = &self.answer {
            bytes.extend_from_slice(&to.to_be_bytes());
            bytes.extend_from_slice(&ciphertext[..]);
        }
        bytes
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let number = u32::from_be_bytes(*take(&mut bytes)?);
        let public = Box::new(*take(&mut bytes)?);
        let answer = if bytes.is_empty() {
            None
        } else {
            Some((u32::from_be_bytes(*take(&mut bytes)?), Box::new(*take(&mut bytes)?)))
        };
        bytes.is_empty().then_some(Self { number, public, answer })
    }
}

impl KemInEveryMessage {
    fn mixed(&self, secret: &[u8]) -> KeyOf<Eager> {
        type Kdf = <Eager as Provider>::Symmetric;
        let [key] = Kdf::derive(Some(&self.base), &[secret], b"Blindpost example: KEM in every message");
        key
    }
}

impl SecondRatchet<Eager> for KemInEveryMessage {
    type Opened = (Part, PublicKey);
    type Step = (Part, PublicKey);

    fn begin(key: KeyOf<Eager>, _terms: Terms) -> Self {
        Self { base: key, keyless: None, sent: 0, ours: VecDeque::with_capacity(KEPT), theirs: None }
    }

    fn send(
        &mut self,
        fresh: &mut impl FreshKeys<Eager>,
        _observer: &mut impl Observer,
    ) -> Result<Sent<Eager>, SpqrError> {
        let number = self.sent.checked_add(1).ok_or(SpqrError::ChainExhausted)?;
        let mut seed = Secret::new([0; 64]);
        let (d, z) = seed.as_mut().split_at_mut(32);
        d.copy_from_slice(&*fresh.kem_coins());
        z.copy_from_slice(&*fresh.kem_coins());
        let public = Box::new(*mlkem768::generate_key_pair(*seed).public_key().as_slice());
        let (answer, key) = self
            .theirs
            .as_ref()
            .map(|(to, theirs)| {
                let theirs = MlKem768PublicKey::from(**theirs);
                let (ciphertext, secret) = mlkem768::encapsulate(&theirs, *fresh.kem_coins());
                ((*to, Box::new(*ciphertext.as_slice())), self.mixed(&secret))
            })
            .unzip();
        self.sent = number;
        if self.ours.len() == KEPT {
            self.ours.pop_front();
        }
        self.ours.push_back((number, seed));
        Ok(Sent { bytes: Part { number, public, answer }.encode(), key })
    }

    fn open(
        &self,
        bytes: &[u8],
        place: Place,
        work: &mut Work,
    ) -> Result<(Option<KeyOf<Eager>>, (Part, PublicKey)), SpqrError> {
        let part = Part::parse(bytes).ok_or(SpqrError::Malformed)?;
        let key = match &part.answer {
            Some((to, ciphertext)) => {
                let (_, seed) = self.ours.iter().find(|(at, _)| at == to).ok_or(SpqrError::KeyGone)?;
                work.walk(DECAPSULATION).ok_or(SpqrError::TooFarAhead)?;
                let pair = mlkem768::generate_key_pair(**seed);
                let ciphertext = MlKem768Ciphertext::from(**ciphertext);
                Some(self.mixed(&mlkem768::decapsulate(pair.private_key(), &ciphertext)))
            }
            // Anywhere else it is a forgery by somebody who has only the classical ratchet.
            None if place.is_first || self.keyless == Some(place.chain) => None,
            None => return Err(SpqrError::NoKey),
        };
        Ok((key, (part, place.chain)))
    }

    fn accept(&self, (part, chain): (Part, PublicKey)) -> Result<(Part, PublicKey), SpqrError> {
        if mlkem768::validate_public_key(&MlKem768PublicKey::from(*part.public)) {
            Ok((part, chain))
        } else {
            Err(SpqrError::WrongEncapsulationKey)
        }
    }

    fn apply(
        mut self: Box<Self>,
        (part, chain): (Part, PublicKey),
        _observer: &mut impl Observer,
    ) -> Option<Box<Self>> {
        if part.answer.is_none() {
            self.keyless = Some(chain);
        }
        if self.theirs.as_ref().is_none_or(|(newest, _)| *newest < part.number) {
            self.theirs = Some((part.number, part.public));
        }
        Some(self)
    }

    fn forget_chain(&mut self, chain: &PublicKey) {
        self.keyless = self.keyless.filter(|keyless| keyless != chain);
    }

    fn is_required(&self) -> bool {
        true
    }

    fn size_bound(&self) -> usize {
        32 + 34 + 4 + 1 + KEPT * 68 + 5 + PUBLIC
    }

    fn write(&self, stored: &mut Vec<u8>) {
        stored.extend_from_slice(self.base.as_bytes());
        stored.push(u8::from(self.keyless.is_some()));
        stored.extend(self.keyless.iter().flat_map(PublicKey::to_bytes));
        stored.extend_from_slice(&self.sent.to_be_bytes());
        stored.push(u8::try_from(self.ours.len()).unwrap_or(u8::MAX));
        for (number, seed) in &self.ours {
            stored.extend_from_slice(&number.to_be_bytes());
            stored.extend_from_slice(&**seed);
        }
        stored.push(u8::from(self.theirs.is_some()));
        if let Some((number, public)) = &self.theirs {
            stored.extend_from_slice(&number.to_be_bytes());
            stored.extend_from_slice(&**public);
        }
    }

    fn read(stored: &mut &[u8]) -> Result<Self, RecordError> {
        stored_parts(stored).ok_or(RecordError::Corrupt)
    }
}

fn stored_parts(stored: &mut &[u8]) -> Option<KemInEveryMessage> {
    let base = KeyOf::<Eager>::from_wire(take(stored)?);
    let keyless = match take(stored)? {
        [0] => None,
        _ => Some(PublicKey::parse(take::<33>(stored)?).ok()?),
    };
    let sent = u32::from_be_bytes(*take(stored)?);
    let [kept] = *take(stored)?;
    let mut ours = VecDeque::with_capacity(KEPT);
    for _ in 0..kept {
        ours.push_back((u32::from_be_bytes(*take(stored)?), Secret::new(*take(stored)?)));
    }
    let theirs = match take(stored)? {
        [0] => None,
        _ => Some((u32::from_be_bytes(*take(stored)?), Box::new(*take(stored)?))),
    };
    Some(KemInEveryMessage { base, keyless, sent, ours, theirs })
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let device = |rng: &mut ChaCha20Rng| LocalIdentity::<Eager> {
        key_pair: IdentityKeyPair::generate(rng),
        registration_id: 1,
        suites: Suites::only(Suite::Triple),
    };
    let (alice, bob) = (device(&mut rng), device(&mut rng));
    let signed = SignedPrekey::generate(1, &bob.key_pair, &mut rng);
    let kem = KemPrekey::generate(2, &bob.key_pair, &mut rng);
    let bundle = PrekeyBundle {
        registration_id: 1,
        device_id: 1,
        identity: bob.key_pair.public(),
        signed_prekey: signed.to_public(),
        one_time_prekey: None,
        kem_prekey: Some(kem.to_public()),
    };
    let prekeys = NamedPrekeys { signed: Some(signed), one_time: None, kem: Some(kem) };

    let (mut there, mut here) = (SessionRecord::<Eager>::default(), SessionRecord::default());
    there.initiate(&alice, &bundle, 0, &mut rng)?;
    let first = there.encrypt(b"There is no key of yours to answer yet", 0, &mut rng)?;
    here.decrypt(&bob, first.kind, &first.bytes, &prekeys, &mut rng)?;
    println!("the first message has {} bytes", first.bytes.len());

    // From then on each message has a secret of its own, whatever is lost or comes late, and after a restart.
    let nothing = NamedPrekeys::default();
    for round in 0..3 {
        let late = here.encrypt(b"late", 0, &mut rng)?;
        let text = format!("answer {round}");
        let answer = here.encrypt(text.as_bytes(), 0, &mut rng)?;
        for (sent, expected) in [(&answer, text.as_bytes()), (&late, b"late")] {
            let read = there.decrypt(&alice, sent.kind, &sent.bytes, &nothing, &mut rng)?;
            assert_eq!(*read.plaintext, *expected);
        }
        let back = there.encrypt(b"back", 0, &mut rng)?;
        here = SessionRecord::from_bytes(&here.to_bytes())?;
        assert_eq!(**here.decrypt(&bob, back.kind, &back.bytes, &nothing, &mut rng)?.plaintext, *b"back");
        println!("round {round}: {} and {} bytes", answer.bytes.len(), back.bytes.len());
    }

    // A bit of the second ratchet's part is as good as one of the text: the message is refused, and nothing has changed.
    let before = there.to_bytes();
    let mut changed = here.encrypt(b"Not this", 0, &mut rng)?;
    let middle = changed.bytes.len() / 2;
    for byte in changed.bytes.iter_mut().skip(middle).take(1) {
        *byte ^= 1;
    }
    assert!(there.decrypt(&alice, changed.kind, &changed.bytes, &nothing, &mut rng).is_err());
    assert_eq!(before, there.to_bytes());
    Ok(())
}
