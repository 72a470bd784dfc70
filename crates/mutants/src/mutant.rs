//! The mutants of a source, as their files say.

use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where their files are, from the root of the workspace.
const DIRECTORY: &str = "crates/audit/mutants";

/// All mutants of a source.
#[derive(Debug, Clone)]
pub struct Mutants {
    /// Of the workspace.
    pub(crate) root: PathBuf,
    pub(crate) all: Vec<Mutant>,
}

/// A known fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// What it is called, in kebab case: its file's name.
    pub name: String,
    /// What the party does wrong, in a sentence.
    pub fault: String,
    /// Where it shows.
    pub seat: Seat,
    /// The layers that must find it, each of them by itself.
    pub layers: Vec<Layer>,
    /// What makes the sound source do it.
    pub edits: Vec<Edit>,
}

/// Where a fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seat {
    /// In a pure machine: in virtual time as well as live.
    Machine,
    /// In a shell or the store: only with sockets and files.
    Shell,
}

/// What finds faults, from the cheapest to the deepest (docs/privacy.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Something that no list has: a log line, a header, a field, a file (`privacy::surfaces`).
    Surface,
    /// A planted value is where it must not be.
    Canary,
    /// Two runs that differ in a secret only look different.
    Noninterference,
    /// What was deleted can still be read.
    Destruction,
    /// Sizes or times tell more bits than they may.
    Leakage,
    /// A test of an invariant (docs/architecture.md).
    Invariant,
}

/// A change of one place of the source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Edit {
    /// The file, from the root of the workspace.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// The source that is put there.
    pub put: String,
}

/// A place in a file, by a piece of source that must occur once in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Instead of the piece.
    Replaces(String),
    /// Behind the piece.
    Follows(String),
}

/// The mutants can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or the directory of them is not there.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file doesn't say what a mutant's says.
    #[error("{}: {reason}", path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such mutant.
    #[error("there is no mutant `{0}`")]
    Unknown(String),
}

/// What a mutant's file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: String,
    seat: Seat,
    layers: Vec<Layer>,
    edit: Vec<Edit>,
}

/// What an edit says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    file: String,
    replaces: Option<String>,
    follows: Option<String>,
    put: String,
}

impl Mutants {
    /// Reads the mutants of the workspace at `root`.
    ///
    /// # Errors
    /// A file can't be read, or is none of a mutant.
    pub fn read(root: &Path) -> Result<Self, ReadError> {
        let directory = root.join(DIRECTORY);
        let unreadable = |path: &Path, source| ReadError::File { path: path.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&directory).map_err(|source| unreadable(&directory, source))? {
            let path = entry.map_err(|source| unreadable(&directory, source))?.path();
            if path.extension() == Some(OsStr::new("toml")) {
                paths.push(path);
            }
        }
        paths.sort();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
            let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            Mutant::parse(name, &text).map_err(|reason| ReadError::Form { path, reason })
        };
        let all = paths.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { root: root.to_owned(), all })
    }

    /// All of them, by name.
    pub fn all(&self) -> &[Mutant] {
        &self.all
    }

    /// Those that are called so; without a name, all of them.
    ///
    /// # Errors
    /// [`ReadError::Unknown`].
    pub fn called(&self, names: &[String]) -> Result<Vec<Mutant>, ReadError> {
        match names.iter().find(|name| self.all.iter().all(|mutant| mutant.name != **name)) {
            Some(unknown) => Err(ReadError::Unknown(unknown.clone())),
            None => {
                let wanted = |mutant: &&Mutant| names.is_empty() || names.contains(&mutant.name);
                Ok(self.all.iter().filter(wanted).cloned().collect())
            }
        }
    }
}

impl Mutant {
    /// Reads the text of the file that is called `name`, or says what is wrong with it.
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let File { fault, seat, layers, edit: edits } =
            toml::from_str(text).map_err(|error| error.to_string())?;
        if name.is_empty() || !name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()) {
            return Err("its name must be in kebab case".into());
        }
        if !fault.ends_with('.') {
            return Err("`fault` must be a sentence".into());
        }
        if layers.is_empty() || edits.is_empty() {
            return Err("it needs a layer that must find it, and an edit".into());
        }
        Ok(Self { name: name.to_owned(), fault, seat, layers, edits })
    }
}

impl TryFrom<Fields> for Edit {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let Fields { file, replaces, follows, put } = fields;
        let place = match (replaces, follows) {
            (Some(piece), None) => Place::Replaces(piece),
            (None, Some(piece)) => Place::Follows(piece),
            _ => return Err("an edit has one of `replaces` and `follows`"),
        };
        Ok(Self { file, place, put })
    }
}

impl Place {
    /// The piece of source. Space around it does not count.
    pub fn piece(&self) -> &str {
        let (Self::Replaces(piece) | Self::Follows(piece)) = self;
        piece.trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "fault = \"It is loud.\"\nseat = \"machine\"\nlayers = [\"canary\"]\n\
                         [[edit]]\nfile = \"a.rs\"\nfollows = 'here'\nput = 'x'\n";

    #[test]
    fn a_file_says_what_is_wrong_where_it_shows_and_what_must_find_it() {
        let mutant = Mutant::parse("is-loud", SOUND);
        let edit = Edit { file: "a.rs".into(), place: Place::Follows("here".into()), put: "x".into() };
        let expected = Mutant {
            name: "is-loud".into(),
            fault: "It is loud.".into(),
            seat: Seat::Machine,
            layers: vec![Layer::Canary],
            edits: vec![edit],
        };
        assert_eq!(mutant, Ok(expected));
    }

    #[test]
    fn what_is_no_mutant_is_refused() {
        for (name, from, to) in [
            ("Is-Loud", "", ""),
            ("is-loud", "It is loud.", "loud"),
            ("is-loud", "\"canary\"", ""),
            ("is-loud", "\"canary\"", "\"luck\""),
            ("is-loud", "follows = 'here'", ""),
            ("is-loud", "follows = 'here'", "follows = 'here'\nreplaces = 'here'"),
            ("is-loud", "put = 'x'", "put = 'x'\nline = 3"),
        ] {
            assert!(Mutant::parse(name, &SOUND.replacen(from, to, 1)).is_err(), "{name} {to}");
        }
    }
}
