//! The rounds in which lanes are handled: every lane up to the lookahead, on all threads, and then the mail between
//! them, in an order that no thread decides.

use super::lane::{Agenda, Lane};
use super::wheel::{Entry, Turn, Wheel};
use kernel::Time;
use std::hint;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Nothing is going to happen.
const NEVER: u64 = u64::MAX;

/// How often a thread looks for the next round before it sleeps.
const SPINS: u32 = 4_000;

/// All lanes and what is to happen in them.
pub struct Engine<L: Lane> {
    cells: Vec<Cell<L>>,
    lookahead: Duration,
    now: Time,
    grain: u64,
}

/// Why the engine returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The time has come.
    Reached,
    /// Nothing is going to happen any more.
    Idle,
    /// Somebody asked it to stop.
    Stopped,
}

/// A lane, and what others have sent it.
struct Cell<L: Lane> {
    work: Mutex<Work<L>>,
    /// No event of the lane's own is before this, in microseconds.
    own: AtomicU64,
    mail: Mutex<Vec<Entry<L::Event>>>,
    /// No event in the mail is before this.
    mailed: AtomicU64,
}

struct Work<L: Lane> {
    lane: L,
    wheel: Wheel<L::Event>,
    scheduled: u64,
    handled: u64,
    elsewhere: Vec<(u32, Entry<L::Event>)>,
}

impl<L: Lane> Engine<L> {
    /// Lanes in which nothing happens yet, at a time. `lookahead` is the least that anything takes from
    /// one lane to another; at least a microsecond.
    #[must_use]
    pub fn new(lanes: Vec<L>, lookahead: Duration, now: Time) -> Self {
        let cells = lanes.into_iter().map(|lane| Cell::new(lane, now)).collect();
        Self { cells, lookahead: lookahead.max(Duration::from_micros(1)), now, grain: 1 }
    }

    /// Threads share a round if the one before had at least so many events. Below, waking them would take longer than
    /// what they save; it changes nothing else.
    #[must_use]
    pub const fn with_grain(mut self, grain: u64) -> Self {
        self.grain = grain;
        self
    }

    /// Something from outside: it comes after what the lanes themselves do at that time.
    pub fn schedule(&mut self, lane: u32, at: Time, event: L::Event) {
        let at = at.max(self.now);
        if let Some(cell) = self.cell(lane) {
            let mut work = lock(&cell.work);
            work.scheduled += 1;
            let turn = Turn { lane: u32::MAX, sequence: work.scheduled };
            work.wheel.insert(Entry { at, turn, event });
            cell.own.fetch_min(at.as_micros(), Ordering::Relaxed);
        }
    }

    /// Another least time from one lane to another, from now on: what is under way already comes when it comes.
    pub fn set_lookahead(&mut self, lookahead: Duration) {
        self.lookahead = lookahead.max(Duration::from_micros(1));
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// How many events have happened.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.cells.iter().map(|cell| lock(&cell.work).handled).sum()
    }

    /// How many events are to happen.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.cells.iter().map(|cell| lock(&cell.work).wheel.len() + lock(&cell.mail).len()).sum()
    }

    /// Looks into a lane, between rounds.
    pub fn with_lane<T>(&mut self, lane: u32, look: impl FnOnce(&mut L) -> T) -> Option<T> {
        self.cell(lane).map(|cell| look(&mut lock(&cell.work).lane))
    }

    /// How many lanes there are.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.cells.len()
    }

    /// Lets everything before `until` happen, on so many threads.
    pub fn run_until(&mut self, until: Time, threads: NonZeroUsize, stop: &AtomicBool) -> Outcome {
        let rounds = Rounds {
            cells: &self.cells,
            lookahead: self.lookahead,
            until: until.as_micros(),
            stop,
            grain: self.grain,
            helpers: threads.get().min(self.cells.len().max(1)) - 1,
            next: AtomicUsize::new(0),
            end: AtomicU64::new(OVER),
            handled: AtomicU64::new(0),
            round: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            asleep: AtomicUsize::new(0),
            bed: Mutex::new(()),
            bell: Condvar::new(),
        };
        thread::scope(|scope| {
            for _ in 0..rounds.helpers {
                scope.spawn(|| rounds.help());
            }
            rounds.lead();
        });
        let next = rounds.first();
        if next >= until.as_micros() {
            self.now = self.now.max(until);
        } else if let Some(end) = rounds.reached() {
            self.now = self.now.max(end);
        }
        match next {
            NEVER => Outcome::Idle,
            next if next >= until.as_micros() => Outcome::Reached,
            _ => Outcome::Stopped,
        }
    }

    fn cell(&self, lane: u32) -> Option<&Cell<L>> {
        self.cells.get(usize::try_from(lane).ok()?)
    }
}

