//! A party's data directory: what it is, the party's link key, and its store.

use crate::manifest::{MANIFEST, Manifest, Party, RESTORE};
use kernel::Rng;
use link::{LinkIdentity, Pin, remove_drafts, write_new_file};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};
use store::{Shelf, Store};

const LINK_KEY: &str = "link.pem";
pub(crate) const RELAY_KEY: &str = "relay.key";
pub(crate) const TENANTS: &str = "tenants.toml";
/// The certificate of the test CA, for clients.
pub(crate) const TLS_CA: &str = "tls-ca.pem";
/// The server's certificate and its key.
pub(crate) const TLS_SERVER: &str = "tls-server.pem";
pub(crate) const PRINTED: &str = "printed";
const STORE: &str = "store";
const BLOBS: &str = "blobs";
const MEDIA: &str = "media";

/// What a party keeps on disk.
pub(crate) struct Data {
    pub(crate) dir: PathBuf,
    pub(crate) identity: LinkIdentity,
    pub(crate) store: Store,
    pub(crate) rng: Rng,
    pub(crate) manifest: Manifest,
}

impl Data {
    /// Opens the directory of `party`, or makes it if nothing is there that was somebody's. What is missing of a directory
    /// that was used is an error: nobody gets a second identity in the place of the first.
    pub(crate) fn open(dir: &Path, party: Party, key_lifetime: Duration) -> miette::Result<Self> {
        make(dir).into_diagnostic().wrap_err_with(|| format!("can't make {}", dir.display()))?;
        let options = store::Options { key_lifetime, ..store::Options::default() };
        let mut rng = rng(party.name())?;
        let (identity, store, manifest) = match Manifest::read(dir)? {
            Some(manifest) if manifest.gives_way_to(party) => {
                discard(dir).into_diagnostic().wrap_err_with(|| format!("can't empty {}", dir.display()))?;
                create(dir, party, options, &mut rng)?
            }
            Some(manifest) => {
                manifest.check(dir, party)?;
                let (identity, store) = open(dir, party, &manifest, options)?;
                (identity, store, manifest)
            }
            None => {
                check_unused(dir)?;
                create(dir, party, options, &mut rng)?
            }
        };
        Ok(Self { dir: dir.to_owned(), identity, store, rng, manifest })
    }

    /// Where a relay keeps what is too large for messages.
    pub(crate) fn blobs(&self) -> miette::Result<Shelf> {
        self.shelf(BLOBS)
    }

    /// Where a node keeps what is uploaded.
    pub(crate) fn media(&self) -> miette::Result<Shelf> {
        self.shelf(MEDIA)
    }

    fn shelf(&self, name: &str) -> miette::Result<Shelf> {
        let dir = self.dir.join(name);
        Shelf::open(&dir).into_diagnostic().wrap_err_with(|| format!("can't make {}", dir.display()))
    }

    /// Refuses to take the first relay that answers for the one that it should be, if a relay knows the party already:
    /// then `relay.key` is of an earlier time, or the key was named whenever the party was started.
    pub(crate) fn check_pin(&self, is_known: impl FnOnce() -> miette::Result<bool>) -> miette::Result<()> {
        let pin = self.dir.join(RELAY_KEY);
        if Pin::read(&pin).map_err(|error| unreadable(&pin, error))?.is_some() || !is_known()? {
            return Ok(());
        }
        Err(miette::miette!(
            help = "name the relay's key with --relay-key, or write it into the file",
            "{} says that no relay was seen yet, but one knows this party",
            pin.display()
        ))
    }
}

/// A directory that was used, with all that belongs to it.
fn open(
    dir: &Path,
    party: Party,
    manifest: &Manifest,
    options: store::Options,
) -> miette::Result<(LinkIdentity, Store)> {
    let key = dir.join(LINK_KEY);
    let identity = LinkIdentity::load(&key).map_err(|error| unreadable(&key, error))?;
    manifest.check_key(&key, &identity)?;
    let store = Store::open_known(&dir.join(STORE), manifest.store(dir)?, options).into_diagnostic()?;
    tidy(dir)?;
    if party.has_relay() {
        let pin = dir.join(RELAY_KEY);
        Pin::read(&pin).map_err(|error| unreadable(&pin, error))?;
    }
    Ok((identity, store))
}

/// Makes what a party needs, whatever of it a process has made that was killed meanwhile; and at last the manifest.
fn create(
    dir: &Path,
    party: Party,
    options: store::Options,
    rng: &mut Rng,
) -> miette::Result<(LinkIdentity, Store, Manifest)> {
    // It keeps others out from here on.
    let store = Store::open(&dir.join(STORE), options).into_diagnostic()?;
    if !store.was_unused() {
        return Err(missing(&dir.join(MANIFEST)));
    }
    tidy(dir)?;
    let key = dir.join(LINK_KEY);
    let identity = LinkIdentity::load_or_create(&key, rng).map_err(|error| {
        miette::miette!(
            help = "remove it, and one is made, or write your own: `openssl genpkey -algorithm ed25519` makes one",
            "can't read or make the link key {}: {error}",
            key.display()
        )
    })?;
    let pin = dir.join(RELAY_KEY);
    if party.has_relay() && !pin.exists() {
        write_new_file(&pin, format!("{}\n", Pin::NONE_YET).as_bytes())
            .into_diagnostic()
            .wrap_err_with(|| format!("can't write {}", pin.display()))?;
    }
    let manifest = Manifest::new(party, &identity, store.id());
    manifest.write(dir)?;
    Ok((identity, store, manifest))
}

