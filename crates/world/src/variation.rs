//! What is different in one of two runs that are otherwise the same: a secret, whose it is, and another value.

use crate::record::Who;

/// A run whose parties are looked at: what each could see is kept, and businesses attach a note of their own to each
/// message (`biz_opaque_callback_data`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audit {
    /// What is different from the run of the same scenario and seed without it.
    pub variation: Option<Variation>,
}

/// One secret has another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    /// Which secret.
    pub secret: Secret,
    /// Whose it is.
    pub who: Who,
    /// Which other value: any number but 0.
    pub salt: u64,
}

/// What can be different and is not for everybody to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The letters of every text that a business or consumer writes, not how many.
    Text,
    /// How long each text is, within its bucket.
    Length,
    /// Which of a few answers, of different lengths within one bucket, a consumer picks.
    Choice,
    /// Whether a business's texts quote what they answer.
    Quote,
    /// A business's note to itself with each message.
    CallbackData,
    /// A business's access token.
    Token,
    /// The secret that a business's webhooks are signed with.
    AppSecret,
    /// What a business wants to hear in the handshake of its webhooks.
    VerifyToken,
    /// Where a business's webhooks go.
    Callback,
    /// A business's ids in the Graph API, and its names.
    GraphIds,
    /// Which consumer a business's messages go to: its neighbour gets them.
    Recipient,
    /// A consumer's number.
    Number,
    /// Whether a consumer looks at what arrives.
    Unseen,
    /// What a business's messages are declared as for the bill.
    BillingClass,
}

/// The fewest and the most bytes of a text whose length is a secret: they share a bucket.
const LENGTHS: (u32, u32) = (20, 150);

/// What a consumer can pick.
const ANSWERS: [&str; 4] = [
    "Yes, please, I will take it",
    "No, thank you",
    "Could somebody call me about this tomorrow morning?",
    "Where is my order? It was to be here by now",
];

impl Variation {
    /// The text that is written instead of `text`.
    pub(crate) fn text(&self, text: String) -> String {
        match self.secret {
            Secret::Text => text.chars().map(|letter| rotate(letter, self.salt)).collect(),
            Secret::Length => resized(text, self.salt),
            _ => text,
        }
    }
}

/// One of the answers that a consumer can pick.
pub(crate) fn answer(draw: u64, variation: Option<&Variation>) -> String {
    let shift = variation.map_or(0, |variation| variation.salt % (ANSWERS.len() as u64 - 1) + 1);
    let place = draw.wrapping_add(shift) % ANSWERS.len() as u64;
    let picked = usize::try_from(place).ok().and_then(|place| ANSWERS.get(place));
    picked.copied().unwrap_or_default().to_owned()
}

/// Another letter for each letter, never the same.
fn rotate(letter: char, salt: u64) -> char {
    let Some(place) = u8::try_from(letter).ok().and_then(|byte| byte.checked_sub(b'a')) else {
        return letter;
    };
    let shift = u8::try_from(salt % 25).unwrap_or(0) + 1;
    if place < 26 { char::from(b'a' + (place + shift) % 26) } else { letter }
}

/// The same text cut or drawn out to another length.
fn resized(text: String, salt: u64) -> String {
    let (least, most) = LENGTHS;
    let span = u64::from(most - least + 1);
    let place = (text.len() as u64).saturating_sub(u64::from(least)) + 1 + salt % (span - 1);
    let length = usize::try_from(u64::from(least) + place % span).unwrap_or(0);
    text.chars().chain(std::iter::repeat('x')).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(secret: Secret, salt: u64, text: &str) -> String {
        Variation { secret, who: Who::business(0), salt }.text(text.to_owned())
    }

    #[test]
    fn another_text_is_as_long_and_another_length_is_not() {
        let text = "a text of some length, neither short nor long";
        for salt in 1..200 {
            let other = varied(Secret::Text, salt, text);
            assert_eq!(other.len(), text.len());
            assert_ne!(other, text);
            let longer = varied(Secret::Length, salt, text);
            assert_ne!(longer.len(), text.len());
            assert!((20..=150).contains(&longer.len()));
            assert_eq!(varied(Secret::Token, salt, text), text);
            let pick = Variation { secret: Secret::Choice, who: Who::consumer(0), salt };
            assert_ne!(answer(salt, None), answer(salt, Some(&pick)));
        }
    }
}
