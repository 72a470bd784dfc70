//! What a cell comes to, for whoever has one look at it.

use crate::matrix::CellReport;

/// The five things that can be said of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// May not be learnt, everything was looked at, and it was not there.
    NotSeen,
    /// May be learnt, and was seen.
    Seen,
    /// May be learnt, and the system has nothing of the kind there.
    Nothing,
    /// Something was found that may not be.
    Leak,
    /// Not everything was done that the cell needs, so nothing can be said.
    NotChecked,
}

impl State {
    /// All, in the order of a legend.
    pub const ALL: [Self; 5] = [Self::NotSeen, Self::Seen, Self::Nothing, Self::Leak, Self::NotChecked];

    /// Its name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSeen => "not-seen",
            Self::Seen => "seen",
            Self::Nothing => "nothing",
            Self::Leak => "leak",
            Self::NotChecked => "not-checked",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotSeen => "not seen",
            Self::Seen => "seen",
            Self::Nothing => "nothing yet",
            Self::Leak => "LEAK",
            Self::NotChecked => "not checked",
        }
    }
}

impl CellReport {
    /// What it comes to. A leak is one whatever else was or wasn't done.
    #[must_use]
    pub fn state(&self) -> State {
        let saw = self.values > 0 || self.canaries_seen > 0 || self.pairs_told_apart > 0;
        match (self.leaks, self.executed, self.may_learn()) {
            (1.., ..) => State::Leak,
            (0, false, _) => State::NotChecked,
            (0, true, true) if saw => State::Seen,
            (0, true, true) => State::Nothing,
            (0, true, false) => State::NotSeen,
        }
    }

    /// Whether the policy lets the principal learn something of the class, beyond totals and packets.
    #[must_use]
    pub fn may_learn(&self) -> bool {
        matches!(self.rule.as_str(), "yes" | "own")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_outweighs_everything_and_no_look_is_no_finding() {
        let cell = |rule: &str, executed, values, leaks| {
            let rule = rule.into();
            CellReport { rule, executed, values, leaks, ..CellReport::default() }.state()
        };
        assert_eq!(cell("own", true, 3, 0), State::Seen);
        assert_eq!(cell("yes", true, 0, 0), State::Nothing);
        assert_eq!(cell("no", true, 0, 0), State::NotSeen);
        assert_eq!(cell("packets", true, 0, 0), State::NotSeen);
        assert_eq!(cell("no", false, 0, 0), State::NotChecked);
        assert_eq!(cell("yes", false, 3, 0), State::NotChecked);
        assert_eq!(cell("no", false, 0, 1), State::Leak);
        assert_eq!(cell("own", true, 3, 1), State::Leak);
    }
}
