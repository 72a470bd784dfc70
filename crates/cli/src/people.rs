//! Where the people of the control interface live: a directory each, beside those of the relay and the node.
//!
//! A person who is removed, or installs the app anew, keeps the directory and the link key in it: the relay knows the number
//! by that key. What makes a directory somebody's is its `party.toml`; without it there is nobody.

use crate::data::{Data, empty};
use crate::error::explain;
use crate::manifest::{MANIFEST, Party};
use control::{Home, HomeError, Homes};
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};
use wire::Number;

/// What the control interface wants to know of a person after the next start.
const NOTE: &str = "person.json";

/// The directories of all people.
pub(crate) struct Directories {
    dir: PathBuf,
    key_lifetime: Duration,
}

impl Directories {
    /// In `dir`, which need not be there yet.
    pub(crate) fn new(dir: PathBuf, key_lifetime: Duration) -> Self {
        Self { dir, key_lifetime }
    }

    fn of(&self, number: Number) -> PathBuf {
        self.dir.join(number.digits())
    }
}

impl Homes for Directories {
    fn numbers(&self) -> Result<Vec<Number>, HomeError> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| failed("read", &self.dir, &error))?,
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let mut numbers: Vec<Number> = entries.flatten().filter_map(number).collect();
        numbers.retain(|number| self.of(*number).join(MANIFEST).exists());
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn open(&self, number: Number) -> Result<Home, HomeError> {
        let data = Data::open(&self.of(number), Party::Consumer(number), self.key_lifetime);
        let data = data.map_err(|error| HomeError(explain(&error)))?;
        Ok(Home { identity: data.identity, store: data.store, rng: data.rng })
    }

    fn clear(&self, number: Number) -> Result<(), HomeError> {
        let dir = self.of(number);
        let gone = |removed: io::Result<()>| match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("empty", &dir, &error)),
            _ => Ok(()),
        };
        gone(empty(&dir))?;
        gone(fs::remove_file(dir.join(NOTE)))
    }

    fn read(&self, number: Number) -> Result<Option<String>, HomeError> {
        let file = self.of(number).join(NOTE);
        match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            note => note.map(Some).map_err(|error| failed("read", &file, &error)),
        }
    }

    fn write(&self, number: Number, note: &str) -> Result<(), HomeError> {
        let dir = self.of(number);
        fs::create_dir_all(&dir).map_err(|error| failed("make", &dir, &error))?;
        let file = dir.join(NOTE);
        link::replace_file(&file, note.as_bytes()).map_err(|error| failed("write", &file, &error))
    }
}

fn failed(what: &str, file: &std::path::Path, error: &io::Error) -> HomeError {
    HomeError(format!("can't {what} {}: {error}", file.display()))
}
