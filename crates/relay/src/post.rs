//! A shard's side of the numbered queues between it and each other shard.
//!
//! Out: letters count from 1 without gaps, are rows of the transaction that causes them, and stay until the other shard
//! says that it has taken them; what it doesn't take in time goes out again. In: a letter is taken in the transaction
//! that does what it says, with the cursor up to which the other's letters are taken; so one that comes twice is done
//! once. It is the mechanism that endpoints and relay have between them ([`crate::inbox`]), names of positions included: of
//! two shards of which one was put back to an older copy, or is empty, one finds out by the first letter or by what is said
//! of it. What is missing then neither has, so nothing more goes between them, and whoever operates the relay is told.
//!
//! Nothing here grows because another shard is away: frames that would add to a full queue of requests are not
//! accepted, and requests are not taken while a queue of responses is full ([`Post::has_room`]). Only confirmations are
//! always written: each takes the place of an envelope in an inbox.

use crate::letter::{Channel, Letter};
use crate::proto;
use crate::rows::{LETTERS, SHARDS, letters_key, read_letters_key, read_shard, shard_key};
use crate::shards::{Shard, Shards};
use kernel::{RestoreError, Row, Step, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use wire::Position;

/// How long a letter may be on its way before it goes out again; twice as long each time, if none gets there.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest that it becomes.
const LONGEST_PATIENCE: Duration = Duration::from_secs(16);

/// What goes from one shard to another. It may be lost, doubled, late and out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Which shard says it.
    pub from: Shard,
    /// Which shard it is for.
    pub to: Shard,
    /// Which queue it is about: of letters of this kind, from either to the other.
    pub channel: Channel,
    /// What it is.
    pub item: MailItem,
}

/// What shards say to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailItem {
    /// A letter from `from` to `to`.
    Letter {
        /// Behind it in the queue, in which the first has number 1.
        position: Position,
        /// When this copy of it was sent.
        sent: Time,
        /// The letter.
        letter: Letter,
    },
    /// Letters from `to` to `from` are durable there, with all that they caused.
    Taken {
        /// Behind the last one.
        through: Position,
        /// When the letter was sent that this answers.
        answers: Time,
    },
}

/// Everything between this shard and the others.
pub(crate) struct Post {
    this: Shard,
    max_letters: usize,
    others: BTreeMap<Shard, Other>,
    /// Found out since it was last asked: a shard that has another past.
    misfit: Option<Shard>,
}

/// The queues between this shard and another one.
#[derive(Default)]
struct Other {
    revision: u64,
    /// It has another past than this shard: nothing goes to it, and nothing is taken.
    is_misfit: bool,
    requests: Queue,
    responses: Queue,
}

/// Letters of one kind, both ways.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Position, Letter)>,
    acknowledged: Position,
    /// When that was; `None` since before this shard started.
    acknowledged_at: Option<Time>,
    /// When those that wait go out again.
    again: Option<Time>,
    /// How often they have, since the last one got there.
    repeated: u32,
    /// Up to here the other's letters have been taken.
    taken: Position,
}

impl Post {
    pub(crate) fn new(shards: Shards, max_letters: usize) -> Self {
        Self { this: shards.this(), max_letters, others: BTreeMap::new(), misfit: None }
    }

    pub(crate) fn restore_shard(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::ShardRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let other = self.others.entry(read_shard(row)?).or_default();
        other.revision = row.at;
        let position = |sequence, name| Position { sequence, name };
        other.requests.acknowledged =
            position(stored.requests_acknowledged_through, stored.requests_acknowledged_name);
        other.requests.taken = position(stored.requests_taken_through, stored.requests_taken_name);
        other.responses.acknowledged =
            position(stored.responses_acknowledged_through, stored.responses_acknowledged_name);
        other.responses.taken = position(stored.responses_taken_through, stored.responses_taken_name);
        Ok(())
    }

    /// A letter that the other shard may not have goes out again as soon as this one is awake.
    pub(crate) fn restore_letter(&mut self, row: &Row) -> Result<(), RestoreError> {
        let (shard, channel) = read_letters_key(row)?;
        let queue = self.others.entry(shard).or_default().queue(channel);
        // The row of the queue's position has been read: it is in the table before.
        let position = queue.last().then_bytes(&row.value);
        if position.sequence != row.at {
            return Err(RestoreError::new(row, "a letter is missing before it"));
        }
        queue.waiting.push_back((position, Letter::from_row(row)?));
        queue.again = Some(Time::EPOCH);
        Ok(())
    }

    /// True if a letter of this kind to this shard may wait, too.
    pub(crate) fn has_room(&self, to: Shard, channel: Channel) -> bool {
        self.others.get(&to).is_none_or(|other| other.has_room(channel, self.max_letters))
    }

    /// True if a letter of this kind to any shard may wait, too.
    pub(crate) fn has_room_for_any(&self, channel: Channel) -> bool {
        self.others.values().all(|other| other.has_room(channel, self.max_letters))
    }

    /// Keeps a letter until the other shard has taken it.
    pub(crate) fn send(&mut self, to: Shard, letter: Letter, step: &mut Step<'_, Mail>) {
        let channel = letter.channel();
        let queue = self.others.entry(to).or_default().queue(channel);
        let row = letter.to_row();
        let position = queue.last().then_bytes(&row);
        step.transaction.append_with(LETTERS, position.sequence, || (letters_key(to, channel), row));
        queue.again.get_or_insert(step.now + PATIENCE);
        queue.waiting.push_back((position, letter.clone()));
        let item = MailItem::Letter { position, sent: step.now, letter };
        step.say(Mail { from: self.this, to, channel, item });
    }

