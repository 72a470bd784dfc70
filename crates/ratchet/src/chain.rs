//! The KDF chains of the Double Ratchet (sections "KDF chains" and "Recommended cryptographic
//! algorithms"): root key, chain key, message seed, message keys.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use zeroize::Zeroizing;

use crate::curve::SharedSecret;
use crate::kdf::{HmacKey, Key, hkdf};

/// The root key: stepped once per new ratchet key.
#[derive(Clone)]
pub(crate) struct RootKey(Key);

impl RootKey {
    pub(crate) const fn new(key: Key) -> Self {
        Self(key)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `KDF_RK`: a new root key and the chain key of a new chain.
    pub(crate) fn step(&self, dh: &SharedSecret) -> (Self, ChainKey) {
        let [root_key, chain_key] = hkdf(Some(self.as_bytes()), dh.as_ref(), b"WhisperRatchet");
        (Self(root_key), ChainKey::new(chain_key, 0))
    }
}

/// A chain key and the counter of the message it is about to key.
#[derive(Clone)]
pub(crate) struct ChainKey {
    key: Key,
    index: u32,
}

impl ChainKey {
    pub(crate) const fn new(key: Key, index: u32) -> Self {
        Self { key, index }
    }

    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// `KDF_CK`: the seed of the message at this index, and the chain key after it. `None` at the
    /// end of the counter: a message at `u32::MAX` cannot be sent or read.
    pub(crate) fn step(&self) -> Option<(MessageSeed, Self)> {
        let index = self.index.checked_add(1)?;
        let mac = HmacKey::new(&self.key);
        Some((MessageSeed(mac.mac(&[&[1]])), Self { key: mac.mac(&[&[2]]), index }))
    }
}

/// What the keys of one message are derived from; kept for skipped messages.
#[derive(Clone)]
pub(crate) struct MessageSeed(Key);

impl MessageSeed {
    pub(crate) const fn new(seed: Key) -> Self {
        Self(seed)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The post-quantum ratchet mixes its key in as the salt (Double Ratchet, section "Triple
    /// Ratchet").
    pub(crate) fn message_keys(&self, post_quantum: Option<&[u8; 32]>) -> MessageKeys {
        let [cipher, mac, iv] = hkdf(post_quantum, self.as_bytes(), b"WhisperMessageKeys");
        MessageKeys { cipher, mac, iv }
    }
}

/// The keys of one message: AES key, MAC key, IV.
pub(crate) struct MessageKeys {
    cipher: Key,
    mac: Key,
    /// The first half is the IV; the second is not used.
    iv: Key,
}

impl MessageKeys {
    pub(crate) const fn mac_key(&self) -> &Key {
        &self.mac
    }

    /// AES-256-CBC with PKCS#7 padding: always 1 to 16 bytes longer than the plaintext.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let cipher = cbc::Encryptor::<Aes256>::new((&*self.cipher).into(), self.iv().into());
        cipher.encrypt_padded_vec::<Pkcs7>(plaintext)
    }

    /// `None` for a wrong length or padding; only ever called on authenticated ciphertext.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = cbc::Decryptor::<Aes256>::new((&*self.cipher).into(), self.iv().into());
        cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok().map(Zeroizing::new)
    }

    fn iv(&self) -> &[u8; 16] {
        let ([iv, _], _) = self.iv.as_chunks() else { return &[0; 16] };
        iv
    }
}

#[cfg(test)]
impl MessageKeys {
    /// Keys of which only the cipher's matter.
    pub(crate) fn for_cipher(cipher: [u8; 32], iv: [u8; 16]) -> Self {
        let mut padded = [0; 32];
        padded[..16].copy_from_slice(&iv);
        Self { cipher: Key::new(cipher), mac: Key::new([0; 32]), iv: Key::new(padded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Key {
        Key::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    #[test]
    fn chain_step_known_answer() {
        let (seed, next) = ChainKey::new(counting(), 7).step().unwrap();
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
        assert!(ChainKey::new(counting(), u32::MAX).step().is_none());
    }

    #[test]
    fn message_keys_known_answers() {
        let seed = MessageSeed::new(counting());
        let hex =
            |keys: &MessageKeys| hex::encode([*keys.cipher, *keys.mac].concat()) + &hex::encode(keys.iv());
        assert_eq!(
            hex(&seed.message_keys(None)),
            "b818cf662a1eaf9ded79df503b322cd36850a2f61db0703882cd0c5a73b4103e\
             81f29940c87867fc2eb7f29f1719c398ea89c3dab6f7749b2e070cb3751001a2\
             24d3cb64e9b5119c24f1e7aee85280e9"
        );
        assert_eq!(
            hex(&seed.message_keys(Some(&[0x22; 32]))),
            "69e0671a0fd3e51dfc22a51b5bdf6dbd12d761f2df6a32cb57fbda48e709cbe0\
             c3d8a4613599282e514a279f7213a812d9c1254ce41f7202f672f2cbf4d63646\
             8b7a55c5a0369ee25c39ca1194ed300b"
        );
    }

    #[test]
    fn root_step_known_answer() {
        let (root, chain) = RootKey::new(counting()).step(&Zeroizing::new([0x33; 32]));
        assert_eq!(
            hex::encode(root.as_bytes()) + &hex::encode(chain.as_bytes()),
            "cd058d999ec775571ac97cb7c5ed0c872f65d83a501bd60133ee6980a9c38d3a\
             2b9f3a32ebf85034d2044a50c943d005e9e8ba8df0b5da25d507f177917bba56"
        );
    }

    #[test]
    fn message_cipher_round_trips_at_block_boundaries() {
        let keys = MessageSeed::new(counting()).message_keys(None);
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
