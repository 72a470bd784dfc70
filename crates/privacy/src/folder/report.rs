//! What an audit of a folder found.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{DataClass, Leak, Party, Presence, equal::Difference};

/// What an audit of a folder found.
#[derive(Clone, Debug, Default)]
pub struct FolderReport {
    /// What was searched.
    pub views: Vec<SearchedView>,
    /// For how many canaries.
    pub canaries: usize,
    /// Canaries where they may be and were: proof that the search can see.
    pub seen: Vec<Presence>,
    /// Views of pairs that were compared, and must be the same.
    pub compared: usize,
    /// Canaries where they may not be.
    pub leaks: Vec<Leak>,
    /// Views by which a party can tell runs apart that it must not.
    pub differs: Vec<Differs>,
    /// What could not be checked: unless it is empty, finding nothing proves nothing.
    pub unchecked: Vec<Unchecked>,
}

/// A view that was searched.
#[derive(Clone, Debug, Serialize)]
pub struct SearchedView {
    /// Whose.
    pub party: Party,
    /// Which one.
    pub view: String,
    /// How long it is.
    pub bytes: u64,
    /// How much was read out of compressed streams in it, and searched too.
    pub inflated: u64,
}

/// A party that can tell from a view which of two runs it is in.
#[derive(Clone, Debug, Serialize)]
pub struct Differs {
    /// Which pair of runs.
    pub pair: String,
    /// What the secret is.
    pub class: DataClass,
    /// Who can tell.
    pub party: Party,
    /// From which view.
    pub view: String,
    /// By what.
    pub difference: Difference,
}

/// Something that could not be checked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unchecked {
    /// A view that is not, or not all, there.
    View {
        /// Whose.
        party: Party,
        /// Which one.
        view: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A file that can't be read.
    Unreadable {
        /// Which one, within the folder.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file in the folder that the manifest doesn't name.
    Unlisted {
        /// Which one, within the folder.
        path: String,
    },
    /// A canary that a party may see and that is in none of its views.
    Unseen(Presence),
    /// A canary that nobody may see whose views are here.
    Unseeable {
        /// Its name.
        canary: String,
    },
    /// A pair whose runs don't differ for anybody.
    SameRuns {
        /// Its name.
        pair: String,
        /// True if there is a view of somebody who may see the secret.
        anyone_may: bool,
    },
    /// A path of a pair that is in no event.
    IdleMask {
        /// The pair's name.
        pair: String,
        /// What it would mask or rename.
        path: String,
    },
}

/// The result in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was checked, and nothing found.
    Clean,
    /// Somebody can learn what they may not.
    Leak,
    /// Nothing was found, but not everything could be checked.
    CouldNotCheck,
}

impl FolderReport {
    /// A leak is one even if something else could not be checked.
    pub fn verdict(&self) -> Verdict {
        match (self.leaks.is_empty() && self.differs.is_empty(), self.unchecked.is_empty()) {
            (false, _) => Verdict::Leak,
            (true, false) => Verdict::CouldNotCheck,
            (true, true) => Verdict::Clean,
        }
    }
}

impl Verdict {
    /// The exit code of a command: 0, 1 or 2. An error is 2 as well.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Leak => 1,
            Self::CouldNotCheck => 2,
        }
    }
}

/// For a person.
impl fmt::Display for FolderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.views.iter().map(|view| view.bytes).sum();
        let inflated: u64 = self.views.iter().map(|view| view.inflated).sum();
        writeln!(
            f,
            "Searched {} views, {bytes} bytes and {inflated} more in compressed streams, for {} canaries.",
            self.views.len(),
            self.canaries
        )?;
        writeln!(f, "{} times a canary was where it may be.", self.seen.len())?;
        writeln!(f, "Compared {} views of pairs of runs.", self.compared)?;
        section(f, "Leaks", &self.leaks)?;
        section(f, "Told apart", &self.differs)?;
        section(f, "Could not be checked", &self.unchecked)?;
        let leaks = self.leaks.len() + self.differs.len();
        let unchecked = self.unchecked.len();
        match self.verdict() {
            Verdict::Clean => writeln!(f, "\nClean: the policy is kept."),
            Verdict::Leak => writeln!(f, "\nLeaking: {leaks} leaks, {unchecked} things not checked."),
            Verdict::CouldNotCheck => writeln!(f, "\nNo answer: {unchecked} things could not be checked."),
        }
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, items: &[impl fmt::Display]) -> fmt::Result {
    if !items.is_empty() {
        writeln!(f, "\n{title}:")?;
    }
    for item in items {
        for (index, line) in item.to_string().lines().enumerate() {
            writeln!(f, "{}{line}", if index == 0 { "  - " } else { "    " })?;
        }
    }
    Ok(())
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pair, class, party, view, difference } = self;
        writeln!(f, "{party} can tell the runs of pair `{pair}` ({class}) apart by its view `{view}`")?;
        difference.fmt(f)
    }
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::View { party, view, why } => write!(f, "view `{view}` of {party}: {why}"),
            Self::Unreadable { path, why } => write!(f, "{path}: {why}"),
            Self::Unlisted { path } => {
                write!(
                    f,
                    "{path} is in the folder, but views.toml doesn't say whose it is: list or remove it"
                )
            }
            Self::Unseen(presence) => write!(
                f,
                "{presence}: was it planted, is the view complete? If it need not be there, say `expected = false`"
            ),
            Self::Unseeable { canary } => write!(
                f,
                "nobody may see canary `{canary}` whose views are here, so the search may be blind to it: add \
                 such a view, or say `expected = false`"
            ),
            Self::SameRuns { pair, anyone_may: true } => write!(
                f,
                "the runs of pair `{pair}` are the same to everybody who may learn the secret: was it varied?"
            ),
            Self::SameRuns { pair, anyone_may: false } => write!(
                f,
                "pair `{pair}` has no view of anybody who may learn the secret, so it can't be seen that it was \
                 varied: add one, or say `expected = false`"
            ),
            Self::IdleMask { pair, path } => {
                write!(
                    f,
                    "pair `{pair}` masks or renames `{path}`, which is in none of its events: is it misspelt?"
                )
            }
        }
    }
}

/// For machines: everything, and the verdict.
impl Serialize for FolderReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("FolderReport", 8)?;
        report.serialize_field("verdict", &self.verdict())?;
        report.serialize_field("views", &self.views)?;
        report.serialize_field("canaries", &self.canaries)?;
        report.serialize_field("seen", &self.seen)?;
        report.serialize_field("compared", &self.compared)?;
        report.serialize_field("leaks", &self.leaks)?;
        report.serialize_field("differs", &self.differs)?;
        report.serialize_field("unchecked", &self.unchecked)?;
        report.end()
    }
}