    /// True if the other shard's letter is the next one: it is taken, with all that this transaction does. One that has
    /// been taken is acknowledged again, and one that is early comes again.
    pub(crate) fn take(
        &mut self,
        from: Shard,
        channel: Channel,
        (position, sent): (Position, Time),
        letter: &Letter,
        step: &mut Step<'_, Mail>,
    ) -> bool {
        let other = self.others.entry(from).or_default();
        if other.is_misfit {
            return false;
        }
        let queue = other.queue(channel);
        let next = queue.taken.then_bytes(&letter.to_row());
        let is_next = position == next;
        let is_of_another = (position.sequence == next.sequence && !is_next)
            || (position.sequence == queue.taken.sequence && position != queue.taken);
        if is_of_another {
            return self.part_with(from);
        }
        if is_next {
            queue.taken = position;
        }
        let through = queue.taken;
        if is_next {
            other.write(from, step.transaction);
        }
        // Also if it is early: if this shard lacks what the other has forgotten, that is how the other finds out.
        let item = MailItem::Taken { through, answers: sent };
        step.say(Mail { from: self.this, to: from, channel, item });
        is_next
    }

    /// The shard that was found out to have another past than this one.
    pub(crate) fn take_misfit(&mut self) -> Option<Shard> {
        self.misfit.take()
    }

    /// Nothing goes between this shard and the other any more. Always false: its letter is not taken.
    fn part_with(&mut self, other: Shard) -> bool {
        self.others.entry(other).or_default().is_misfit = true;
        self.misfit = Some(other);
        false
    }

    /// The other shard has our letters up to `through`: forgets them.
    pub(crate) fn on_taken(
        &mut self,
        by: Shard,
        channel: Channel,
        (through, answers): (Position, Time),
        step: &mut Step<'_, Mail>,
    ) {
        let other = self.others.entry(by).or_default();
        if other.is_misfit {
            return;
        }
        let queue = other.queue(channel);
        if !queue.has_been_at(through, answers, step.now) {
            self.part_with(by);
            return;
        }
        let before = queue.waiting.len();
        let taken = through.sequence;
        while let Some((position, _)) = queue.waiting.pop_front_if(|(at, _)| at.sequence <= taken) {
            queue.acknowledged = position;
            queue.acknowledged_at = Some(step.now);
        }
        let through = queue.acknowledged.sequence;
        if queue.waiting.len() < before {
            queue.repeated = 0;
            queue.again = (!queue.waiting.is_empty()).then_some(step.now + PATIENCE);
            step.transaction.trim_with(LETTERS, through, || letters_key(by, channel));
            other.write(by, step.transaction);
        }
    }

    /// When letters go out again, if any wait.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.others.values().flat_map(|other| [other.requests.again, other.responses.again]).flatten().min()
    }

    /// Letters that were not taken in time go out again.
    pub(crate) fn send_again(&mut self, step: &mut Step<'_, Mail>) {
        let from = self.this;
        for (&to, other) in &mut self.others {
            let is_misfit = other.is_misfit;
            for channel in [Channel::Requests, Channel::Responses] {
                let queue = other.queue(channel);
                if queue.again.is_none_or(|again| again > step.now) {
                    continue;
                }
                if is_misfit {
                    queue.again = None;
                    continue;
                }
                queue.repeated = queue.repeated.saturating_add(1);
                let patience =
                    PATIENCE.saturating_mul(2_u32.saturating_pow(queue.repeated)).min(LONGEST_PATIENCE);
                queue.again = Some(step.now + patience);
                for (position, letter) in queue.waiting.iter().cloned() {
                    let item = MailItem::Letter { position, sent: step.now, letter };
                    step.say(Mail { from, to, channel, item });
                }
            }
        }
    }
}

impl Other {
    fn queue(&mut self, channel: Channel) -> &mut Queue {
        match channel {
            Channel::Requests => &mut self.requests,
            Channel::Responses => &mut self.responses,
        }
    }

    fn has_room(&self, channel: Channel, max_letters: usize) -> bool {
        let queue = match channel {
            Channel::Requests => &self.requests,
            Channel::Responses => &self.responses,
        };
        queue.waiting.len() < max_letters && !self.is_misfit
    }

    fn write(&mut self, shard: Shard, transaction: &mut Transaction) {
        let row = proto::ShardRow {
            requests_acknowledged_through: self.requests.acknowledged.sequence,
            responses_acknowledged_through: self.responses.acknowledged.sequence,
            requests_taken_through: self.requests.taken.sequence,
            responses_taken_through: self.responses.taken.sequence,
            requests_acknowledged_name: self.requests.acknowledged.name,
            responses_acknowledged_name: self.responses.acknowledged.name,
            requests_taken_name: self.requests.taken.name,
            responses_taken_name: self.responses.taken.name,
        };
        self.revision =
            transaction.swap_with(SHARDS, self.revision, || (shard_key(shard), row.encode_to_vec()));
    }
}

impl Queue {
    /// Behind the last letter that was ever in it.
    fn last(&self) -> Position {
        self.waiting.back().map_or(self.acknowledged, |(last, _)| *last)
    }

    /// True if the other shard may be there, of what it was told in this queue, when it answers a letter that was sent
    /// then.
    fn has_been_at(&mut self, taken: Position, answers: Time, now: Time) -> bool {
        if taken.sequence < self.acknowledged.sequence {
            // Said before it took more, and late; or it has taken more once, and does not know it.
            return answers <= *self.acknowledged_at.get_or_insert(now);
        }
        let mut places = self.waiting.iter().map(|(position, _)| position);
        taken == self.acknowledged || places.any(|position| *position == taken)
    }
}
