//! What somebody beside the scenario makes happen in a run: a certain text, a loss of power at a certain effect. Whoever
//! is to start again needs a disk: [`Options::disks`](crate::Options::disks), unless the scenario lets it fail anyway.

use crate::Simulation;
use crate::lanes::{Event, Line};
use crate::record::Who;

impl Simulation {
    /// A person or a business says this now. Whoever has no power says nothing; a business tries again.
    pub fn say(&mut self, from: Who, to: Who, text: &str) {
        let line = Line { from, to, text: text.to_owned() };
        self.schedule(from, Event::Line(Box::new(line)));
    }

    /// A relay, node or consumer loses power now, and has it back a little later.
    pub fn lose_power(&mut self, who: Who) {
        self.schedule(who, Event::Stop(who));
    }

    /// A relay, node or consumer loses power after so many more of its effects: transactions and outputs count alike.
    pub fn lose_power_after(&mut self, who: Who, effects: u32) {
        self.schedule(who, Event::StopAfter(who, effects));
    }
}
