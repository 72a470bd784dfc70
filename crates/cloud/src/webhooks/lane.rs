//! One app's updates that are not acknowledged, a line for each conversation: in a line they go one after the other, the lines
//! side by side.
//!
//! A line is ready, under way, or waits for its retry. What can't be told of one line is told of all together: whether the
//! app's server acknowledges anything at all. Where it doesn't, the lines that failed are its victims, and go on as soon as it
//! is back; where it acknowledges others, they have themselves to blame, and keep to the schedule of retries.

use super::update_id::UpdateId;
use graph::webhook::Update;
use graph::{PhoneNumberId, WabaId};
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use wire::Number;

/// A server that has acknowledged nothing for so long was away: when it is back, nobody waits for the schedule.
const AWAY: Duration = Duration::from_secs(5);

/// What failed in company is posted again in companies so many times smaller: two retries later everybody is alone.
const SMALLER: usize = 32;

/// Whose updates keep their order: a conversation's, or those of a number or an account as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Thread {
    pub(crate) account: WabaId,
    pub(crate) phone: Option<PhoneNumberId>,
    pub(crate) consumer: Option<Number>,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// How many updates.
    pub updates: usize,
    /// How long they are together, in bytes.
    pub bytes: usize,
}

/// All of one app.
#[derive(Default)]
pub(super) struct Lane {
    lines: BTreeMap<Thread, Line>,
    /// The ready lines, by their oldest update.
    ready: BTreeSet<(UpdateId, Thread)>,
    /// How many updates are in ready lines.
    backlog: usize,
    load: Load,
    /// How many posts are under way.
    pub(super) in_flight: usize,
    /// Since when nothing was acknowledged and something failed.
    failing_since: Option<Time>,
    /// Lines that failed while nothing was acknowledged.
    victims: BTreeSet<Thread>,
}

/// One conversation, never without an update but while it is under way.
struct Line {
    updates: VecDeque<(UpdateId, Update)>,
    state: State,
    /// Failures in a row.
    attempts: u32,
    /// The most updates with which it may travel: fewer, after each failure in company.
    company: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    InFlight,
    Waiting(Time),
}

impl Load {
    /// True if it is as much as `limit`, in one way or the other.
    pub fn reaches(&self, limit: Self) -> bool {
        self.updates >= limit.updates || self.bytes >= limit.bytes
    }

    /// Twice as much.
    #[must_use]
    pub fn twice(&self) -> Self {
        Self { updates: self.updates.saturating_mul(2), bytes: self.bytes.saturating_mul(2) }
    }
}

impl Lane {
    pub(super) fn load(&self) -> Load {
        self.load
    }

    /// How many updates could be posted now.
    pub(super) fn backlog(&self) -> usize {
        self.backlog
    }

    /// The ready lines, the one that waits longest first, and with how many updates each may travel.
    pub(super) fn ready(&self) -> impl Iterator<Item = (Thread, usize)> {
        self.ready.iter().map(|(_, thread)| (*thread, self.lines.get(thread).map_or(0, |line| line.company)))
    }

    /// The updates of a line, in order.
    pub(super) fn updates(&self, thread: Thread) -> impl Iterator<Item = &(UpdateId, Update)> {
        self.lines.get(&thread).into_iter().flat_map(|line| &line.updates)
    }

    /// When the oldest update of a line happened.
    pub(super) fn front(&self, thread: Thread) -> Option<UpdateId> {
        self.lines.get(&thread)?.front()
    }

    /// How often the oldest update of a line was posted in vain.
    pub(super) fn attempts(&self, thread: Thread) -> u32 {
        self.lines.get(&thread).map_or(0, |line| line.attempts)
    }

    /// Until when a line waits for its retry.
    pub(super) fn waits_until(&self, thread: Thread) -> Option<Time> {
        match self.lines.get(&thread)?.state {
            State::Waiting(until) => Some(until),
            State::Ready | State::InFlight => None,
        }
    }

    /// The lines that wait for their retry.
    pub(super) fn waiting(&self) -> Vec<Thread> {
        let waiting = self.lines.iter().filter(|(_, line)| matches!(line.state, State::Waiting(_)));
        waiting.map(|(thread, _)| *thread).collect()
    }

