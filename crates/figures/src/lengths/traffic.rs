//! Messages of all kinds and languages, and how long they are on the wire.

use crate::Error;
use crate::conversation::{Conversation, Side};
use crate::draw::{log_normal, rounded, summed, weighted};
use crate::error::OrFailed;
use crate::language::Writer;
use crate::pair::START_S;
use content::{Body, Content, MessageId, Padding, pad, unpad};
use kernel::Rng;
use ratchet::Suite;

/// The other side answers every tenth message.
const ANSWER_AFTER: usize = 10;

/// What an observer may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// The length of the plaintext, as with a counter mode: what the paper's observer of iMessage had.
    Exact,
    /// The real ciphertext of the plaintext without padding, suite `pqxdh`: the cipher's blocks of 16 bytes.
    Blocks,
    /// The same in suite `triple`: some messages carry a chunk of the post-quantum ratchet, 33 bytes or a little more.
    Chunks,
    /// The real ciphertext of what is really sent: suite `triple`, padded to buckets.
    Buckets,
}

impl Wire {
    pub(super) const ALL: [Self; 4] = [Self::Exact, Self::Blocks, Self::Chunks, Self::Buckets];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact length",
            Self::Blocks => "pqxdh without padding",
            Self::Chunks => "triple without padding",
            Self::Buckets => "triple with buckets",
        }
    }
}

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Read,
    Reaction,
    Location,
    Contact,
    Image,
}

impl Kind {
    /// With the share of the traffic that it has: a model.
    pub(super) const ALL: [(Self, f64); 6] = [
        (Self::Text, 0.50),
        (Self::Read, 0.40),
        (Self::Reaction, 0.03),
        (Self::Location, 0.01),
        (Self::Contact, 0.01),
        (Self::Image, 0.05),
    ];

    /// Text and read receipt as they are; a kind to come as random bytes of a length that is a model: a reaction has
    /// an emoji and names a message, an image has key, digest and URL besides a small preview.
    fn content(self, rng: &mut Rng, writer: &Writer) -> Result<Vec<u8>, Error> {
        let length = match self {
            Self::Text => return encoded(Body::text(writer.text(rng)), rng),
            Self::Read => {
                let more = summed([0.8, 0.1, 0.06, 0.04].into_iter());
                let ids = (0..=weighted(rng, &more)).map(|_| MessageId::from_random(&rng.bytes::<16>()));
                let body = Body::Read(ids.collect());
                return encoded(body, rng);
            }
            Self::Reaction => 44 + 34 + 4 + rounded(log_normal(rng, 4.0, 0.4)),
            Self::Location => 44 + 18 + rounded(log_normal(rng, 40.0, 0.6)),
            Self::Contact => 44 + rounded(log_normal(rng, 180.0, 0.3)),
            Self::Image => 44 + 190 + rounded(log_normal(rng, 1500.0, 0.5)),
        };
        let mut bytes = vec![0; length];
        bytes.iter_mut().for_each(|byte| *byte = rng.bytes::<1>()[0]);
        Ok(bytes)
    }
}

/// What an observer learns of a message, and what is true of it.
pub(super) struct Seen<T> {
    /// For each of [`Wire::ALL`].
    pub(super) lengths: [usize; 4],
    pub(super) truth: T,
}

/// A pair of phones whose messages are watched.
pub(super) struct Phones {
    rng: Rng,
    blocks: Conversation,
    chunks: Conversation,
    buckets: Conversation,
    sent: usize,
}

impl Phones {
    pub(super) fn new(name: &str, rng: &dyn Fn(&str) -> Rng) -> Result<Self, Error> {
        let conversation = |suite, wire: Wire| -> Result<Conversation, Error> {
            let name = format!("{name}/{}", wire.name());
            let mut conversation = Conversation::new(suite, &name, rng)?;
            // First messages are another matter: the key agreement is in them.
            conversation.pass(Side::A, b"hello")?;
            conversation.pass(Side::B, b"hello")?;
            Ok(conversation)
        };
        Ok(Self {
            rng: rng(&format!("{name}/texts")),
            blocks: conversation(Suite::Pqxdh, Wire::Blocks)?,
            chunks: conversation(Suite::Triple, Wire::Chunks)?,
            buckets: conversation(Suite::Triple, Wire::Buckets)?,
            sent: 0,
        })
    }

    /// A text, and how many characters it has.
    pub(super) fn text(&mut self, writer: &Writer) -> Result<Seen<usize>, Error> {
        let text = writer.text(&mut self.rng);
        let characters = text.chars().count();
        let plaintext = encoded(Body::text(text), &mut self.rng)?;
        Ok(Seen { lengths: self.lengths(&plaintext)?, truth: characters })
    }

    /// A message of any kind; the kind by its place in [`Kind::ALL`].
    pub(super) fn any(&mut self, writer: &Writer) -> Result<Seen<usize>, Error> {
        let shares = summed(Kind::ALL.into_iter().map(|(_, share)| share));
        let at = weighted(&mut self.rng, &shares);
        let kind = Kind::ALL.get(at).map_or(Kind::Text, |(kind, _)| *kind);
        let plaintext = kind.content(&mut self.rng, writer)?;
        Ok(Seen { lengths: self.lengths(&plaintext)?, truth: at })
    }

    fn lengths(&mut self, plaintext: &[u8]) -> Result<[usize; 4], Error> {
        self.sent += 1;
        let answered = self.sent.is_multiple_of(ANSWER_AFTER);
        let padded = pad(plaintext, Padding::Bucket).or_failed("padding")?;
        let send = |conversation: &mut Conversation, plaintext: &[u8]| -> Result<usize, Error> {
            let message = conversation.pass(Side::A, plaintext)?;
            if answered {
                conversation.pass(Side::B, b"answer")?;
            }
            Ok(message.bytes.len())
        };
        Ok([
            plaintext.len(),
            send(&mut self.blocks, plaintext)?,
            send(&mut self.chunks, plaintext)?,
            send(&mut self.buckets, &padded)?,
        ])
    }
}

/// As it is sent, but for the padding.
fn encoded(body: Body, rng: &mut Rng) -> Result<Vec<u8>, Error> {
    let message_id = MessageId::from_random(&rng.bytes::<16>());
    let padded = Content::new(message_id, START_S, body).to_plaintext().or_failed("padding")?;
    Ok(unpad(&padded).or_failed("taking padding away")?.to_vec())
}