impl<L: Lane> Cell<L> {
    fn new(lane: L, now: Time) -> Self {
        let work = Work { lane, wheel: Wheel::new(now), scheduled: 0, handled: 0, elsewhere: Vec::new() };
        Self {
            work: Mutex::new(work),
            own: AtomicU64::new(NEVER),
            mail: Mutex::new(Vec::new()),
            mailed: AtomicU64::new(NEVER),
        }
    }

    /// No event is before this.
    fn first(&self) -> u64 {
        self.own.load(Ordering::Relaxed).min(self.mailed.load(Ordering::Relaxed))
    }

    fn receive(&self, entry: Entry<L::Event>) {
        let mut mail = lock(&self.mail);
        self.mailed.fetch_min(entry.at.as_micros(), Ordering::Relaxed);
        mail.push(entry);
    }
}

/// The end of a round that is none: helpers go home.
const OVER: u64 = 0;

/// One call of `run_until`, as its threads share it.
struct Rounds<'a, L: Lane> {
    cells: &'a [Cell<L>],
    lookahead: Duration,
    until: u64,
    stop: &'a AtomicBool,
    grain: u64,
    helpers: usize,
    /// The next lane that nobody has taken in this round.
    next: AtomicUsize,
    /// Where this round ends.
    end: AtomicU64,
    /// Events of this round.
    handled: AtomicU64,
    /// Counts openings and closings of rounds to helpers: odd while one is open.
    round: AtomicU64,
    /// Helpers that have come to the round. Those that wake up too late are not waited for.
    busy: AtomicUsize,
    /// Helpers that sleep until the bell rings.
    asleep: AtomicUsize,
    bed: Mutex<()>,
    bell: Condvar,
}

impl<L: Lane> Rounds<'_, L> {
    /// Opens one round after the other.
    fn lead(&self) {
        let _home = OnDrop(|| {
            self.end.store(OVER, Ordering::Relaxed);
            self.call_helpers();
        });
        let lookahead = u64::try_from(self.lookahead.as_micros()).unwrap_or(u64::MAX);
        loop {
            let first = self.first();
            if first >= self.until || self.stop.load(Ordering::Relaxed) {
                break;
            }
            let shared = self.helpers > 0 && self.handled.load(Ordering::Relaxed) >= self.grain;
            self.end.store(first.saturating_add(lookahead).min(self.until), Ordering::Relaxed);
            self.next.store(0, Ordering::Relaxed);
            self.handled.store(0, Ordering::Relaxed);
            if shared {
                self.call_helpers();
            }
            self.handle_all();
            if shared {
                self.send_helpers_away();
            }
        }
    }

    fn call_helpers(&self) {
        // It is still open if a lane of it panicked.
        let step = if is_open(self.round.load(Ordering::SeqCst)) { 2 } else { 1 };
        self.round.fetch_add(step, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.bed));
            self.bell.notify_all();
        }
    }

    /// Closes the round: nobody comes to it any more, and who has come is done.
    fn send_helpers_away(&self) {
        self.round.fetch_add(1, Ordering::SeqCst);
        while self.busy.load(Ordering::SeqCst) > 0 {
            hint::spin_loop();
        }
    }

    /// Takes part in each round that is still open when this comes to it.
    fn help(&self) {
        let mut last = 0;
        loop {
            self.wait_for_round_after(last);
            // Whoever closes a round looks at this after it, and before it opens another.
            self.busy.fetch_add(1, Ordering::SeqCst);
            let _done = OnDrop(|| _ = self.busy.fetch_sub(1, Ordering::SeqCst));
            last = self.round.load(Ordering::SeqCst);
            if is_open(last) {
                if self.end.load(Ordering::Relaxed) == OVER {
                    return;
                }
                self.handle_all();
            }
        }
    }

    fn wait_for_round_after(&self, last: u64) {
        let has_come = || {
            let round = self.round.load(Ordering::SeqCst);
            is_open(round) && round != last
        };
        for _ in 0..SPINS {
            if has_come() {
                return;
            }
            hint::spin_loop();
        }
        let mut bed = lock(&self.bed);
        self.asleep.fetch_add(1, Ordering::SeqCst);
        // Whoever opens a round after this looks at `asleep` and rings.
        while !has_come() {
            bed = self.bell.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    /// Handles lanes until none of this round is left.
    fn handle_all(&self) {
        let end = self.end.load(Ordering::Relaxed);
        while let Some((number, cell)) = self.take() {
            if cell.first() < end {
                self.handle(number, cell, Time::from_micros(end));
            }
        }
    }

    /// No event of any lane is before this.
    fn first(&self) -> u64 {
        self.cells.iter().map(Cell::first).min().unwrap_or(NEVER)
    }

    fn reached(&self) -> Option<Time> {
        Some(Time::from_micros(self.first())).filter(|time| time.as_micros() != NEVER)
    }

    fn take(&self) -> Option<(u32, &Cell<L>)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Some((u32::try_from(number).ok()?, self.cells.get(number)?))
    }

    fn handle(&self, number: u32, cell: &Cell<L>, end: Time) {
        let mut work = lock(&cell.work);
        let work = &mut *work;
        {
            let mut mail = lock(&cell.mail);
            mail.drain(..).for_each(|entry| work.wheel.insert(entry));
            cell.mailed.store(NEVER, Ordering::Relaxed);
        }
        let before = work.handled;
        while let Some(Entry { at, event, .. }) = work.wheel.pop_before(end) {
            work.handled += 1;
            let mut agenda = Agenda {
                lane: number,
                now: at,
                lookahead: self.lookahead,
                scheduled: &mut work.scheduled,
                here: &mut work.wheel,
                elsewhere: &mut work.elsewhere,
            };
            work.lane.handle(at, event, &mut agenda);
        }
        self.handled.fetch_add(work.handled - before, Ordering::Relaxed);
        for (lane, entry) in work.elsewhere.drain(..) {
            if let Some(cell) = usize::try_from(lane).ok().and_then(|lane| self.cells.get(lane)) {
                cell.receive(entry);
            }
        }
        let own = work.wheel.next_not_before().map_or(NEVER, Time::as_micros);
        cell.own.store(own, Ordering::Relaxed);
    }
}