    /// A new update, later than all of its line.
    pub(super) fn push(&mut self, thread: Thread, id: UpdateId, update: Update) {
        self.load.updates += 1;
        self.load.bytes += update.length();
        let line = self.lines.entry(thread).or_insert_with(Line::new);
        line.updates.push_back((id, update));
        if line.state == State::Ready {
            self.backlog += 1;
            if line.updates.len() == 1 {
                self.ready.insert((id, thread));
            }
        }
    }

    /// A line is under way.
    pub(super) fn depart(&mut self, thread: Thread) {
        self.change(thread, |line| line.state = State::InFlight);
    }

    /// The updates of a line up to and including `through` are acknowledged, or given up: they are given back, and the line
    /// goes on.
    pub(super) fn forget(&mut self, thread: Thread, through: UpdateId) -> Vec<UpdateId> {
        let mut gone = Vec::new();
        self.change(thread, |line| {
            while line.front().is_some_and(|front| front <= through) {
                gone.extend(line.updates.pop_front());
            }
            (line.state, line.attempts, line.company) = (State::Ready, 0, usize::MAX);
        });
        self.lighten(gone)
    }

    /// The first update of a line is too old, wherever it is.
    pub(super) fn expire(&mut self, thread: Thread) -> Vec<UpdateId> {
        let mut gone = Vec::new();
        self.change(thread, |line| gone.extend(line.updates.pop_front()));
        self.lighten(gone)
    }

    /// A line failed in a post of `together` updates; `delay` says how long to wait after so many failures in a row. Gives that
    /// time back; `None` if it is not tried again.
    pub(super) fn fail(
        &mut self,
        thread: Thread,
        now: Time,
        together: usize,
        delay: impl FnOnce(u32) -> Option<Duration>,
    ) -> Option<Duration> {
        let line = self.lines.get_mut(&thread)?;
        line.attempts = line.attempts.saturating_add(1);
        line.company = (together / SMALLER).max(1);
        let delay = delay(line.attempts)?;
        self.change(thread, |line| line.state = State::Waiting(now + delay));
        Some(delay)
    }

    /// A post failed, with these lines in it that wait: until something is acknowledged they may be victims.
    pub(super) fn suspect(&mut self, now: Time, lines: impl Iterator<Item = Thread>) {
        if self.failing_since.is_some() {
            self.victims.extend(lines);
        } else {
            self.failing_since = Some(now);
            for line in lines {
                self.victims.remove(&line);
            }
        }
    }

    /// Something was acknowledged. Gives the lines that needn't wait any longer.
    pub(super) fn recover(&mut self, now: Time) -> BTreeSet<Thread> {
        let victims = std::mem::take(&mut self.victims);
        match self.failing_since.take() {
            Some(since) if now.since(since) >= AWAY => victims,
            Some(_) | None => BTreeSet::new(),
        }
    }

    /// A line may go on: its time has come, or the server is back.
    pub(super) fn resume(&mut self, thread: Thread, with_all: bool) {
        self.change(thread, |line| {
            line.state = State::Ready;
            if with_all {
                line.company = usize::MAX;
            }
        });
    }

    /// Changes a line, and all that follows from it.
    fn change(&mut self, thread: Thread, change: impl FnOnce(&mut Line)) {
        let Some(line) = self.lines.get_mut(&thread) else { return };
        if let (State::Ready, Some(front)) = (line.state, line.front()) {
            self.backlog -= line.updates.len();
            self.ready.remove(&(front, thread));
        }
        change(line);
        match (line.state, line.front()) {
            (State::Ready, Some(front)) => {
                self.backlog += line.updates.len();
                self.ready.insert((front, thread));
            }
            (State::Ready | State::Waiting(_), None) => drop(self.lines.remove(&thread)),
            (State::InFlight | State::Waiting(_), _) => {}
        }
    }

    fn lighten(&mut self, gone: Vec<(UpdateId, Update)>) -> Vec<UpdateId> {
        gone.into_iter()
            .map(|(id, update)| {
                self.load.updates -= 1;
                self.load.bytes -= update.length();
                id
            })
            .collect()
    }
}

impl Line {
    fn new() -> Self {
        Self { updates: VecDeque::new(), state: State::Ready, attempts: 0, company: usize::MAX }
    }

    fn front(&self) -> Option<UpdateId> {
        self.updates.front().map(|(id, _)| *id)
    }
}
