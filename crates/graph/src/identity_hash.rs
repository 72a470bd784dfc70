//! What a business may name a consumer's identity key by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// The first bytes of a digest of an identity key; as text base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityHash(pub [u8; 8]);

impl IdentityHash {
    /// Reads one; `None` if no key is named so.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(STANDARD.decode(text).ok()?.try_into().ok()?))
    }
}

impl Serialize for IdentityHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_sample_reads_and_writes_back() {
        let hash = IdentityHash::parse("DF2lS5v2W6w=").unwrap();
        assert_eq!(hash.0, [12, 93, 165, 75, 155, 246, 91, 172]);
        assert_eq!(serde_json::to_string(&hash).unwrap(), "\"DF2lS5v2W6w=\"");
        for none in ["", "x", "DF2lS5v2W6w", "AAAA"] {
            assert!(IdentityHash::parse(none).is_none(), "{none}");
        }
    }
}
