//! Safety numbers: what two people compare, or scan from each other's screens, to be sure that each
//! has the other's identity key and nobody else's is in between.
//!
//! Not in the published specifications (X3DH, section "Authentication", only asks for some
//! comparison of identity keys): this is what deployed clients show. Each side's half is an iterated
//! SHA-512 over its identity key and name; the iterations make it dear to search for a key whose
//! half looks alike.

use std::fmt;

use prost::Message;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::identity::IdentityKey;

/// Leads the input of the first hash: the version of the derivation, which has never changed.
const DERIVATION: [u8; 2] = [0, 0];

/// Bytes of a half that are in a code to scan.
const SCANNED: usize = 32;

/// Groups of digits per half, and bytes that each is made from.
const GROUPS: usize = 6;
const GROUP_BYTES: usize = 5;

/// Somebody's name and key, as the one knows them who compares.
#[derive(Clone, Copy)]
pub struct Identified<'a> {
    /// What names them: since version 2 the 16 bytes of an account's UUID
    /// ([`ServiceId::uuid`](crate::ServiceId::uuid)), in version 1 the telephone number as text.
    pub id: &'a [u8],
    /// Their identity key.
    pub key: IdentityKey,
}

impl fmt::Debug for Identified<'_> {
    /// Names a person, so only the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The number that two people share: the same on both sides if and only if both have the same keys.
#[derive(Clone, PartialEq, Eq)]
pub struct SafetyNumber {
    version: u32,
    local: Half,
    remote: Half,
}

/// What one of the two contributes.
type Half = [u8; SCANNED];

impl SafetyNumber {
    /// The number between two accounts, as today's clients show it.
    ///
    /// Takes some milliseconds, by design.
    #[must_use]
    pub fn between(local: &Identified<'_>, remote: &Identified<'_>) -> Self {
        Self::derived(Derivation::default(), local, remote)
    }

    /// The number of another version, or with another number of iterations.
    #[must_use]
    pub fn derived(how: Derivation, local: &Identified<'_>, remote: &Identified<'_>) -> Self {
        let Derivation { version, iterations } = how;
        Self { version, local: half(iterations, local), remote: half(iterations, remote) }
    }

    /// To read out: 60 digits, the same on both sides.
    #[must_use]
    pub fn display(&self) -> String {
        let (local, remote) = (digits(&self.local), digits(&self.remote));
        if local <= remote { local + &remote } else { remote + &local }
    }

    /// To show as a QR code: what the peer gives to its [`SafetyNumber::matches`].
    #[must_use]
    pub fn scannable(&self) -> Vec<u8> {
        let half = |half: &Half| Some(ScannableHalf { bytes: Some(half.to_vec()) });
        let (local, remote) = (half(&self.local), half(&self.remote));
        Scannable { version: Some(self.version), local, remote }.encode_to_vec()
    }

    /// Checks what was scanned from the peer's screen. The comparison is constant-time.
    ///
    /// # Errors
    /// When it is not the peer's half of this number: see [`ScanError`] for what to tell the user.
    pub fn matches(&self, scanned: &[u8]) -> Result<(), ScanError> {
        let Scannable { version, local, remote } =
            Scannable::decode(scanned).map_err(|_| ScanError::Malformed)?;
        let theirs = version.ok_or(ScanError::Malformed)?;
        let half = |half: Option<ScannableHalf>| half.and_then(|half| half.bytes).ok_or(ScanError::Malformed);
        let (local, remote) = (half(local)?, half(remote)?);
        if theirs != self.version {
            return Err(ScanError::VersionMismatch { ours: self.version, theirs });
        }
        // What is local to them is remote to us.
        let equal = self.remote.ct_eq(local.as_slice()) & self.local.ct_eq(remote.as_slice());
        if bool::from(equal) { Ok(()) } else { Err(ScanError::NoMatch) }
    }
}

impl fmt::Display for SafetyNumber {
    /// In twelve groups of five digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in self.display().chars().enumerate() {
            if at > 0 && at % GROUP_BYTES == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafetyNumber {
    /// Tells who talks to whom to those who know both, so only the version.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafetyNumber").field("version", &self.version).finish_non_exhaustive()
    }
}

/// How a number is derived. Both sides must do it alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Derivation {
    /// What the ids are: 1 for telephone numbers, 2 for account UUIDs. It is compared, and has no
    /// part in the hash.
    pub version: u32,
    /// Rounds of hashing.
    pub iterations: Iterations,
}

impl Default for Derivation {
    /// That of today's clients: account UUIDs, 5,200 rounds.
    fn default() -> Self {
        Self { version: 2, iterations: Iterations::default() }
    }
}

/// Rounds of hashing of a half: 2 to 1,000,000.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Iterations(u32);

impl Iterations {
    /// # Errors
    /// When it is not within 2 to 1,000,000.
    pub const fn new(iterations: u32) -> Result<Self, IterationsError> {
        match iterations {
            2..=1_000_000 => Ok(Self(iterations)),
            _ => Err(IterationsError { iterations }),
        }
    }
}

impl Default for Iterations {
    /// Those of deployed clients: 5,200.
    fn default() -> Self {
        Self(5_200)
    }
}

/// A number of iterations that deployed clients refuse.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{iterations} iterations are not within 2 to 1,000,000")]
pub struct IterationsError {
    /// How many were asked for.
    pub iterations: u32,
}

/// Why a scanned code does not confirm a safety number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Not the code of a safety number.
    #[error("not the code of a safety number")]
    Malformed,
    /// The peer's app shows another version of safety numbers: one of the two has to be updated.
    #[error("safety number of version {theirs}, where version {ours} is shown")]
    VersionMismatch {
        /// Of the number that it was compared with.
        ours: u32,
        /// Of what was scanned.
        theirs: u32,
    },
    /// Somebody else's code, or somebody is in between.
    #[error("the safety numbers are different")]
    NoMatch,
}

fn half(Iterations(iterations): Iterations, who: &Identified<'_>) -> Half {
    let key = who.key.to_bytes();
    let first = Sha512::new().chain_update(DERIVATION).chain_update(key).chain_update(who.id);
    let mut hash = first.chain_update(key).finalize();
    for _ in 1..iterations {
        hash = Sha512::new().chain_update(hash).chain_update(key).finalize();
    }
    let mut half = [0; SCANNED];
    for (to, from) in half.iter_mut().zip(hash) {
        *to = from;
    }
    half
}

/// Five bytes give five digits, big-endian and reduced.
fn digits(half: &Half) -> String {
    let groups = half.chunks_exact(GROUP_BYTES).take(GROUPS);
    groups
        .map(|group| group.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte)) % 100_000)
        .map(|number| format!("{number:05}"))
        .collect()
}

/// The code to scan. It never travels over the wire, so it is not in `proto/`.
#[derive(Clone, PartialEq, Eq, Message)]
struct Scannable {
    #[prost(uint32, optional, tag = "1")]
    version: Option<u32>,
    #[prost(message, optional, tag = "2")]
    local: Option<ScannableHalf>,
    #[prost(message, optional, tag = "3")]
    remote: Option<ScannableHalf>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct ScannableHalf {
    #[prost(bytes = "vec", optional, tag = "1")]
    bytes: Option<Vec<u8>>,
}
