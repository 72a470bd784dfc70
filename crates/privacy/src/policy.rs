//! The matrix: who may learn what, and which messages get to whom.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Canary, DataClass, Party, Principal};

/// `policy.toml`, parsed: every cell is there and says something that a program understands.
#[derive(Clone, Debug)]
pub struct Policy {
    matrix: BTreeMap<(DataClass, Principal), Cell>,
    receives: BTreeMap<Principal, Receives>,
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
    /// A row that is no data class.
    #[error("[matrix.{0}] is no data class; the classes are in proto/options.proto")]
    UnknownClass(String),
    /// A column, or a section of `receives`, that is no principal.
    #[error("[{section}] names `{principal}`, who is no principal; the principals are in docs/privacy.md")]
    UnknownPrincipal {
        /// The section of the file.
        section: String,
        /// What it names.
        principal: String,
    },
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

    /// Parses a policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: PolicyFile = toml::from_str(text)?;
        Ok(Self { matrix: parse_matrix(file.matrix)?, receives: parse_receives(file.receives)? })
    }

    /// What `principal` may learn of `class`.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    matrix: BTreeMap<String, BTreeMap<String, String>>,
    receives: BTreeMap<String, Receives>,
}

fn parse_matrix(
    rows: BTreeMap<String, BTreeMap<String, String>>,
) -> Result<BTreeMap<(DataClass, Principal), Cell>, PolicyError> {
    let mut matrix = BTreeMap::new();
    for (class_name, row) in rows {
        // Classes are lower-case here: an upper-case row next to a lower-case one would be ambiguous.
        let class = DataClass::parse(&class_name)
            .filter(|class| class.name() == class_name)
            .ok_or_else(|| PolicyError::UnknownClass(class_name.clone()))?;
        for (principal, word) in row {
            let principal = parse_principal(principal, || format!("matrix.{class_name}"))?;
            let cell = Cell::parse(&word).ok_or(PolicyError::UnknownWord { class, principal, word })?;
            matrix.insert((class, principal), cell);
        }
    }
    for class in DataClass::ALL {
        for principal in Principal::ALL {
            if !matrix.contains_key(&(class, principal)) {
                return Err(PolicyError::MissingCell { class, principal });
            }
        }
    }
    Ok(matrix)
}

fn parse_receives(
    sections: BTreeMap<String, Receives>,
) -> Result<BTreeMap<Principal, Receives>, PolicyError> {
    let receives = sections
        .into_iter()
        .map(|(principal, receives)| Ok((parse_principal(principal, || "receives".to_owned())?, receives)))
        .collect::<Result<BTreeMap<_, _>, PolicyError>>()?;
    match Principal::ALL.into_iter().find(|principal| !receives.contains_key(principal)) {
        Some(silent) => Err(PolicyError::MissingReceives(silent)),
        None => Ok(receives),
    }
}

fn parse_principal(name: String, section: impl FnOnce() -> String) -> Result<Principal, PolicyError> {
    Principal::parse(&name)
        .ok_or_else(|| PolicyError::UnknownPrincipal { section: section(), principal: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../policy.toml");

    fn refused(change: impl FnOnce(&str) -> String) -> String {
        let changed = change(POLICY);
        assert_ne!(changed, POLICY);
        Policy::parse(&changed).unwrap_err().to_string()
    }

    #[test]
    fn the_projects_policy_forbids_what_the_project_is_about() {
        let policy = Policy::of_this_project().unwrap();
        for class in [DataClass::Content, DataClass::ContentSize, DataClass::Secret] {
            for principal in [Principal::Network, Principal::Transport, Principal::Operator] {
                assert!(!policy.allows(principal, class), "{principal} and {class}");
            }
        }
        assert!(policy.allows(Principal::Transport, DataClass::Routing));
        assert!(policy.allows(Principal::Cloud, DataClass::Metering));
        assert!(!policy.allows(Principal::Operator, DataClass::ConsumerAddress));
    }

    #[test]
    fn aggregates_and_packets_allow_no_single_value() {
        let policy = Policy::of_this_project().unwrap();
        assert_eq!(policy.cell(Principal::Operator, DataClass::Metering), Cell::Aggregated);
        assert!(!policy.allows(Principal::Operator, DataClass::Metering));
        assert_eq!(policy.cell(Principal::Network, DataClass::Timing), Cell::Packets);
        assert!(!policy.allows(Principal::Network, DataClass::Timing));
    }

    #[test]
    fn a_class_that_is_none_is_named() {
        let error = refused(|policy| policy.replace("[matrix.timing]", "[matrix.timming]"));
        assert!(error.contains("[matrix.timming] is no data class"), "{error}");
    }

    #[test]
    fn a_principal_who_is_none_is_named() {
        let error = refused(|policy| policy.replacen("network = \"no\"", "netwrok = \"no\"", 1));
        assert!(error.contains("[matrix.content] names `netwrok`"), "{error}");
        let error = refused(|policy| policy.replace("[receives.cloud]", "[receives.clod]"));
        assert!(error.contains("[receives] names `clod`"), "{error}");
    }

    #[test]
    fn a_word_that_means_nothing_is_named() {
        let error = refused(|policy| policy.replacen("transport = \"no\"", "transport = \"maybe\"", 1));
        assert!(error.contains("[matrix.content] says `transport = \"maybe\"`"), "{error}");
    }

    #[test]
    fn silence_is_refused() {
        let error = refused(|policy| policy.replacen("transport = \"no\"\n", "", 1));
        assert!(error.contains("[matrix.content] says nothing of `transport`"), "{error}");
        let error = refused(|policy| policy.replace("[receives.network]", ""));
        assert!(error.contains("[receives.network] is missing"), "{error}");
    }

    #[test]
    fn a_section_nobody_reads_is_refused() {
        let error = refused(|policy| policy.replacen("withheld =", "witheld =", 1));
        assert!(error.contains("witheld"), "{error}");
    }
}
