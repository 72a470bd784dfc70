//! What makes a party's promises take time: a processor that is busy, and a disk that writes in order.

use crate::conditions::Disk;
use kernel::Time;
use scenario::Sampler;
use std::time::Duration;

/// A party's processor with its disk.
pub(crate) struct Processor {
    disk: Disk,
    busy_until: Time,
    /// When the last that was handed in is durable.
    last: Time,
}

impl Processor {
    pub(crate) const fn new(disk: Disk) -> Self {
        Self { disk, busy_until: Time::EPOCH, last: Time::EPOCH }
    }

    /// A new start: nothing is under way.
    pub(crate) fn start(&mut self, now: Time) {
        self.busy_until = now;
        self.last = Time::EPOCH;
    }

    /// Something takes the processor so long.
    pub(crate) fn work(&mut self, now: Time, takes: Duration) {
        self.busy_until = self.busy_until.max(now) + takes;
    }

    /// When everything that was handed in so far may be said.
    pub(crate) fn before(&self) -> Time {
        self.last.max(self.busy_until)
    }

    /// When what is handed in now is durable. A disk writes in order: nothing is durable before what was handed in
    /// earlier.
    pub(crate) fn write(
        &mut self,
        is_empty: bool,
        slow: impl FnOnce() -> Option<Sampler<scenario::Duration>>,
    ) -> Time {
        let before = self.before();
        self.last = if is_empty { before } else { self.disk.commit(self.busy_until, slow()).max(before) };
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Origin, Purpose};
    use kernel::Seed;
    use scenario::Distribution;
    use std::sync::Arc;

    fn at(micros: u64) -> Time {
        Time::from_micros(micros)
    }

    #[test]
    fn promises_wait_for_the_work_and_for_the_writes_before_them() {
        let commit = Distribution::Constant(scenario::Duration::from_nanos(1_000_000)).sampler();
        let draws = Origin::of(&Seed::from_number(1)).draws(Purpose::Disk, 0);
        let mut processor = Processor::new(Disk::new(Arc::new(commit), draws));
        processor.start(at(0));
        processor.work(at(100), Duration::from_micros(50));
        assert_eq!(processor.write(true, || None), at(150), "nothing to write: when the work is done");
        processor.work(at(100), Duration::from_micros(50));
        assert_eq!(processor.write(false, || None), at(1200), "work queues up, then the disk takes its time");
        processor.work(at(300), Duration::ZERO);
        assert_eq!(processor.write(true, || None), at(1200), "what depends on a write is not said before it");
        processor.start(at(5000));
        assert_eq!(processor.before(), at(5000), "a new start knows of no promise");
    }
}
