//! How many messages a post-quantum epoch takes, by the pattern of the traffic.

use crate::conversation::{Conversation, Side};
use crate::draw::chance;
use crate::pair::START_S;
use crate::{Band, Error, Figure, Lab, Outcome, sweep};
use kernel::Rng;
use ratchet::Suite;

/// `spqr-epoch`.
pub(crate) const FIGURE: Figure = Figure {
    id: "spqr-epoch",
    title: "Messages per post-quantum epoch, by traffic pattern",
    source: "official library 0.103.0, measured",
    run,
};

struct Pattern {
    name: &'static str,
    /// How many messages each side sends before it is the other's turn.
    turns: [u32; 2],
    loss: f64,
    expected: f64,
    band: f64,
    /// How many epochs to measure: more where chance plays a part.
    epochs: (u64, u64),
}

/// What was published for 50 to 1 is the first epoch only. The next is longer, because the sides swap roles.
const FIFTY: Pattern = Pattern {
    name: "50 out to 1 in",
    turns: [50, 1],
    loss: 0.0,
    expected: 1786.0,
    band: 0.05,
    epochs: (4, 10),
};

const PATTERNS: [Pattern; 5] = [
    Pattern { name: "ping-pong", turns: [1, 1], loss: 0.0, expected: 87.0, band: 0.0, epochs: (6, 20) },
    Pattern { name: "bursts of 5", turns: [5, 5], loss: 0.0, expected: 95.0, band: 0.05, epochs: (6, 20) },
    Pattern {
        name: "bursts of 20",
        turns: [20, 20],
        loss: 0.0,
        expected: 140.0,
        band: 0.05,
        epochs: (6, 20),
    },
    Pattern {
        name: "ping-pong, 20 % loss",
        turns: [1, 1],
        loss: 0.2,
        expected: 111.0,
        band: 0.05,
        epochs: (20, 60),
    },
    Pattern { name: "9 out to 1 in", turns: [9, 1], loss: 0.0, expected: 375.0, band: 0.05, epochs: (6, 20) },
];

/// Messages after which a one-way conversation is said never to get anywhere.
const ONE_WAY: (u32, u32) = (2_000, 20_000);

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    for pattern in &PATTERNS {
        let epochs = lab.quick_or(pattern.epochs.0, pattern.epochs.1);
        let measured = epochs_of(pattern, epochs, &|name| lab.rng(name))?.mean();
        let band = Band::around(pattern.expected, pattern.band);
        let expected = format!("{} messages", pattern.expected);
        outcome.published(pattern.name, (measured, "messages"), expected, band);
    }
    let fifty = epochs_of(&FIFTY, lab.quick_or(FIFTY.epochs.0, FIFTY.epochs.1), &|name| lab.rng(name))?;
    let (first, mean) = ((fifty.first(), "messages"), (fifty.mean(), "messages"));
    outcome.published("50 out to 1 in, first epoch", first, "1786 messages", Band::around(1786.0, 0.05));
    let expected = "1,785 and 2,040 in turn";
    outcome.claimed("50 out to 1 in, mean of both roles", mean, expected, Band::around(1912.5, 0.05));
    let messages = lab.quick_or(ONE_WAY.0, ONE_WAY.1);
    let mut conversation = Conversation::new(Suite::Triple, "one-way", &|name| lab.rng(name))?;
    for _ in 0..messages {
        conversation.pass(Side::A, b"news")?;
    }
    let epochs = (conversation.sending_epoch as f64, "epochs");
    outcome.published(format!("one-way, {messages} messages"), epochs, "never: 0 epochs", Band::exactly(0.0));
    sweep::add(lab, &mut outcome)?;
    Ok(outcome)
}

/// How many messages were sent when a side first sent in each epoch, that message included.
struct Epochs(Vec<u32>);

impl Epochs {
    fn first(&self) -> f64 {
        self.0.first().copied().map_or(0.0, f64::from)
    }

    /// From one epoch to the next; what comes before the first is not counted.
    fn mean(&self) -> f64 {
        let last = self.0.last().copied().map_or(0.0, f64::from);
        (last - self.first()) / self.0.len().saturating_sub(1) as f64
    }
}

/// An epoch and as many more as `epochs` says.
fn epochs_of(pattern: &Pattern, epochs: u64, rng: &dyn Fn(&str) -> Rng) -> Result<Epochs, Error> {
    let mut conversation = Conversation::new(Suite::Triple, pattern.name, rng)?;
    let mut losses = rng(&format!("{}/loss", pattern.name));
    let (mut began, mut epoch) = (Vec::new(), 0);
    while epoch <= epochs {
        for (side, turns) in [Side::A, Side::B].into_iter().zip(pattern.turns) {
            for _ in 0..turns {
                let message = conversation.send(side, b"hello", START_S)?;
                if conversation.sending_epoch > epoch {
                    epoch = conversation.sending_epoch;
                    began.push(conversation.sent);
                }
                // Who never heard of a session can't answer in it.
                let first = conversation.sent == 1;
                if first || !chance(&mut losses, pattern.loss) {
                    conversation.deliver(side, &message)?;
                }
            }
        }
    }
    Ok(Epochs(began))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_taken_for_another_is_out_of_its_band() {
        let lab = Lab::new(1);
        let [ping_pong, bursts, ..] = &PATTERNS;
        let measured = epochs_of(bursts, 4, &|name| lab.rng(name)).unwrap().mean();
        assert!(Band::around(bursts.expected, bursts.band).contains(measured), "{measured}");
        assert!(!Band::around(ping_pong.expected, ping_pong.band).contains(measured), "{measured}");
    }
}
