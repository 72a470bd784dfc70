//! What each step takes a processor, in virtual time: built in, or as `blindpost calibrate` measured it.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use wire::EnvelopeKind;

/// How long each step keeps a party's processor busy. Part of what a run is a function of, in both crypto modes: a
/// run with other costs is another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// A node reads a request, and writes its answer.
    #[serde(with = "nanoseconds", rename = "api_request_ns")]
    pub api_request: Duration,
    /// A ratchet message is encrypted.
    #[serde(with = "nanoseconds", rename = "encrypt_ns")]
    pub encrypt: Duration,
    /// A ratchet message is decrypted.
    #[serde(with = "nanoseconds", rename = "decrypt_ns")]
    pub decrypt: Duration,
    /// A session is begun with a prekey bundle.
    #[serde(with = "nanoseconds", rename = "initiate_ns")]
    pub initiate: Duration,
    /// A session is begun with a first message.
    #[serde(with = "nanoseconds", rename = "respond_ns")]
    pub respond: Duration,
    /// The relay reads a frame and does what it says.
    #[serde(with = "nanoseconds", rename = "relay_frame_ns")]
    pub relay_frame: Duration,
}

impl Default for Costs {
    /// Rounded from what `cargo xtask benchmarks` measured on two shared cores in November 2026 (docs/benchmarks.md).
    fn default() -> Self {
        Self {
            api_request: Duration::from_micros(20),
            encrypt: Duration::from_micros(5),
            decrypt: Duration::from_micros(5),
            initiate: Duration::from_micros(250),
            respond: Duration::from_micros(250),
            relay_frame: Duration::from_micros(5),
        }
    }
}

impl Costs {
    /// What it takes to open an envelope.
    pub(crate) const fn open(&self, kind: EnvelopeKind) -> Duration {
        match kind {
            EnvelopeKind::Prekey => self.respond,
            _ => self.decrypt,
        }
    }
}

mod nanoseconds {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}
