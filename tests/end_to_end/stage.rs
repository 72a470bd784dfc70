//! Where a script can be played, and what it is made of.

use std::collections::BTreeMap;

/// One thing that somebody does.
pub(crate) enum Step {
    BusinessSends {
        to: usize,
        text: String,
    },
    ConsumerSays {
        from: usize,
        text: String,
    },
    /// Everything that was said arrives before the next step.
    Settle,
}

/// What people saw in the end: how often each text was shown, and so on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) shown: BTreeMap<(usize, String), u32>,
    pub(crate) received: BTreeMap<(usize, String), u32>,
    pub(crate) statuses: BTreeMap<String, u32>,
}

/// Where a script can be played.
pub(crate) trait Stage {
    fn business_sends(&mut self, to: usize, text: &str);
    fn consumer_says(&mut self, from: usize, text: &str);
    fn settle(&mut self);
    fn outcome(&self) -> Outcome;
}
