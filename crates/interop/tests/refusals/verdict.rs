//! What a row of the table says, and whether it came so.

use crate::pair::{Accepted, Case};
use interop::{OracleVersion, Speaks};

/// Which of the official versions accept what a row does.
#[derive(Clone, Copy)]
pub enum By {
    Nobody,
    Everybody,
    Only(&'static [OracleVersion]),
}

impl By {
    fn includes(self, case: Case) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Only(versions) => versions.contains(&case.version),
        }
    }
}

/// Where we answer otherwise, on purpose: our suites, the rows, and why.
pub struct Deliberate {
    pub speaks: &'static [Speaks],
    pub rows: &'static [&'static str],
    pub why: &'static str,
}

/// Collects what is not as the table says, so that one run shows it all.
#[derive(Default)]
pub struct Verdicts {
    wrong: Vec<String>,
    judged: usize,
}

impl Verdicts {
    pub fn judge(&mut self, case: Case, row: &str, by: By, got: Accepted) {
        self.judged += 1;
        let official = by.includes(case);
        let ours = official != deliberate(case, row);
        if got != (Accepted { ours, official }) {
            let word = |accepted| if accepted { "accepted" } else { "refused" };
            self.wrong.push(format!(
                "{case}: {row}: {} by ours, {} by the official library; the table says {} and {}",
                word(got.ours),
                word(got.official),
                word(ours),
                word(official),
            ));
        }
    }

    pub fn done(self) {
        assert!(self.judged > 0, "nothing was tried");
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.judged, self.wrong.join("\n"));
    }
}

fn deliberate(case: Case, row: &str) -> bool {
    let applies = |one: &&Deliberate| one.speaks.contains(&case.speaks) && one.rows.contains(&row);
    let reason = crate::DELIBERATE.iter().find(applies).map(|one| one.why);
    reason.is_some_and(|why| !why.is_empty())
}