const fn is_open(round: u64) -> bool {
    round % 2 == 1
}

/// Does something when it goes out of scope, even if that is because a lane panicked: nobody waits for ever.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// A lane whose thread panicked ends the run anyway: the panic goes on in `run_until`.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_micros(100);

    /// Notes what it hears and passes it on, to itself and to others, a bounded number of times.
    struct Gossip {
        lanes: u32,
        heard: Vec<(u64, u64)>,
    }

    impl Lane for Gossip {
        type Event = u64;

        fn handle(&mut self, at: Time, event: u64, agenda: &mut Agenda<'_, u64>) {
            self.heard.push((at.as_micros(), event));
            let left = event & 0xff;
            if left > 0 {
                let next = event.wrapping_mul(6_364_136_223_846_793_005) & !0xff | (left - 1);
                let lane = u32::try_from(next >> 40).unwrap() % self.lanes;
                // Often at the same time as others, and often sooner than the lookahead allows.
                agenda.send(lane, at + Duration::from_micros(next >> 20 & 0xff), next);
                agenda.after(Duration::from_micros(left % 3), next ^ 1 << 30);
            }
        }
    }

    fn gossip(threads: usize, stops: &[u64]) -> (Vec<Vec<(u64, u64)>>, u64) {
        let lanes = (0..7).map(|_| Gossip { lanes: 7, heard: Vec::new() }).collect();
        let mut engine = Engine::new(lanes, TICK, Time::EPOCH);
        for rumour in 0..20_u64 {
            let lane = u32::try_from(rumour % 7).unwrap();
            engine.schedule(lane, Time::from_micros(rumour % 3), (rumour + 1) << 33 | 9);
        }
        let threads = NonZeroUsize::new(threads).unwrap();
        for stop in stops {
            engine.run_until(Time::from_micros(*stop), threads, &AtomicBool::new(false));
        }
        let outcome = engine.run_until(Time::from_secs(9), threads, &AtomicBool::new(false));
        assert_eq!((outcome, engine.waiting()), (Outcome::Idle, 0));
        let heard = (0..7).filter_map(|lane| engine.with_lane(lane, |lane| lane.heard.clone())).collect();
        (heard, engine.handled())
    }

    #[test]
    fn each_lane_hears_the_same_in_the_same_order_on_any_number_of_threads_and_with_any_pauses() {
        let (heard, handled) = gossip(1, &[]);
        assert_eq!(handled, 20 * 1023, "each rumour doubles nine times");
        for times in &heard {
            assert!(times.is_sorted_by_key(|(at, _)| *at), "virtual time goes one way");
        }
        for threads in [1, 2, 5, 64] {
            assert_eq!(gossip(threads, &[]).0, heard, "{threads} threads");
            assert_eq!(gossip(threads, &[1, 50, 51, 333, 600]).0, heard, "{threads} threads with pauses");
        }
    }

    #[test]
    fn a_run_ends_where_it_is_told_and_says_why() {
        let mut engine = Engine::new(vec![Gossip { lanes: 1, heard: Vec::new() }], TICK, Time::EPOCH);
        engine.schedule(0, Time::from_micros(500), 0);
        let (one, go) = (NonZeroUsize::MIN, AtomicBool::new(false));
        assert_eq!(engine.run_until(Time::from_micros(500), one, &go), Outcome::Reached);
        assert_eq!((engine.now(), engine.handled()), (Time::from_micros(500), 0), "not at the end itself");
        assert_eq!(engine.run_until(Time::from_secs(1), one, &AtomicBool::new(true)), Outcome::Stopped);
        assert_eq!(engine.handled(), 0);
        assert_eq!(engine.run_until(Time::from_secs(1), one, &go), Outcome::Idle);
        assert_eq!((engine.now(), engine.handled()), (Time::from_secs(1), 1));
    }
}
