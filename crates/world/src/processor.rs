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
