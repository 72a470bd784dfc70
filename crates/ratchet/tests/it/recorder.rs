//! A random source that remembers what it gave.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use ratchet::{BraidKeyPair, FreshKeys};
use zeroize::Zeroizing;

/// It remembers for which purpose, too.
pub struct Recorder<'a> {
    pub rng: &'a mut ChaCha8Rng,
    pub drawn: &'a mut Drawn,
}

#[derive(Default)]
pub struct Drawn {
    pub curve: Vec<[u8; 32]>,
    pub kem: Vec<[u8; 32]>,
    pub braid_seeds: Vec<[u8; 64]>,
    pub braid_coins: Vec<[u8; 32]>,
}

impl Recorder<'_> {
    fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

impl FreshKeys for Recorder<'_> {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        let key = self.draw();
        self.drawn.curve.push(key);
        Zeroizing::new(key)
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        let coins = self.draw();
        self.drawn.kem.push(coins);
        Zeroizing::new(coins)
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair {
        let seed = self.draw();
        self.drawn.braid_seeds.push(seed);
        BraidKeyPair::from_seed(&seed)
    }

    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        let coins = self.draw();
        self.drawn.braid_coins.push(coins);
        Zeroizing::new(coins)
    }
}
