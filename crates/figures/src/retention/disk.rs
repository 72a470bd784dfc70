//! The same on disk: what a thief of the files of the embedded store gets, while a message waits and afterwards.

use super::exposure::{CONTENT, Case, Scene, Way};
use crate::error::OrFailed;
use crate::{Band, Error, Lab, Outcome};
use cloud::Node;
use kernel::Machine as _;
use lab::loot;
use std::fs;
use std::path::Path;
use std::time::Duration;
use store::{Options, Store};

const HOUR: Duration = Duration::from_secs(3600);
const STEP: &str = "copying the store's files";

/// Adds what the files give away.
pub(super) fn add(lab: &mut Lab, outcome: &mut Outcome) -> Result<(), Error> {
    lab.tell("files", 0.0);
    let directory = tempfile::tempdir().or_disk_failed("making a directory for the store")?;
    let store = Store::open(directory.path(), Options::default()).or_disk_failed("opening a store")?;
    let case = Case { way: Way::In, outage: HOUR, retention: HOUR * 24 };
    let mut scene = Scene::new(lab.seed, &case, store.partition("node"))?;
    scene.interrupt()?;
    scene.send()?;
    scene.pass(case.outage)?;
    let waiting = Theft::of(directory.path())?;
    scene.resume()?;
    scene.pass(HOUR)?;
    // The end of the process destroys the keys that a running store destroys within `Options::key_lifetime`.
    drop(scene);
    store.close();
    let afterwards = Theft::of(directory.path())?;

    let case = "files stolen while it waits, opened with the keys in them";
    outcome.claimed(case, (waiting.opened, "messages"), "readable: 1", Band::exactly(1.0));
    let case = "the same files, searched without opening them";
    outcome.claimed(case, (waiting.searched, "messages"), "none: sealed", Band::exactly(0.0));
    let case = "files stolen once the key is destroyed";
    outcome.claimed(case, (afterwards.opened + afterwards.searched, "messages"), "none", Band::exactly(0.0));
    Ok(())
}

/// What a copy of the files gives.
struct Theft {
    /// Found in the rows, after opening the store.
    opened: f64,
    /// Found in the files as they are.
    searched: f64,
}

impl Theft {
    fn of(directory: &Path) -> Result<Self, Error> {
        let copy = tempfile::tempdir().or_disk_failed(STEP)?;
        let found = copy_and_search(directory, copy.path())?;
        let store = Store::open(copy.path(), Options::default()).or_disk_failed("opening a stolen store")?;
        let rows = store.partition("node").load(Node::TABLES).or_failed("reading a stolen store")?;
        let count = |found| if found { 1.0 } else { 0.0 };
        Ok(Self { opened: count(loot::shows(&rows, CONTENT.as_bytes())), searched: count(found) })
    }
}

/// Whether a file shows the content.
fn copy_and_search(from: &Path, to: &Path) -> Result<bool, Error> {
    let mut found = false;
    for entry in fs::read_dir(from).or_disk_failed(STEP)? {
        let entry = entry.or_disk_failed(STEP)?;
        let target = to.join(entry.file_name());
        if entry.file_type().or_disk_failed(STEP)?.is_dir() {
            fs::create_dir_all(&target).or_disk_failed(STEP)?;
            found |= copy_and_search(&entry.path(), &target)?;
        } else {
            let bytes = fs::read(entry.path()).or_disk_failed(STEP)?;
            found |= bytes.windows(CONTENT.len()).any(|window| window == CONTENT.as_bytes());
            fs::write(&target, bytes).or_disk_failed(STEP)?;
        }
    }
    Ok(found)
}
