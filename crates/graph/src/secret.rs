//! Tokens and app secrets.

use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A token or an app secret: wiped when dropped, shown to nobody, compared in constant time only.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// What must not get into any log: mind where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True if `presented` is this secret. Takes the same time however much of it is right.
    pub fn matches(&self, presented: &str) -> bool {
        digest(&self.0).ct_eq(&digest(presented)).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a table of tokens is keyed by. Whoever times a look-up learns something of a digest, and nothing of the token.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
