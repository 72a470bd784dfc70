//! The matrix: who may learn what, and which messages get to whom.

mod parse;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Canary, DataClass, Party, Principal};

/// `policy.toml`, parsed: every cell is there and says something that a program understands.
#[derive(Clone, Debug)]
pub struct Policy {
    principals: Vec<Principal>,
    rows: Vec<Row>,
    matrix: BTreeMap<(DataClass, Principal), Cell>,
    receives: BTreeMap<Principal, Receives>,
    rules: Vec<Rule>,
    outlives: Vec<Outlives>,
}

/// What a principal may learn of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Everything.
    Yes,
    /// Its own: of its conversations, its businesses, its keys.
    Own,
    /// Only totals that name nobody.
    Aggregated,
    /// Only what the size and time of packets show.
    Packets,
    /// Nothing.
    No,
}

/// A data class, for the reader of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The class.
    pub class: DataClass,
    /// What belongs to it.
    pub what: String,
    /// What the words of its cells don't say.
    pub note: String,
}

/// A rule that is no cell of the matrix.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called.
    pub id: String,
    /// What it demands.
    pub text: String,
    /// What keeps it: paths of tests, from the top of the repository. Empty if nothing does yet.
    pub checks: Vec<String>,
}

/// Rows in which something stays when every message is gone that it was in.
#[derive(Clone, Debug)]
pub struct Outlives {
    /// The table.
    pub rows: String,
    /// Whose rows.
    pub at: Vec<Principal>,
    /// Of which class it is.
    pub class: DataClass,
    /// Until when.
    pub until: String,
    /// What for.
    pub why: String,
}

/// Which messages of `proto/` get to a principal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Receives {
    /// Full names of messages.
    pub(crate) receives: Vec<String>,
    /// Names of files, every message of which it has.
    pub(crate) keeps: Vec<String>,
    /// Full names of messages that it never gets, though one that it receives could contain them.
    pub(crate) withheld: Vec<String>,
}

/// Why a policy was refused. Names row and column, so that it can be found.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or not of the shape of a policy; says where.
    #[error("the policy can't be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A row of the matrix, or what outlives messages, that is no data class.
    #[error("[{section}.{class}] is no data class; the classes are {known}")]
    UnknownClass {
        /// The section of the file.
        section: &'static str,
        /// What the row is called.
        class: String,
        /// Those that there are.
        known: String,
    },
    /// A column, or a section of `receives`, that is no principal.
    #[error("[{section}] names `{principal}`, who is no principal; the principals are {known}")]
    UnknownPrincipal {
        /// The section of the file.
        section: String,
        /// What it names.
        principal: String,
        /// Those that there are.
        known: String,
    },
    /// A name of another system that can't be one.
    #[error(
        "[vocabulary] names `{0}`; a name is up to 64 lower-case letters, digits, `_` and `-`, each name once, \
         and neither `what` nor `note`, which say something of a class"
    )]
    BadName(String),
    /// Nobody, or nothing.
    #[error("[vocabulary] has no {0}: nothing could be a leak")]
    EmptyVocabulary(&'static str),
    /// A cell with a word that means nothing.
    #[error(
        "[matrix.{class}] says `{principal} = \"{word}\"`; it must be yes, own, aggregated, packets or no"
    )]
    UnknownWord {
        /// The row.
        class: DataClass,
        /// The column.
        principal: Principal,
        /// What the cell says.
        word: String,
    },
    /// A cell that isn't there: silence is no answer.
    #[error(
        "[matrix.{class}] says nothing of `{principal}`; add `{principal} = \"no\"` if nothing is allowed"
    )]
    MissingCell {
        /// The row.
        class: DataClass,
        /// The column.
        principal: Principal,
    },
    /// A principal of whom the policy doesn't say what it receives.
    #[error("[receives.{0}] is missing; leave it empty if it receives nothing")]
    MissingReceives(Principal),
}

impl Policy {
    /// The policy of this project, `crates/privacy/policy.toml`.
    pub fn of_this_project() -> Result<Self, PolicyError> {
        Self::parse(include_str!("../policy.toml"))
    }

    /// What `principal` may learn of `class`. Nothing, if the policy has no such principal or class.
    pub fn cell(&self, principal: Principal, class: DataClass) -> Cell {
        self.matrix.get(&(class, principal)).copied().unwrap_or(Cell::No)
    }

    /// True if a value of `class` may get to `principal`, as a field or as a canary. Whether an `own`
    /// value is really its own is for the run to judge.
    pub fn allows(&self, principal: Principal, class: DataClass) -> bool {
        matches!(self.cell(principal, class), Cell::Yes | Cell::Own)
    }

    /// True if `party` may see this very canary: its cell allows the class, and where it says `own` the canary is the
    /// party's.
    pub fn permits(&self, party: &Party, canary: &Canary) -> bool {
        match self.cell(party.principal(), canary.class()) {
            Cell::Yes => true,
            Cell::Own => canary.is_of(party.name()),
            Cell::Aggregated | Cell::Packets | Cell::No => false,
        }
    }

    /// The messages that `principal` never gets, though one that it receives could contain them.
    pub(crate) fn withheld(&self, principal: Principal) -> &[String] {
        self.receives.get(&principal).map(|receives| receives.withheld.as_slice()).unwrap_or_default()
    }

    /// The columns: ours, or those of the policy's `[vocabulary]`.
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// The rows, likewise.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The principal of that name, if the policy has it.
    pub fn principal(&self, name: &str) -> Option<Principal> {
        self.principals.iter().copied().find(|principal| principal.name() == name)
    }

    /// The class of that name, if the policy has it.
    pub fn class(&self, name: &str) -> Option<DataClass> {
        self.rows.iter().map(|row| row.class).find(|class| class.name() == name)
    }

    /// The rules that are no cells.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What may stay in whose rows when every message is gone that it was in.
    pub fn outlives(&self) -> &[Outlives] {
        &self.outlives
    }

    /// Which messages get to whom, in the order of the document.
    pub(crate) fn receives(&self) -> impl Iterator<Item = (Principal, &Receives)> {
        self.receives.iter().map(|(principal, receives)| (*principal, receives))
    }
}

impl Cell {
    fn parse(word: &str) -> Option<Self> {
        [Self::Yes, Self::Own, Self::Aggregated, Self::Packets, Self::No]
            .into_iter()
            .find(|cell| cell.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Own => "own",
            Self::Aggregated => "aggregated",
            Self::Packets => "packets",
            Self::No => "no",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests;
