//! A shard's side of the numbered queues between it and each other shard.
//!
//! Out: letters count from 1 without gaps, are rows of the transaction that causes them, and stay until the other shard
//! says that it has taken them; what it doesn't take in time goes out again. In: a letter is taken in the transaction
//! that does what it says, with the cursor up to which the other's letters are taken; so one that comes twice is done
//! once. It is the mechanism that endpoints and relay have between them ([`crate::inbox`]).
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
        /// Its number in the queue, from 1.
        sequence: u64,
        /// The letter.
        letter: Letter,
    },
    /// Letters from `to` to `from` are durable there, with all that they caused.
    Taken {
        /// The last one.
        through: u64,
    },
}

/// Everything between this shard and the others.
pub(crate) struct Post {
    this: Shard,
    max_letters: usize,
    others: BTreeMap<Shard, Other>,
}

/// The queues between this shard and another one.
#[derive(Default)]
struct Other {
    revision: u64,
    requests: Queue,
    responses: Queue,
}

/// Letters of one kind, both ways.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u64, Letter)>,
    acknowledged_through: u64,
    /// When those that wait go out again.
    again: Option<Time>,
    /// How often they have, since the last one got there.
    repeated: u32,
    /// Up to here the other's letters have been taken.
    taken_through: u64,
}

impl Post {
    pub(crate) fn new(shards: Shards, max_letters: usize) -> Self {
        Self { this: shards.this(), max_letters, others: BTreeMap::new() }
    }

    pub(crate) fn restore_shard(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::ShardRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let other = self.others.entry(read_shard(row)?).or_default();
        other.revision = row.at;
        other.requests.acknowledged_through = stored.requests_acknowledged_through;
        other.requests.taken_through = stored.requests_taken_through;
        other.responses.acknowledged_through = stored.responses_acknowledged_through;
        other.responses.taken_through = stored.responses_taken_through;
        Ok(())
    }

    /// A letter that the other shard may not have goes out again as soon as this one is awake.
    pub(crate) fn restore_letter(&mut self, row: &Row) -> Result<(), RestoreError> {
        let (shard, channel) = read_letters_key(row)?;
        let queue = self.others.entry(shard).or_default().queue(channel);
        queue.waiting.push_back((row.at, Letter::from_row(row)?));
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
        let sequence = queue.waiting.back().map_or(queue.acknowledged_through, |(last, _)| *last) + 1;
        step.transaction.append_with(LETTERS, sequence, || (letters_key(to, channel), letter.to_row()));
        queue.again.get_or_insert(step.now + PATIENCE);
        queue.waiting.push_back((sequence, letter.clone()));
        step.say(Mail { from: self.this, to, channel, item: MailItem::Letter { sequence, letter } });
    }

    /// True if the other shard's letter is the next one: it is taken, with all that this transaction does. One that has
    /// been taken is acknowledged again, and one that is early comes again.
    pub(crate) fn take(
        &mut self,
        from: Shard,
        channel: Channel,
        sequence: u64,
        step: &mut Step<'_, Mail>,
    ) -> bool {
        let other = self.others.entry(from).or_default();
        let queue = other.queue(channel);
        let is_next = sequence == queue.taken_through + 1;
        if sequence > queue.taken_through && !is_next {
            return false;
        }
        queue.taken_through = queue.taken_through.max(sequence);
        let through = queue.taken_through;
        if is_next {
            other.write(from, step.transaction);
        }
        step.say(Mail { from: self.this, to: from, channel, item: MailItem::Taken { through } });
        is_next
    }

    /// The other shard has our letters up to `through`: forgets them.
    pub(crate) fn on_taken(&mut self, by: Shard, channel: Channel, through: u64, step: &mut Step<'_, Mail>) {
        let Some(other) = self.others.get_mut(&by) else { return };
        let queue = other.queue(channel);
        let before = queue.waiting.len();
        while let Some((sequence, _)) = queue.waiting.pop_front_if(|(sequence, _)| *sequence <= through) {
            queue.acknowledged_through = sequence;
        }
        let through = queue.acknowledged_through;
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
            for channel in [Channel::Requests, Channel::Responses] {
                let queue = other.queue(channel);
                if queue.again.is_none_or(|again| again > step.now) {
                    continue;
                }
                queue.repeated = queue.repeated.saturating_add(1);
                let patience =
                    PATIENCE.saturating_mul(2_u32.saturating_pow(queue.repeated)).min(LONGEST_PATIENCE);
                queue.again = Some(step.now + patience);
                for (sequence, letter) in queue.waiting.iter().cloned() {
                    step.say(Mail { from, to, channel, item: MailItem::Letter { sequence, letter } });
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
        queue.waiting.len() < max_letters
    }

    fn write(&mut self, shard: Shard, transaction: &mut Transaction) {
        let row = proto::ShardRow {
            requests_acknowledged_through: self.requests.acknowledged_through,
            responses_acknowledged_through: self.responses.acknowledged_through,
            requests_taken_through: self.requests.taken_through,
            responses_taken_through: self.responses.taken_through,
        };
        self.revision =
            transaction.swap_with(SHARDS, self.revision, || (shard_key(shard), row.encode_to_vec()));
    }
}
