//! `party.toml`: what a party's data directory is, so that nothing else is taken for it and nothing missing is made anew.
//!
//! It is written last when a directory is made, so a directory without it was never used; and one with it is whole, or
//! something is missing.

use crate::toml_file;
use link::{LinkIdentity, replace_file};
use miette::{IntoDiagnostic as _, WrapErr as _};
use serde::{Deserialize, Serialize};
use std::path::Path;
use store::StoreId;
use wire::Number;

pub(crate) const MANIFEST: &str = "party.toml";
const FORMAT: u32 = 1;
const SAYS: &str =
    "# Whose data directory this is, and what belongs to it: see docs/settings.md. Written by blindpost.\n";

/// Whose a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// The transport.
    Relay,
    /// A node of the Cloud API.
    Node,
    /// The app of the person with this number.
    Consumer(Number),
    /// All apps of a demonstration.
    Phones,
}

impl Party {
    /// As logs and random numbers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Node => "node",
            Self::Consumer(_) => "consumer",
            Self::Phones => "phones",
        }
    }

    /// True if it connects to a relay, whose key it then keeps.
    pub(crate) fn has_relay(self) -> bool {
        matches!(self, Self::Node | Self::Consumer(_))
    }

    fn number(self) -> Option<Number> {
        if let Self::Consumer(number) = self { Some(number) } else { None }
    }
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    party: String,
    /// A consumer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Of the key in `link.pem`.
    link_key: String,
    store: String,
    /// A consumer's: a relay has known the number as this device's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    registered: bool,
    /// The relay has never known the number as this device's, and says that it is another's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    /// A node's that has spoken TLS: the SHA-256 of its files for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    pub(crate) fn new(party: Party, identity: &LinkIdentity, store: StoreId) -> Self {
        Self {
            format: FORMAT,
            party: party.name().into(),
            number: party.number().map(Number::digits),
            link_key: identity.public().to_string(),
            store: store.to_string(),
            registered: false,
            refused: false,
            tls: None,
        }
    }

    /// The same of a node that speaks TLS with these files.
    pub(crate) fn with_tls(self, files: String) -> Self {
        Self { tls: Some(files), ..self }
    }

    /// The files with which it speaks TLS.
    pub(crate) fn tls(&self) -> Option<&str> {
        self.tls.as_deref()
    }

    /// The same of a party that a relay knows: there is something to lose from now on.
    pub(crate) fn registered(self) -> Self {
        Self { registered: true, ..self }
    }

    /// The same of a party that the relay has refused for good.
    pub(crate) fn refused(self) -> Self {
        Self { refused: true, ..self }
    }

    /// True if a relay has ever known the number as this device's.
    pub(crate) fn is_registered(&self) -> bool {
        self.registered
    }

    /// What the directory says that it is; `None` if it says nothing.
    pub(crate) fn read(dir: &Path) -> miette::Result<Option<Self>> {
        let file = dir.join(MANIFEST);
        let there = file.try_exists().into_diagnostic();
        if !there.wrap_err_with(|| format!("can't read {}", file.display()))? {
            return Ok(None);
        }
        // Nobody is told to start anew for want of a permission.
        if let Err(error) = std::fs::read(&file) {
            return Err(error).into_diagnostic().wrap_err_with(|| format!("can't read {}", file.display()));
        }
        // Its version first: of another one the rest may be other things.
        let Version { format } = toml_file::read(&file).map_err(|error| damaged(&file, error))?;
        if format != FORMAT {
            return Err(miette::miette!(
                help = "use the version of this program that made the directory, or another directory",
                "{} has format {format}, and this version reads format {FORMAT} only",
                file.display()
            ));
        }
        toml_file::read(&file).map(Some).map_err(|error| damaged(&file, error))
    }

    /// Says so, durably, in place of what was said before.
    pub(crate) fn write(&self, dir: &Path) -> miette::Result<()> {
        let file = dir.join(MANIFEST);
        let text = toml::to_string(self).into_diagnostic()?;
        replace_file(&file, format!("{SAYS}{text}").as_bytes())
            .into_diagnostic()
            .wrap_err_with(|| format!("can't write {}", file.display()))
    }

    /// True if nothing is lost with what the directory holds: the party it was made for never came to be.
    pub(crate) fn gives_way_to(&self, party: Party) -> bool {
        self.refused && !self.registered && self.party == party.name()
    }

    /// Refuses `dir` as the directory of several parties, if it is one party's own.
    pub(crate) fn check_holds_others(dir: &Path) -> miette::Result<()> {
        match Self::read(dir)? {
            Some(manifest) => Err(miette::miette!(
                help = "serve keeps the relay and the node in directories of their own: name another one",
                "{} is the data directory of one party: {}",
                dir.display(),
                manifest.party
            )),
            None => Ok(()),
        }
    }

    /// Refuses a party whose directory `dir` is not.
    pub(crate) fn check(&self, dir: &Path, party: Party) -> miette::Result<()> {
        let wanted =
            Self { party: party.name().into(), number: party.number().map(Number::digits), ..self.clone() };
        if self.party == wanted.party && self.number == wanted.number {
            return Ok(());
        }
        let told = |manifest: &Self| match &manifest.number {
            Some(number) => format!("{} {number}", manifest.party),
            None => format!("a {}", manifest.party),
        };
        Err(miette::miette!(
            help = "name another one with --data, or start the one that it belongs to",
            "{} is the data directory of {}, not of {}",
            dir.display(),
            told(self),
            told(&wanted)
        ))
    }

    /// Refuses a link key that is another's.
    pub(crate) fn check_key(&self, file: &Path, identity: &LinkIdentity) -> miette::Result<()> {
        if identity.public().to_string() == self.link_key {
            return Ok(());
        }
        Err(miette::miette!(
            help = RESTORE,
            "{} holds another key than the one that {MANIFEST} beside it names",
            file.display()
        ))
    }

    /// Which store belongs to it.
    pub(crate) fn store(&self, dir: &Path) -> miette::Result<StoreId> {
        let bytes = hex::decode(&self.store).ok().and_then(|bytes| bytes.try_into().ok());
        let file = dir.join(MANIFEST);
        bytes.map(StoreId).ok_or_else(|| {
            miette::miette!(help = RESTORE, "{} is damaged: `store` is not the name of one", file.display())
        })
    }
}

