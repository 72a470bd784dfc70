//! How post-quantum healing depends on how a business and its customers write to each other.
//!
//! One business, one consumer, in virtual time. The business sends a message a day. The consumer reads when it is
//! online and answers one of so many messages that it reads. Any message may be lost.

use crate::conversation::{Conversation, Side};
use crate::draw::chance;
use crate::pair::START_S;
use crate::{Axis, Error, Lab, Outcome, Surface};
use kernel::Rng;
use ratchet::{Ciphertext, Suite};

const DAY_S: u64 = 24 * 3600;

/// After how long without an answer a session is opened anew, in days: what the engine does with sessions that were
/// never answered.
const SILENCE_DAYS: u64 = 30;

/// When a session is opened anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Renewal {
    /// After 30 days, if it was never answered: as deployed.
    NeverAnswered,
    /// After 30 days without an answer, even if there were answers before.
    Silent,
}

#[derive(Debug, Clone, Copy)]
struct Habits {
    /// Messages out for one message in; `None`: nobody answers.
    ratio: Option<u32>,
    loss: f64,
    /// The consumer is online once in so many days.
    offline_days: u64,
    renewal: Renewal,
    messages: u32,
}

/// The axes of the sweep.
struct Grid {
    ratios: &'static [Option<u32>],
    losses: &'static [f64],
    offline_days: &'static [u64],
    messages: u32,
}

const QUICK: Grid =
    Grid { ratios: &[Some(1), Some(9), None], losses: &[0.0], offline_days: &[0, 7], messages: 600 };

const FULL: Grid = Grid {
    ratios: &[Some(1), Some(2), Some(5), Some(9), Some(20), Some(50), Some(100), None],
    losses: &[0.0, 0.05, 0.2],
    offline_days: &[0, 7, 30],
    messages: 6000,
};

/// Adds the surfaces of the sweep.
pub(crate) fn add(lab: &mut Lab, outcome: &mut Outcome) -> Result<(), Error> {
    let grid = if lab.quick { QUICK } else { FULL };
    let mut cells = Vec::new();
    for renewal in [Renewal::NeverAnswered, Renewal::Silent] {
        for &offline_days in grid.offline_days {
            for &loss in grid.losses {
                for &ratio in grid.ratios {
                    cells.push(Habits { ratio, loss, offline_days, renewal, messages: grid.messages });
                }
            }
        }
    }
    let seed = lab.seed;
    let results = lab.for_each("sweep", &cells, |habits| messages_per_healing(seed, habits));
    let results = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut values = results.chunks(grid.ratios.len()).map(<[_]>::to_vec);
    for renewal in ["never answered", "silent"] {
        for offline in grid.offline_days {
            outcome.surfaces.push(Surface {
                title: format!(
                    "Messages between post-quantum healings; consumer online {}; sessions opened anew after \
                     {SILENCE_DAYS} days if {renewal}",
                    if *offline == 0 { "always".into() } else { format!("every {offline} days") },
                ),
                x: Axis {
                    label: "messages out for one in".into(),
                    ticks: grid
                        .ratios
                        .iter()
                        .map(|ratio| ratio.map_or("∞".into(), |r| r.to_string()))
                        .collect(),
                },
                y: Axis {
                    label: "messages lost, %".into(),
                    ticks: grid.losses.iter().map(|loss| (100.0 * loss).to_string()).collect(),
                },
                z: "messages".into(),
                values: values.by_ref().take(grid.losses.len()).collect(),
            });
        }
    }
    outcome.note(format!(
        "The sweep: one message a day to one consumer, {} messages in each cell; `None` where none of them healed.",
        grid.messages,
    ));
    Ok(())
}

/// Messages for each new epoch or new session; `None` if there was neither.
fn messages_per_healing(seed: u64, habits: &Habits) -> Result<Option<f64>, Error> {
    let name = format!("sweep/{habits:?}");
    let rng = |part: &str| Rng::for_entity(&kernel::Seed::from_number(seed), part);
    let mut life = Life {
        habits: *habits,
        conversation: Conversation::new(Suite::Triple, &name, &rng)?,
        losses: rng(&format!("{name}/loss")),
        inbox: Vec::new(),
        unanswered: 0,
        heard_s: START_S,
        healings: 0,
    };
    let mut day = 0;
    while life.conversation.sent < habits.messages {
        life.day(START_S + day * DAY_S, habits.offline_days == 0 || day % habits.offline_days == 0)?;
        day += 1;
    }
    Ok((life.healings > 0).then(|| f64::from(life.conversation.sent) / f64::from(life.healings)))
}

struct Life {
    habits: Habits,
    conversation: Conversation,
    losses: Rng,
    inbox: Vec<Ciphertext>,
    /// Messages that the consumer has read since it last answered.
    unanswered: u32,
    /// When the business last heard something.
    heard_s: u64,
    healings: u32,
}

impl Life {
    fn day(&mut self, now_s: u64, online: bool) -> Result<(), Error> {
        let silent = now_s.saturating_sub(self.heard_s) > SILENCE_DAYS * DAY_S;
        let renew = self.habits.renewal == Renewal::Silent && silent;
        if renew || !self.conversation.can_send(now_s) {
            self.conversation.initiate(now_s)?;
            self.healings += 1;
            self.heard_s = now_s;
        }
        let message = self.send(Side::A, now_s)?;
        self.inbox.extend(message);
        if online {
            for message in std::mem::take(&mut self.inbox) {
                self.conversation.deliver(Side::A, &message)?;
                self.unanswered += 1;
                if self.habits.ratio.is_some_and(|ratio| self.unanswered >= ratio) {
                    self.unanswered = 0;
                    if let Some(answer) = self.send(Side::B, now_s)? {
                        self.conversation.deliver(Side::B, &answer)?;
                        self.heard_s = now_s;
                    }
                }
            }
        }
        Ok(())
    }

    /// `None` if it is lost.
    fn send(&mut self, from: Side, now_s: u64) -> Result<Option<Ciphertext>, Error> {
        let epoch = self.conversation.sending_epoch;
        let message = self.conversation.send(from, b"hello", now_s)?;
        self.healings += u32::from(self.conversation.sending_epoch > epoch);
        Ok((!chance(&mut self.losses, self.habits.loss)).then_some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn habits(ratio: Option<u32>, renewal: Renewal) -> Habits {
        Habits { ratio, loss: 0.0, offline_days: 0, renewal, messages: 400 }
    }

    #[test]
    fn alternation_heals_once_in_87_messages_and_nobody_at_the_other_end_once_a_month() {
        let measured = |ratio| messages_per_healing(1, &habits(ratio, Renewal::NeverAnswered)).unwrap();
        assert!((80.0..110.0).contains(&measured(Some(1)).unwrap()));
        assert!((30.0..33.5).contains(&measured(None).unwrap()));
    }

    #[test]
    fn one_early_answer_stops_healing_unless_silence_renews() {
        // At 20 to 1 the first answer comes before the thirtieth day, and an epoch takes some 780 messages.
        let measured = |renewal| messages_per_healing(1, &habits(Some(20), renewal)).unwrap();
        assert_eq!(measured(Renewal::NeverAnswered), None);
        assert_eq!(measured(Renewal::Silent), None, "never silent for 30 days");
        assert!(messages_per_healing(1, &habits(Some(100), Renewal::Silent)).unwrap().is_some());
    }
}
