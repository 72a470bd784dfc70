//! What may happen as often as a stranger likes, and is said seldom.

use kernel::Time;
use std::time::Duration;

/// It is said so often at most.
const QUIET: Duration = Duration::from_secs(60);

/// Of one thing: when it was said last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seldom(Option<Time>);

impl Seldom {
    /// True if it may be said now, once in a minute; that counts then.
    pub fn may_say(&mut self, now: Time) -> bool {
        let may = self.0.is_none_or(|said| now.since(said) >= QUIET);
        if may {
            self.0 = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_happening_is_said_once_in_a_minute() {
        let mut seldom = Seldom::default();
        let said = (0..180).filter(|second| seldom.may_say(Time::from_secs(1_000 + second)));
        assert_eq!(said.collect::<Vec<_>>(), [0, 60, 120]);
    }
}
