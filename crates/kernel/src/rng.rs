//! Randomness that belongs to one entity, so that no other entity's draws change with it; and the seeds it comes from.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Where all randomness of a run comes from: the seed of a scenario, or 32 bytes of the operating
/// system's entropy in the live shell.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from 32 uniformly random bytes.
    pub fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed of a repeatable run, from the number that a person types.
    pub fn from_number(number: u64) -> Self {
        let digest =
            Sha256::new().chain_update(b"blindpost scenario seed v1").chain_update(number.to_be_bytes());
        Self(digest.finalize().into())
    }
}

/// The random numbers of one entity: ChaCha20 keyed by a hash of the run's seed and the entity's name.
///
/// Because the key depends on nothing else, adding an entity to a run, or drawing more numbers in one,
/// changes no number that another entity draws. Cryptographically strong, so that the same machine can
/// make real keys with it in the live shell.
pub struct Rng {
    generator: ChaCha20Rng,
    /// Those of the tenants and accounts that it has drawn for.
    children: BTreeMap<u64, Rng>,
    /// What was drawn in 32 bytes at once, if somebody wants to know.
    tap: Option<Vec<[u8; 32]>>,
}

impl Rng {
    /// The random numbers of the entity called `entity` in the run with `seed`.
    pub fn for_entity(seed: &Seed, entity: &str) -> Self {
        let mut digest = Sha256::new()
            .chain_update(b"blindpost entity rng v1")
            .chain_update(seed.0)
            .chain_update(entity.as_bytes())
            .finalize();
        let rng = ChaCha20Rng::from_seed(digest.into());
        digest.zeroize();
        Self { generator: rng, children: BTreeMap::new(), tap: None }
    }

    /// The random numbers of one of those whom this entity serves, by a number that names it: nobody's change with how
    /// many were drawn for another (docs/decisions/0032). Its key is the beginning of another stream of the same cipher,
    /// so that nothing is hashed for it; 0 is whoever is asked.
    pub fn child(&mut self, of: u64) -> &mut Self {
        if of == 0 {
            return self;
        }
        let Self { generator, children, tap } = self;
        children.entry(of).or_insert_with(|| {
            let mut stream = ChaCha20Rng::from_seed(generator.get_seed());
            stream.set_stream(of);
            // A key of its own: the stream itself would be drawn again by a child's child of the same name.
            let mut key = <[u8; 32]>::default();
            stream.fill_bytes(&mut key);
            let generator = ChaCha20Rng::from_seed(key);
            key.zeroize();
            Self { generator, children: BTreeMap::new(), tap: tap.as_ref().map(|_| Vec::new()) }
        })
    }

    /// Notes from now on what is drawn in 32 bytes at once, as private keys of Curve25519 are. For simulations: what the
    /// key of a broken curve is, somebody has to know (docs/decisions/0008).
    pub fn tap(&mut self) {
        self.tap = Some(Vec::new());
        self.children.values_mut().for_each(Self::tap);
    }

    /// What was noted since this was last asked.
    pub fn tapped(&mut self) -> Vec<[u8; 32]> {
        let mut keys = self.tap.as_mut().map(std::mem::take).unwrap_or_default();
        self.children.values_mut().for_each(|child| keys.append(&mut child.tapped()));
        keys
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        self.generator.fill_bytes(bytes);
        if let (Some(tap), Ok(key)) = (&mut self.tap, <[u8; 32]>::try_from(&*bytes)) {
            tap.push(key);
        }
    }

    /// `N` uniformly random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number in `0..bound`, uniform to within 2⁻³²; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let scaled = u128::from(self.generator.next_u64()) * u128::from(bound);
        u32::try_from(scaled >> 64).unwrap_or(0)
    }
}

impl TryRng for Rng {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.generator.next_u32())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.generator.next_u64())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Rng {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entity_draws_the_same_numbers_whoever_else_there_is() {
        let seed = Seed::from_number(7);
        let alone: [u8; 16] = Rng::for_entity(&seed, "consumer/1").bytes();
        let _: [u8; 64] = Rng::for_entity(&seed, "consumer/2").bytes();
        assert_eq!(alone, Rng::for_entity(&seed, "consumer/1").bytes::<16>());
        assert_ne!(alone, Rng::for_entity(&seed, "consumer/2").bytes::<16>());
        assert_ne!(alone, Rng::for_entity(&Seed::from_number(8), "consumer/1").bytes::<16>());
    }

    #[test]
    fn a_child_draws_the_same_numbers_however_many_another_drew() {
        let seed = Seed::from_number(7);
        let (mut busy, mut quiet) = (Rng::for_entity(&seed, "node/0"), Rng::for_entity(&seed, "node/0"));
        let _: [u8; 999] = busy.child(1).bytes();
        let _: [u8; 13] = busy.bytes();
        assert_eq!(busy.child(2).bytes::<16>(), quiet.child(2).bytes::<16>());
        assert_eq!(busy.child(2).bytes::<16>(), quiet.child(2).bytes::<16>(), "it goes on where it was");
        let [own, one, other]: [[u8; 16]; 3] =
            [quiet.bytes(), quiet.child(1).bytes(), quiet.child(3).bytes()];
        let [within, again]: [[u8; 16]; 2] = [quiet.child(3).child(1).bytes(), quiet.child(0).bytes()];
        let all = std::collections::BTreeSet::from([own, one, other, within, again]);
        assert_eq!(all.len(), 5, "nothing is drawn twice, whoever's child it is");
    }

    #[test]
    fn a_tap_hears_the_keys_of_children_too() {
        let mut rng = Rng::for_entity(&Seed::from_number(7), "a");
        let before: [u8; 32] = rng.child(4).bytes();
        rng.tap();
        let keys: [[u8; 32]; 3] = [rng.child(4).bytes(), rng.bytes(), rng.child(5).bytes()];
        assert_eq!(rng.tapped(), [keys[1], keys[0], keys[2]]);
        assert!(!keys.contains(&before));
    }

    #[test]
    fn a_tap_hears_keys_and_changes_nothing() {
        let seed = Seed::from_number(7);
        let (mut tapped, mut plain) = (Rng::for_entity(&seed, "a"), Rng::for_entity(&seed, "a"));
        tapped.tap();
        let drawn: ([u8; 32], [u8; 16], [u8; 32]) = (tapped.bytes(), tapped.bytes(), tapped.bytes());
        assert_eq!(drawn, (plain.bytes(), plain.bytes(), plain.bytes()));
        assert_eq!(tapped.tapped(), [drawn.0, drawn.2]);
        assert_eq!((tapped.tapped(), plain.tapped()), (vec![], vec![]));
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Rng::for_entity(&Seed::from_number(1), "dice");
        let mut seen = [false; 6];
        for _ in 0..200 {
            seen[rng.below(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
        assert_eq!(rng.below(0), 0);
    }
}
