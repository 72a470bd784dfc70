//! Who says something to whom, when, and how much. The same for both crypto modes: it knows no party's state.

use crate::draws::{Draws, Purpose};
use crate::engine::Agenda;
use crate::plan::{Answering, Plan, Stream, Volume};
use crate::record::Who;
use kernel::Time;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Stands for "an answer" where an entry of the scenario's traffic is named.
pub const ANSWER: u16 = u16::MAX;

/// A person or business has something to say now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saying {
    pub(crate) from: Who,
    pub(crate) to: Who,
    pub(crate) bytes: u32,
    pub(crate) stream: u16,
}

/// What makes somebody say something.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Spark {
    /// A source of this lane has another conversation to begin.
    Begin(u16),
    /// The sender of a conversation has another message in it.
    GoOn { stream: u16, from: Who, to: Who, left: u32 },
    /// Somebody answers.
    Answer { from: Who, to: Who, bytes: u32 },
}

/// What makes the senders of one lane speak.
pub(crate) struct Traffic {
    sources: Vec<Source>,
}

/// One entry of the scenario's traffic, as far as its senders are in this lane.
struct Source {
    stream: u16,
    /// The senders in this lane.
    senders: Vec<u32>,
    draws: Draws,
    /// The next recipient of a burst, or row of a replay.
    next: usize,
    /// Which burst.
    burst: u32,
}

/// An answer to a text.
pub(crate) struct Answer {
    pub(crate) after: Duration,
    pub(crate) bytes: u32,
}

impl Saying {
    /// A text that no traffic of the scenario asks for.
    pub(crate) fn of_text(from: Who, to: Who, text: &str) -> Self {
        Self { from, to, bytes: u32::try_from(text.len()).unwrap_or(u32::MAX), stream: ANSWER }
    }
}

impl Answer {
    /// Whether somebody answers, when and how much.
    pub(crate) fn draw(reply: &Answering, draws: &mut Draws) -> Option<Self> {
        if reply.probability.is_zero() || !reply.probability.happens(draws.next()) {
            return None;
        }
        let after = reply.delay.sample(&mut || draws.next());
        Some(Self { after, bytes: size(&reply.size, draws) })
    }
}

impl Spark {
    pub(crate) const fn answer(from: Who, to: Who, bytes: u32) -> Self {
        Self::Answer { from, to, bytes }
    }
}

impl Traffic {
    pub(crate) fn new(plan: &Plan, lane: u32) -> Self {
        let sources = plan.streams().iter().filter_map(|stream| {
            let senders: Vec<u32> = plan.senders(stream, lane).collect();
            let id = u64::from(stream.index) << 32 | u64::from(lane);
            let draws = plan.origin().draws(Purpose::Traffic, 1 << 63 | id);
            (!senders.is_empty()).then_some(Source {
                stream: stream.index,
                senders,
                draws,
                next: 0,
                burst: 0,
            })
        });
        Self { sources: sources.collect() }
    }

    /// When each source begins its first conversation.
    pub(crate) fn begin(&mut self, plan: &Plan, mut at: impl FnMut(Time, Spark)) {
        for (index, source) in self.sources.iter_mut().enumerate() {
            if let Some(time) = source.first(plan) {
                at(time, Spark::Begin(u16::try_from(index).unwrap_or(u16::MAX)));
            }
        }
    }

    /// A spark: what is said now, and on the agenda what comes of it.
    pub(crate) fn happen<E: From<Spark>>(
        &mut self,
        plan: &Plan,
        spark: Spark,
        agenda: &mut Agenda<'_, E>,
    ) -> Option<Saying> {
        match spark {
            Spark::Begin(index) => {
                let source = self.sources.get_mut(usize::from(index))?;
                let (conversation, next) = source.conversation(plan, agenda.now());
                if let Some(next) = next {
                    agenda.at(next, Spark::Begin(index).into());
                }
                let (from, to, bytes) = conversation?;
                let stream = plan.stream(source.stream)?;
                let left = stream.turns(&mut source.draws).saturating_sub(1);
                let bytes = bytes.unwrap_or_else(|| size(&stream.size, &mut source.draws));
                source.go_on(stream, from, to, left, agenda);
                Some(Saying { from, to, bytes, stream: stream.index })
            }
            Spark::GoOn { stream, from, to, left } => {
                let source = self.sources.iter_mut().find(|source| source.stream == stream)?;
                let stream = plan.stream(stream)?;
                let bytes = size(&stream.size, &mut source.draws);
                source.go_on(stream, from, to, left.saturating_sub(1), agenda);
                Some(Saying { from, to, bytes, stream: stream.index })
            }
            Spark::Answer { from, to, bytes } => Some(Saying { from, to, bytes, stream: ANSWER }),
        }
    }
}