/// What helps if a part of a directory is missing or another's.
pub(crate) const RESTORE: &str = "put the whole directory back from one copy; without a copy what it held is lost, and a \
     new party starts in a new directory";

/// Without the lines that are wrong: nobody is to mend them.
fn damaged(file: &Path, error: miette::Report) -> miette::Report {
    let told = error.root_cause().to_string();
    let why = told.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    miette::miette!(help = RESTORE, "{} is damaged: {why}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    fn manifest(party: Party) -> Manifest {
        let mut rng = kernel::Rng::for_entity(&kernel::Seed::from_number(1), "test");
        Manifest::new(party, &LinkIdentity::generate(&mut rng), StoreId([7; 16]))
    }

    fn alice() -> Party {
        Party::Consumer("4915112345678".parse().unwrap())
    }

    #[test]
    fn it_is_read_as_it_was_written_and_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), None);
        let manifest = manifest(alice());
        for manifest in [&manifest, &manifest.clone().refused(), &manifest.clone().registered()] {
            manifest.write(dir.path()).unwrap();
            assert_eq!(Manifest::read(dir.path()).unwrap(), Some(manifest.clone()));
        }
        assert!(manifest.clone().refused().gives_way_to(alice()));
        assert!(!manifest.clone().registered().refused().gives_way_to(alice()), "it was somebody");
        assert_eq!(manifest.store(dir.path()).unwrap(), StoreId([7; 16]));
    }

    #[test]
    fn a_directory_of_several_parties_is_none_partys_own() {
        let dir = tempfile::tempdir().unwrap();
        Manifest::check_holds_others(dir.path()).unwrap();
        manifest(Party::Relay).write(dir.path()).unwrap();
        let error = explain(&Manifest::check_holds_others(dir.path()).unwrap_err());
        assert!(error.contains("of one party: relay") && error.contains("name another one"), "{error}");
    }

    /// What can't be read for another reason than what it says is not damaged: nobody is to start anew for that.
    #[test]
    fn what_cannot_be_read_is_not_called_damaged() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(MANIFEST)).unwrap();
        let error = explain(&Manifest::read(dir.path()).unwrap_err());
        assert!(error.starts_with("error: can't read") && !error.contains("damaged"), "{error}");
    }

    #[test]
    fn it_is_one_partys_and_one_persons() {
        let (dir, other) = (Path::new("d"), Party::Consumer("4915199999999".parse().unwrap()));
        manifest(alice()).check(dir, alice()).unwrap();
        let error = explain(&manifest(alice()).check(dir, other).unwrap_err());
        assert!(
            error
                .contains("d is the data directory of consumer 4915112345678, not of consumer 4915199999999"),
            "{error}"
        );
        let error = explain(&manifest(Party::Relay).check(dir, Party::Node).unwrap_err());
        assert!(
            error.contains("of a relay, not of a node") && error.contains("help: name another"),
            "{error}"
        );
    }

    #[test]
    fn what_is_none_is_named_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(MANIFEST);
        let said = |text: &str| {
            std::fs::write(&file, text).unwrap();
            explain(&Manifest::read(dir.path()).unwrap_err())
        };
        for text in ["", "rubbish", "format = 1\n", "format = 1\nparty = \"relay\"\nowner = 3\n"] {
            let error = said(text);
            assert!(
                error.contains("party.toml is damaged") && error.contains("help: put the whole"),
                "{error}"
            );
        }
        assert!(
            said("format = 2\nowner = 3\n")
                .contains("party.toml has format 2, and this version reads format 1")
        );
    }
}
