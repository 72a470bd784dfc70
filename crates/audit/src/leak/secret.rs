//! The secrets that can be asked about: what kind of text it was, who was answered, which choice somebody made …

use privacy::DataClass;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Something about each message that a principal may or may not learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// What kind of text a business sends.
    TextKind,
    /// The same, without kinds that are longer than the smallest bucket.
    ShortKind,
    /// How many bytes a text has.
    TextLength,
    /// Which of a few suggested replies a consumer picks.
    ReplyChoice,
    /// Which language a text is in.
    Language,
    /// Whether the consumer is online when written to.
    Presence,
    /// Whether the sender is told that a message was seen.
    Read,
}

/// There is no secret of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no secret `{0}`")]
pub struct UnknownSecret(pub String);

impl Secret {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TextKind,
        Self::ShortKind,
        Self::TextLength,
        Self::ReplyChoice,
        Self::Language,
        Self::Presence,
        Self::Read,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TextKind => "text_kind",
            Self::ShortKind => "short_kind",
            Self::TextLength => "text_length",
            Self::ReplyChoice => "reply_choice",
            Self::Language => "language",
            Self::Presence => "presence",
            Self::Read => "read",
        }
    }

    /// What it is, in a sentence.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::TextKind => "one-time code, notification, appointment, chat text or long support answer",
            Self::ShortKind => "the same without support answers: all fit the smallest bucket",
            Self::TextLength => "how many bytes a text has",
            Self::ReplyChoice => "which of four suggested replies the consumer picked",
            Self::Language => "in which of six languages a text is",
            Self::Presence => "whether the consumer was online when written to",
            Self::Read => "whether a message's sender was told that it was seen",
        }
    }

    /// The data class that the policy has it under.
    #[must_use]
    pub const fn class(self) -> DataClass {
        match self {
            Self::TextLength => DataClass::ContentSize,
            Self::Presence => DataClass::Timing,
            _ => DataClass::Content,
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Secret {
    type Err = UnknownSecret;

    fn from_str(name: &str) -> Result<Self, UnknownSecret> {
        Self::ALL
            .into_iter()
            .find(|secret| secret.name() == name)
            .ok_or_else(|| UnknownSecret(name.to_owned()))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
