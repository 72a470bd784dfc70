//! A party's data directory: its link key and its store.

use kernel::Rng;
use link::LinkIdentity;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::Store;

/// What a party keeps on disk.
pub(crate) struct Data {
    pub(crate) dir: PathBuf,
    pub(crate) identity: LinkIdentity,
    pub(crate) store: Store,
    pub(crate) rng: Rng,
}

impl Data {
    /// Opens the directory of the party called `party`, and makes it if there is none.
    pub(crate) fn open(dir: &Path, party: &str, key_lifetime: Duration) -> miette::Result<Self> {
        fs::create_dir_all(dir)
            .into_diagnostic()
            .wrap_err_with(|| format!("can't make {}", dir.display()))?;
        let mut rng = rng(party)?;
        let key = dir.join("link.pem");
        let identity = LinkIdentity::load_or_create(&key, &mut rng)
            .into_diagnostic()
            .wrap_err_with(|| format!("can't read or make the link key {}", key.display()))?;
        let options = store::Options { key_lifetime, ..store::Options::default() };
        let store = Store::open(&dir.join("store"), options).into_diagnostic()?;
        Ok(Self { dir: dir.to_owned(), identity, store, rng })
    }
}

/// Randomness for one party, from the operating system's entropy.
pub(crate) fn rng(party: &str) -> miette::Result<Rng> {
    let seed = live::entropy().into_diagnostic().wrap_err("the operating system has no entropy")?;
    Ok(Rng::for_entity(&seed, party))
}
