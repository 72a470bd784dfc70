//! What businesses write, by kind: how long such a text is, and how it is answered. A model.

use super::draw::{between, bytes, limited, percent, span};
use figures::language::Writer;
use kernel::Rng;
use std::time::Duration;

/// The longest text that fits the smallest bucket. A ciphertext of 256 bytes has room for 254 bytes of content; the
/// message's name, its time and the fields around the text take 46.
pub(super) const SHORT: u32 = 200;

/// The longest text that the API takes, if each character is a byte.
const LONG: u32 = 4096;

/// A kind of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    Notification,
    Appointment,
    Chat,
    Support,
}

impl Kind {
    /// With how many of twenty texts are of it.
    pub(super) const ALL: [(Self, u32); 5] = [
        (Self::Code, 4),
        (Self::Notification, 5),
        (Self::Appointment, 3),
        (Self::Chat, 5),
        (Self::Support, 3),
    ];

    /// Likewise, of those that fit the smallest bucket.
    pub(super) const SHORT: [(Self, u32); 4] =
        [(Self::Code, 4), (Self::Notification, 5), (Self::Appointment, 3), (Self::Chat, 5)];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Code => "one-time code",
            Self::Notification => "notification",
            Self::Appointment => "appointment",
            Self::Chat => "chat text",
            Self::Support => "support answer",
        }
    }

    /// The bytes of a text. Of short kinds none is longer than the smallest bucket.
    pub(super) fn bytes(self, rng: &mut Rng, writer: &Writer, short: bool) -> u32 {
        let most = if short { SHORT } else { LONG };
        match self {
            Self::Code => between(rng, 52, 68),
            Self::Notification => bytes(rng, 110, 190, SHORT),
            Self::Appointment => between(rng, 90, 150),
            Self::Chat => limited(writer.text(rng).len() as u64, most),
            Self::Support => bytes(rng, 420, 1300, LONG),
        }
    }

    /// How the consumer answers, if so: after how long, and how many bytes.
    pub(super) fn answer(self, rng: &mut Rng, writer: &Writer) -> Option<(Duration, u32)> {
        let (likely, median_s, p99_s) = match self {
            Self::Code => return None,
            Self::Notification => (5, 120, 600),
            Self::Appointment => (60, 60, 480),
            Self::Chat => (80, 15, 180),
            Self::Support => (50, 40, 400),
        };
        percent(rng, likely).then(|| {
            let bytes =
                if self == Self::Appointment { 3 } else { limited(writer.text(rng).len() as u64, SHORT) };
            (span(rng, median_s, p99_s), bytes)
        })
    }
}
