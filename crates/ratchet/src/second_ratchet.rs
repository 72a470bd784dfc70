//! The ratchet beside the classical one in suite `triple`, whichever a [`Provider`] names (Double Ratchet, section
//! "Triple Ratchet").
//!
//! Deployed clients have the sparse post-quantum ratchet there, [`Spqr`](crate::generic::Spqr). Who studies another one
//! writes a type with this trait and a provider that names it; key agreement, the classical ratchet, records, storage and
//! the limits of work stay what they are. `examples/kem_in_every_message.rs` is one.

use crate::curve::PublicKey;
use crate::error::RecordError;
use crate::event::Observer;
use crate::fresh_keys::FreshKeys;
use crate::provider::{Provider, Symmetric};
use crate::spqr::{SpqrError, SpqrStatus};
use crate::work::Work;

/// What a provider's primitives derive: 32 bytes, as they are kept.
pub type KeyOf<P> = <<P as Provider>::Symmetric as Symmetric>::Key;

/// One side of a ratchet that puts bytes of its own into each message, and a key of its own into the keys of the message.
///
/// The bytes are part of what the message's MAC covers, and the key is part of what the MAC is made with, so they are
/// authentic if the message is. Reading is in three steps, so that a message that is refused changes nothing:
/// [`open`](Self::open) finds the key, then the message is authenticated, then [`accept`](Self::accept) may still refuse
/// it, and [`apply`](Self::apply) can't fail.
pub trait SecondRatchet<P: Provider>: Clone + Send + Sync + Sized + 'static {
    /// What was read of a message that may be a forgery.
    type Opened;
    /// What an authentic message changes.
    type Step;

    /// The first state, from a key that both sides derived in the key agreement for this purpose.
    fn begin(key: KeyOf<P>, terms: Terms) -> Self;

    /// The bytes of the next message and the key to mix into it, or none where the peer can't have it yet.
    ///
    /// # Errors
    /// When it can't send. Nothing has changed then.
    fn send(
        &mut self,
        fresh: &mut impl FreshKeys<P>,
        observer: &mut impl Observer,
    ) -> Result<Sent<P>, SpqrError>;

    /// Reads the bytes of a message, empty if there were none, and finds its key. Walks along chains are paid from `work`;
    /// what costs much more than reading belongs into [`accept`](Self::accept), since anybody can send bytes.
    ///
    /// # Errors
    /// When the message can't be of this session.
    fn open(
        &self,
        bytes: &[u8],
        place: Place,
        work: &mut Work,
    ) -> Result<(Option<KeyOf<P>>, Self::Opened), SpqrError>;

    /// What an authentic message changes.
    ///
    /// # Errors
    /// When whoever made the message made it wrong.
    fn accept(&self, opened: Self::Opened) -> Result<Self::Step, SpqrError>;

    /// Carries out what [`accept`](Self::accept) found; `None` when the ratchet ends with it and the session goes on
    /// without. In its box, since what moves leaves a copy of its keys.
    fn apply(self: Box<Self>, step: Self::Step, observer: &mut impl Observer) -> Option<Box<Self>>;

    /// The classical ratchet does not keep this chain any more.
    fn forget_chain(&mut self, _chain: &PublicKey) {}

    /// Forgets the keys of messages that were passed over.
    fn forget_kept(&mut self) {}

    /// Whether a peer without it is refused, as [`Terms`] said.
    fn is_required(&self) -> bool;

    /// Where it stands, for those that are the sparse post-quantum ratchet.
    fn status(&self) -> Option<SpqrStatus> {
        None
    }

    /// At least the number of bytes that [`write`](Self::write) writes: a buffer that grows leaves copies of keys behind.
    fn size_bound(&self) -> usize;

    /// Appends what is to be stored.
    fn write(&self, stored: &mut Vec<u8>);

    /// Takes what [`write`](Self::write) appended from the front of stored bytes.
    ///
    /// # Errors
    /// When they are not that.
    fn read(stored: &mut &[u8]) -> Result<Self, RecordError>;
}

/// A message's part of the ratchet.
pub struct Sent<P: Provider> {
    /// What it carries.
    pub bytes: Vec<u8>,
    /// What is mixed into its keys.
    pub key: Option<KeyOf<P>>,
}

/// Which side of a session this is: whose messages go which way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// Sends as the one who opened the session.
    FromInitiator,
    /// Sends as the one who was written to.
    FromResponder,
}

impl Direction {
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::FromInitiator => Self::FromResponder,
            Self::FromResponder => Self::FromInitiator,
        }
    }
}

/// How a session uses the ratchet.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Which side this is.
    pub direction: Direction,
    /// Whether a peer without it is refused.
    pub required: bool,
}

/// Where a message comes in the classical ratchet.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The ratchet key of its chain.
    pub chain: PublicKey,
    /// Whether it is the first of all that are read in its session.
    pub is_first: bool,
    /// How many messages of its chain may be missing before it.
    pub jump: u32,
}
