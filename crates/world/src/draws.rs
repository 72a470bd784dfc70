//! Random numbers for what there may be a million of: eight bytes each, a generator for every purpose of every entity.

use kernel::{Rng, Seed};
use serde::{Deserialize, Serialize};

/// The odd constant that SplitMix64 counts in.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Random numbers of one entity in eight bytes: SplitMix64 (Steele, Lea and Flood, 2014), started at a hash of the
/// run's seed and the entity's name. For when and how much; keys are made with [`kernel::Rng`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draws(u64);

/// Where the random numbers of all entities begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin(u64);

/// What an entity draws for; the same entity draws for each purpose on its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    ToRelay = 1,
    FromRelay,
    Disk,
    Traffic,
    Reply,
    Presence,
    Dial,
    Business,
    Fault,
    Credentials,
}

impl Origin {
    /// The origin of a run.
    pub(crate) fn of(seed: &Seed) -> Self {
        Self(u64::from_be_bytes(Rng::for_entity(seed, "draws").bytes()))
    }

    /// The random numbers of an entity for a purpose.
    pub(crate) fn draws(self, purpose: Purpose, entity: u64) -> Draws {
        Draws(mix(mix(self.0 ^ purpose as u64).wrapping_add(entity.wrapping_mul(STEP))))
    }
}

impl Draws {
    /// A number, uniform over all of `u64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number in `0..bound`, uniform to within 2⁻³²; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or(0)
    }
}

/// The finaliser of SplitMix64.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_reference() {
        // SplitMix64 from 1234567, as its authors' test vectors have it.
        let mut draws = Draws(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| draws.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn entities_and_purposes_draw_apart() {
        let origin = Origin::of(&Seed::from_number(7));
        let draw = |purpose, entity| origin.draws(purpose, entity).next();
        assert_eq!(draw(Purpose::Disk, 3), draw(Purpose::Disk, 3));
        assert_ne!(draw(Purpose::Disk, 3), draw(Purpose::Disk, 4));
        assert_ne!(draw(Purpose::Disk, 3), draw(Purpose::Dial, 3));
        let mut draws = origin.draws(Purpose::Traffic, 0);
        let mean: f64 = (0..4000).map(|_| f64::from(draws.below(100))).sum::<f64>() / 4000.0;
        assert!((mean - 49.5).abs() < 2.0, "{mean}");
    }
}