/// A directory without a manifest may hold what a killed process had made of it, and what people put there; nothing that
/// only a party's life leaves, as one that an earlier version made does.
fn check_unused(dir: &Path) -> miette::Result<()> {
    let has_relay_key = || matches!(Pin::read(&dir.join(RELAY_KEY)), Ok(Some(_)));
    if dir.join(PRINTED).exists() || has_relay_key() {
        Store::check_format(&dir.join(STORE)).into_diagnostic()?;
        return Err(missing(&dir.join(MANIFEST)));
    }
    let entries = fs::read_dir(dir).into_diagnostic();
    let entries = entries.wrap_err_with(|| format!("can't read {}", dir.display()))?;
    let inner = entries.flatten().map(|entry| entry.path()).find(|path| path.join(MANIFEST).exists());
    match inner {
        Some(inner) => Err(miette::miette!(
            help = format!("did you mean --data {}?", inner.display()),
            "{} is no party's data directory: it holds those of others",
            dir.display()
        )),
        None => Ok(()),
    }
}

/// Removes all that a party has come to be; who it is to others stays, and it begins anew with that.
pub(crate) fn empty(dir: &Path) -> io::Result<()> {
    let removed = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    // First what says that somebody is here: nothing without it is somebody's.
    removed(fs::remove_file(dir.join(MANIFEST)))?;
    removed(fs::remove_dir_all(dir.join(STORE)))?;
    removed(fs::remove_file(dir.join(PRINTED)))
}

/// Removes what belongs to a party that never came to be; the manifest stays until there is another.
fn discard(dir: &Path) -> io::Result<()> {
    let removed = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    removed(fs::remove_dir_all(dir.join(STORE)))?;
    [PRINTED, LINK_KEY].into_iter().try_for_each(|name| removed(fs::remove_file(dir.join(name))))
}

/// Removes drafts that killed processes left. Only who holds the store's lock writes here.
fn tidy(dir: &Path) -> miette::Result<()> {
    remove_drafts(dir, &[LINK_KEY, RELAY_KEY, TENANTS, MANIFEST, TLS_CA, TLS_SERVER])
        .into_diagnostic()
        .wrap_err_with(|| format!("can't remove what is half written in {}", dir.display()))
}

/// Makes the directory, durably: what is in it may be lost in a power cut, but never it alone.
fn make(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    let parents = dir
        .ancestors()
        .skip(1)
        .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    // Who may not read one above has not made it.
    parents.for_each(|parent| drop(fs::File::open(parent).and_then(|parent| parent.sync_all())));
    Ok(())
}

/// A part of a directory that was used is not there.
pub(crate) fn missing(file: &Path) -> miette::Report {
    miette::miette!(help = RESTORE, "{} is missing, and the directory was in use", file.display())
}

fn unreadable(file: &Path, error: io::Error) -> miette::Report {
    match error.kind() {
        io::ErrorKind::NotFound => missing(file),
        io::ErrorKind::InvalidData => {
            miette::miette!(help = RESTORE, "{} is damaged: {error}", file.display())
        }
        _ => miette::miette!("can't read {}: {error}", file.display()),
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
            let mut data = Data::open(&dir.path().join("new/party"), Party::Node, LIFETIME).unwrap();
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
        let held = Data::open(dir.path(), Party::Node, LIFETIME).unwrap();
        assert!(Data::open(dir.path(), Party::Node, LIFETIME).is_err());
        held.store.close();
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = explain(&Data::open(&file, Party::Node, LIFETIME).err().unwrap());
        assert!(error.starts_with(&format!("error: can't make {}", file.display())), "{error}");

        fs::write(dir.path().join("link.pem"), "no key").unwrap();
        let error = explain(&Data::open(dir.path(), Party::Node, LIFETIME).err().unwrap());
        assert!(error.contains("link.pem"), "{error}");
    }

    #[test]
    fn who_is_known_to_a_relay_does_not_trust_the_next_one_that_answers() {
        let dir = tempfile::tempdir().unwrap();
        let data = Data::open(dir.path(), Party::Node, LIFETIME).unwrap();
        data.check_pin(|| Ok(false)).unwrap();
        let error = explain(&data.check_pin(|| Ok(true)).unwrap_err());
        assert!(error.contains("relay.key says that no relay was seen yet"), "{error}");
        assert!(error.contains("help: name the relay's key with --relay-key"), "{error}");
        fs::write(dir.path().join(RELAY_KEY), "ab".repeat(32)).unwrap();
        data.check_pin(|| Ok(true)).unwrap();
        data.store.close();
    }

    #[test]
    fn a_directory_of_an_earlier_version_is_called_so() {
        for used in [Some((PRINTED, "3".to_owned())), Some((RELAY_KEY, "ab".repeat(32))), None] {
            let dir = tempfile::tempdir().unwrap();
            let store = dir.path().join(STORE);
            fs::create_dir(&store).unwrap();
            let header = [&b"blindpost keys\r\n"[..], &1_u32.to_be_bytes(), &[0; 44]].concat();
            fs::write(store.join("keys"), header).unwrap();
            if let Some((file, text)) = &used {
                fs::write(dir.path().join(file), text).unwrap();
            }
            let error = explain(&Data::open(dir.path(), Party::Node, LIFETIME).err().unwrap());
            assert!(
                error.contains("keys has format 1, and this version reads format 2 only"),
                "{used:?}: {error}"
            );
            assert!(error.contains("or start in a new directory"), "{error}");
        }
    }
}