type Conversation = Option<(Who, Who, Option<u32>)>;

impl Source {
    fn first(&mut self, plan: &Plan) -> Option<Time> {
        let stream = plan.stream(self.stream)?;
        match &stream.volume {
            Volume::Poisson { .. } => Some(self.poisson(plan, stream, plan.traffic_begins())),
            Volume::Bursts { .. } => self.next_of_burst(plan, stream, plan.traffic_begins()),
            Volume::Replay(rows) => self.next_row(plan, stream, rows).map(|(_, at)| at),
        }
        .filter(|at| *at < plan.traffic_ends())
    }

    /// Who talks to whom now, and when the next conversation begins.
    fn conversation(&mut self, plan: &Plan, now: Time) -> (Conversation, Option<Time>) {
        let Some(stream) = plan.stream(self.stream) else { return (None, None) };
        let (conversation, next) = match &stream.volume {
            Volume::Poisson { .. } => {
                // Thinning: candidates come at the highest rate of the day.
                let weight = stream.day_weight(plan.local_hour(stream, now));
                let happens = weight.happens(self.draws.next());
                let conversation = if happens { self.pair(plan, stream) } else { None };
                (conversation, Some(self.poisson(plan, stream, now)))
            }
            Volume::Bursts { .. } => {
                let recipient = plan.recipient_of_burst(stream, self.next, &self.senders);
                self.next += 1;
                let conversation = recipient.map(|(from, to)| (from, to, None));
                (conversation, self.next_of_burst(plan, stream, now))
            }
            Volume::Replay(rows) => {
                let row = self.next_row(plan, stream, rows).map(|(row, _)| row);
                self.next += 1;
                let conversation = row.map(|row| {
                    let from = Who::new(stream.from_kind, plan.sender_of(stream, row));
                    (from, stream.recipient_of(row), Some(row.bytes))
                });
                (conversation, self.next_row(plan, stream, rows).map(|(_, at)| at))
            }
        };
        (conversation, next.filter(|next| *next < plan.traffic_ends()))
    }

    fn go_on<E: From<Spark>>(
        &mut self,
        stream: &Stream,
        from: Who,
        to: Who,
        left: u32,
        agenda: &mut Agenda<'_, E>,
    ) {
        if left > 0 {
            let gap = stream.gap.sample(&mut || self.draws.next());
            agenda.after(gap, Spark::GoOn { stream: stream.index, from, to, left }.into());
        }
    }

    /// The next candidate of a Poisson process, shared by the senders of this lane.
    fn poisson(&mut self, plan: &Plan, stream: &Stream, now: Time) -> Time {
        let per_second = plan.peak_rate(stream, self.senders.len());
        now + scenario::exponential(per_second, self.draws.next())
    }

    fn pair(&mut self, plan: &Plan, stream: &Stream) -> Conversation {
        let count = u32::try_from(self.senders.len()).unwrap_or(u32::MAX);
        let sender = usize::try_from(self.draws.below(count)).unwrap_or(0);
        let from = Who::new(stream.from_kind, *self.senders.get(sender)?);
        let to = plan.recipient(stream, from, &mut self.draws)?;
        Some((from, to, None))
    }

    fn next_of_burst(&mut self, plan: &Plan, stream: &Stream, now: Time) -> Option<Time> {
        let recipients = plan.recipients_of_burst(stream, &self.senders);
        if self.next >= recipients {
            self.next = 0;
            self.burst += 1;
        }
        let (begins, within) = plan.burst(stream, self.burst)?;
        // Evenly over the burst, each at a moment of its own slot.
        let slot = within.checked_div(u32::try_from(recipients).ok()?)?;
        let slots = u32::try_from(self.next).ok()?;
        let micros = u32::try_from(slot.as_micros()).unwrap_or(u32::MAX);
        let at =
            begins + slot.saturating_mul(slots) + Duration::from_micros(u64::from(self.draws.below(micros)));
        Some(at.max(now))
    }

    fn next_row<'a>(
        &mut self,
        plan: &Plan,
        stream: &Stream,
        rows: &'a [scenario::ReplayRow],
    ) -> Option<(&'a scenario::ReplayRow, Time)> {
        while let Some(row) = rows.get(self.next) {
            if self.senders.binary_search(&plan.sender_of(stream, row)).is_ok() {
                return Some((row, plan.traffic_begins() + row.at));
            }
            self.next += 1;
        }
        None
    }
}

/// How many bytes a text has: at least one.
fn size(sizes: &scenario::Sampler<scenario::Bytes>, draws: &mut Draws) -> u32 {
    u32::try_from(sizes.sample(&mut || draws.next())).unwrap_or(u32::MAX).clamp(1, 4096)
}
