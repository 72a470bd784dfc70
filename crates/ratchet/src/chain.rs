//! The KDF chains of the Double Ratchet (sections "KDF chains" and "Recommended cryptographic
//! algorithms"): root key, chain key, message seed, message keys.

use zeroize::Zeroizing;

use crate::provider::{FixedBytes, KeyOf, Native, Provider, SharedSecret, Symmetric, Wire};

/// The root key: stepped once per new ratchet key.
#[derive(Clone)]
pub(crate) struct RootKey<P: Provider = Native>(KeyOf<P>);

impl<P: Provider> RootKey<P> {
    pub(crate) const fn new(key: KeyOf<P>) -> Self {
        Self(key)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// `KDF_RK`: a new root key and the chain key of a new chain.
    pub(crate) fn step(&self, dh: &SharedSecret) -> (Self, ChainKey<P>) {
        let [root_key, chain_key] = P::Symmetric::derive(Some(&self.0), &[&dh[..]], b"WhisperRatchet");
        (Self(root_key), ChainKey::new(chain_key, 0))
    }
}

/// A chain key and the counter of the message it is about to key.
#[derive(Clone)]
pub(crate) struct ChainKey<P: Provider = Native> {
    key: KeyOf<P>,
    index: u32,
}

impl<P: Provider> ChainKey<P> {
    pub(crate) const fn new(key: KeyOf<P>, index: u32) -> Self {
        Self { key, index }
    }

    /// Forgets the key: there is nothing more in the chain.
    pub(crate) fn end(&mut self) {
        *self = Self { key: KeyOf::<P>::from_wire(&[0; 32]), index: u32::MAX };
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.index == u32::MAX
    }

    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// `KDF_CK`: the seed of the message at this index, and the chain key after it. `None` at the
    /// end of the counter: a message at `u32::MAX` cannot be sent or read.
    pub(crate) fn step(&self) -> Option<(MessageSeed<P>, Self)> {
        let index = self.index.checked_add(1)?;
        let (seed, key) = P::Symmetric::step(&self.key);
        Some((MessageSeed(seed), Self { key, index }))
    }
}

/// What the keys of one message are derived from; kept for skipped messages.
#[derive(Clone)]
pub(crate) struct MessageSeed<P: Provider = Native>(KeyOf<P>);

impl<P: Provider> MessageSeed<P> {
    pub(crate) const fn new(seed: KeyOf<P>) -> Self {
        Self(seed)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The post-quantum ratchet mixes its key in as the salt (Double Ratchet, section "Triple
    /// Ratchet").
    pub(crate) fn message_keys(&self, post_quantum: Option<&KeyOf<P>>) -> MessageKeys<P> {
        let [cipher, mac, iv] =
            P::Symmetric::derive(post_quantum, &[self.0.as_bytes()], b"WhisperMessageKeys");
        MessageKeys { cipher, mac, iv }
    }
}

/// The keys of one message: AES key, MAC key, IV.
pub(crate) struct MessageKeys<P: Provider = Native> {
    cipher: KeyOf<P>,
    mac: KeyOf<P>,
    /// The first half is the IV; the second is not used.
    iv: KeyOf<P>,
}

impl<P: Provider> MessageKeys<P> {
    pub(crate) const fn mac_key(&self) -> &KeyOf<P> {
        &self.mac
    }

    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        P::Symmetric::encrypt(&self.cipher, &self.iv, plaintext)
    }

    /// `None` for a wrong length or padding; only ever called on authenticated ciphertext.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        P::Symmetric::decrypt(&self.cipher, &self.iv, ciphertext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Key;

    fn counting() -> Key {
        Key::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    #[test]
    fn chain_step_known_answer() {
        let (seed, next) = ChainKey::<Native>::new(counting(), 7).step().unwrap();
        assert_eq!(
            hex::encode(seed.as_bytes()),
            "9b4c8120a4823a95f47cde17a244f4507244ee6e3957d1fab9fa29b44d3829b7"
        );
        assert_eq!(
            hex::encode(next.as_bytes()),
            "4304c22c84a53755ab08ead8d97a8d429be5efa480682d7ad1da27f73e1fbe1d"
        );
        assert_eq!(next.index(), 8);
    }

    #[test]
    fn a_chain_ends_instead_of_wrapping() {
        assert!(ChainKey::<Native>::new(counting(), u32::MAX).step().is_none());
    }

    #[test]
    fn message_keys_known_answers() {
        let seed: MessageSeed = MessageSeed::new(counting());
        let hex = |keys: &MessageKeys| {
            hex::encode([*keys.cipher, *keys.mac].concat()) + &hex::encode(&keys.iv[..16])
        };
        assert_eq!(
            hex(&seed.message_keys(None)),
            "b818cf662a1eaf9ded79df503b322cd36850a2f61db0703882cd0c5a73b4103e\
             81f29940c87867fc2eb7f29f1719c398ea89c3dab6f7749b2e070cb3751001a2\
             24d3cb64e9b5119c24f1e7aee85280e9"
        );
        assert_eq!(
            hex(&seed.message_keys(Some(&Key::new([0x22; 32])))),
            "69e0671a0fd3e51dfc22a51b5bdf6dbd12d761f2df6a32cb57fbda48e709cbe0\
             c3d8a4613599282e514a279f7213a812d9c1254ce41f7202f672f2cbf4d63646\
             8b7a55c5a0369ee25c39ca1194ed300b"
        );
    }

    #[test]
    fn root_step_known_answer() {
        let (root, chain) = RootKey::<Native>::new(counting()).step(&Key::new([0x33; 32]));
        assert_eq!(
            hex::encode(root.as_bytes()) + &hex::encode(chain.as_bytes()),
            "cd058d999ec775571ac97cb7c5ed0c872f65d83a501bd60133ee6980a9c38d3a\
             2b9f3a32ebf85034d2044a50c943d005e9e8ba8df0b5da25d507f177917bba56"
        );
    }

    #[test]
    fn message_cipher_round_trips_at_block_boundaries() {
        let keys = MessageSeed::<Native>::new(counting()).message_keys(None);
        for length in [0, 1, 15, 16, 17, 31, 32] {
            let plaintext = vec![0xa5; length];
            let ciphertext = keys.encrypt(&plaintext);
            assert_eq!(ciphertext.len(), (length / 16 + 1) * 16);
            assert_eq!(keys.decrypt(&ciphertext).unwrap().as_slice(), plaintext);
        }
        assert!(keys.decrypt(&[0; 15]).is_none());
        assert!(keys.decrypt(&[]).is_none());
    }
}
