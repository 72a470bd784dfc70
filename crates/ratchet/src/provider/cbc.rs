//! AES-256-CBC with PKCS#7 padding, of RustCrypto.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use zeroize::Zeroizing;

use super::bytes::Key;

pub(super) fn encrypt(key: &Key, iv: &Key, plaintext: &[u8]) -> Vec<u8> {
    let cipher = cbc::Encryptor::<Aes256>::new((&**key).into(), half(iv).into());
    cipher.encrypt_padded_vec::<Pkcs7>(plaintext)
}

pub(super) fn decrypt(key: &Key, iv: &Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<Aes256>::new((&**key).into(), half(iv).into());
    cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok().map(Zeroizing::new)
}

/// The IV is 16 bytes of the 32 that were derived for it.
fn half(iv: &Key) -> &[u8; 16] {
    let ([half, _], _) = iv.as_chunks() else { return &[0; 16] };
    half
}
