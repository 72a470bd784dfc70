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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    const LIFETIME: Duration = Duration::from_secs(1);

    #[test]
    fn a_party_is_the_same_at_the_next_start_and_draws_other_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let mut data = Data::open(&dir.path().join("new/party"), "party", LIFETIME).unwrap();
            let drawn = data.rng.bytes::<16>();
            data.store.close();
            (data.identity.public(), drawn)
        };
        let (first, second) = (open(), open());
        assert_eq!(first.0, second.0);
        assert_ne!(first.1, second.1);
    }

    #[test]
    fn a_directory_that_another_process_has_open_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let held = Data::open(dir.path(), "party", LIFETIME).unwrap();
        assert!(Data::open(dir.path(), "party", LIFETIME).is_err());
        held.store.close();
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = explain(&Data::open(&file, "party", LIFETIME).err().unwrap());
        assert!(error.starts_with(&format!("error: can't make {}", file.display())), "{error}");

        fs::write(dir.path().join("link.pem"), "no key").unwrap();
        let error = explain(&Data::open(dir.path(), "party", LIFETIME).err().unwrap());
        assert!(error.contains("link.pem"), "{error}");
    }
}
