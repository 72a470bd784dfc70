//! What happened, as a party that sees no content could have noted it: when, where, what, how many bytes.

use bytes::Bytes;
use kernel::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Who is in a run. Small, so that millions of records name two each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Who(u32);

/// A party by kind and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A transport relay.
    Relay,
    /// A Cloud API node.
    Node,
    /// A business's phone number, and its server.
    Business,
    /// A consumer's app.
    Consumer,
}

const KIND_SHIFT: u32 = 28;

impl Who {
    /// The `index`th party of a kind, from 0 to 2²⁸ - 1.
    #[must_use]
    pub const fn new(kind: Kind, index: u32) -> Self {
        let kind = match kind {
            Kind::Relay => 0,
            Kind::Node => 1,
            Kind::Business => 2,
            Kind::Consumer => 3,
        };
        Self(kind << KIND_SHIFT | index & ((1 << KIND_SHIFT) - 1))
    }

    /// A relay.
    #[must_use]
    pub const fn relay(index: u32) -> Self {
        Self::new(Kind::Relay, index)
    }

    /// A node.
    #[must_use]
    pub const fn node(index: u32) -> Self {
        Self::new(Kind::Node, index)
    }

    /// A business's number.
    #[must_use]
    pub const fn business(index: u32) -> Self {
        Self::new(Kind::Business, index)
    }

    /// A consumer.
    #[must_use]
    pub const fn consumer(index: u32) -> Self {
        Self::new(Kind::Consumer, index)
    }

    /// The party that [`as_u32`](Self::as_u32) gave this for.
    pub(crate) const fn from_u32(number: u32) -> Self {
        Self(number)
    }

    /// What it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self.0 >> KIND_SHIFT {
            0 => Kind::Relay,
            1 => Kind::Node,
            2 => Kind::Business,
            _ => Kind::Consumer,
        }
    }

    /// Its number among its kind.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 & ((1 << KIND_SHIFT) - 1)
    }

    /// Kind and number in one integer.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

impl Kind {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Node => "node",
            Self::Business => "business",
            Self::Consumer => "consumer",
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind().name(), self.index())
    }
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds = [Kind::Relay, Kind::Node, Kind::Business, Kind::Consumer];
        let parsed = text.split_once('/').and_then(|(name, index)| {
            let kind = kinds.into_iter().find(|kind| kind.name() == name)?;
            let index: u32 = index.parse().ok().filter(|index| *index < 1 << KIND_SHIFT)?;
            Some(Self::new(kind, index))
        });
        parsed.ok_or_else(|| format!("`{text}` is no party; write relay/0, node/0, business/0 or consumer/0"))
    }
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum What { $($(#[$doc])* $name,)* }

        impl What {
            /// Everything that can happen.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

whats! {
    /// A party has power, and what is on its disk.
    Start = "start",
    /// A party loses power, or its disk refuses a transaction.
    Stop = "stop",
    /// A connection to the relay is up, as this party sees it.
    Up = "up",
    /// A connection to the relay is gone, as this party sees it.
    Down = "down",
    /// Nobody answered at the relay.
    Refused = "refused",
    /// A frame arrives at the relay.
    Hello = "hello",
    /// Keys for the relay's directory.
    Publish = "publish",
    /// Asks the relay for a prekey bundle.
    FetchBundle = "fetch-bundle",
    /// An envelope for the relay to deliver.
    Submit = "submit",
    /// The endpoint has its inbox up to there.
    Acknowledge = "acknowledge",
    /// A frame arrives at an endpoint.
    Welcome = "welcome",
    /// The directory has the keys.
    Published = "published",
    /// A prekey bundle.
    Bundle = "bundle",
    /// The relay has submissions up to there.
    Accepted = "accepted",
    /// An envelope out of the inbox.
    Deliver = "deliver",
    /// A receipt out of the inbox.
    Receipt = "receipt",
    /// One-time prekeys run low.
    PrekeysLow = "prekeys-low",
    /// The totals of the node's businesses.
    Metering = "metering",
    /// The relay refuses something.
    Rejected = "rejected",
    /// A request of a business arrives at the node.
    Request = "request",
    /// The node's answer arrives at the business.
    Response = "response",
    /// A webhook arrives at the business.
    Webhook = "webhook",
    /// The business's answer arrives at the node.
    WebhookAnswer = "webhook-answer",
    /// A person writes a text.
    Say = "say",
    /// The app shows a text.
    Show = "show",
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Time,
    /// Where.
    pub party: Who,
    /// Who is at the other end.
    pub peer: Who,
    /// What.
    pub what: What,
    /// How many bytes arrived, framing included; of texts the bytes of UTF-8.
    pub bytes: u32,
}

/// Something that went over a link between an endpoint and its relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTheWire {
    /// What the trace says of it.
    pub record: Record,
    /// The frame, with its length and version; nothing for a handshake, which is only counted.
    pub frame: Bytes,
}

/// A running hash over what happens in one lane: each block is hashed with the hash of those before it, so that it
/// can be saved and gone on with at any point.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Trace {
    before: [u8; 32],
    block: Vec<u8>,
}

/// How long a block gets before it is hashed.
const BLOCK: usize = 4096;

impl Trace {
    /// Adds a record.
    pub(crate) fn add(&mut self, record: &Record) {
        self.block.extend_from_slice(&record.at.as_micros().to_be_bytes());
        self.block.extend_from_slice(&record.party.0.to_be_bytes());
        self.block.extend_from_slice(&record.peer.0.to_be_bytes());
        self.block.push(record.what as u8);
        self.block.extend_from_slice(&record.bytes.to_be_bytes());
        self.hash_full_block();
    }

    /// Adds bytes, such as a frame's, with their length: no two traces run into the same bytes.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.block.extend_from_slice(bytes);
        self.hash_full_block();
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.before).chain_update(&self.block).finalize().into()
    }

    fn hash_full_block(&mut self) {
        if self.block.len() >= BLOCK {
            self.before = self.hash();
            self.block.clear();
        }
    }
}
