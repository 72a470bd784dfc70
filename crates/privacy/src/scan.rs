//! The search for canaries in everything that somebody could see.
//!
//! A [`Scanner`] holds every canary in every encoding; a [`Stream`] is a position in bytes that come as they
//! come. Nothing is buffered and a match may cross any number of chunks.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{
    Canary, CanaryError, DataClass, Encoding, encoding,
    search::{Cursor, Match, Patterns},
};

/// Looks for canaries. Cheap to clone; one serves any number of streams and threads.
#[derive(Clone)]
pub struct Scanner {
    patterns: Arc<Patterns>,
    /// What each pattern is.
    targets: Arc<[Target]>,
}

struct Target {
    canary: Arc<str>,
    class: DataClass,
    encoding: Encoding,
}

/// A canary where it was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The name of the canary.
    pub canary: Arc<str>,
    /// What it is an example of; the policy says who may see it.
    pub class: DataClass,
    /// Where it was seen: the name of the stream, or the path of the file.
    pub view: Arc<str>,
    /// Position of its first byte within the view.
    pub offset: u64,
    /// How it was written there.
    pub encoding: Encoding,
}

/// One sequence of bytes, fed as it comes.
#[derive(Clone)]
pub struct Stream {
    scanner: Scanner,
    view: Arc<str>,
    cursor: Cursor,
}

/// Several views at once, each a stream of its own.
#[derive(Clone)]
pub struct Scan {
    scanner: Scanner,
    streams: BTreeMap<Arc<str>, Stream>,
}

/// Why a directory could not be scanned to the end.
#[derive(Debug, thiserror::Error)]
#[error("can't read {path}: {source}", path = path.display())]
pub struct ScanError {
    path: PathBuf,
    source: io::Error,
}

impl Scanner {
    /// A scanner for these canaries.
    pub fn new(canaries: impl IntoIterator<Item = Canary>) -> Result<Self, CanaryError> {
        let mut owners: BTreeMap<Vec<u8>, Arc<str>> = BTreeMap::new();
        let mut targets = Vec::new();
        let mut patterns = Vec::new();
        for canary in canaries {
            if canary.is_too_short() {
                return Err(CanaryError::TooShort(canary.name().clone()));
            }
            for (encoding, pattern) in encoding::patterns(&canary) {
                if let Some(other) = owners.insert(pattern.clone(), canary.name().clone()) {
                    return Err(CanaryError::Alike(other, canary.name().clone()));
                }
                targets.push(Target { canary: canary.name().clone(), class: canary.class(), encoding });
                patterns.push(pattern);
            }
        }
        Ok(Self { patterns: Arc::new(Patterns::new(&patterns)), targets: targets.into() })
    }

    /// A stream without a name.
    pub fn stream(&self) -> Stream {
        self.view("stream")
    }

    /// A stream with a name, which its findings bear.
    pub fn view(&self, view: &str) -> Stream {
        Stream { scanner: self.clone(), view: view.into(), cursor: Cursor::default() }
    }

    /// Scans every file under `path`, and the names of files and directories. Views are paths relative to
    /// it. Links are not followed; a file that goes away meanwhile is not an error.
    pub fn scan_dir(&self, path: &Path) -> Result<Vec<Finding>, ScanError> {
        let mut findings = Vec::new();
        let mut waiting = vec![path.to_owned()];
        while let Some(dir) = waiting.pop() {
            for entry in entries(&dir)? {
                let name = entry.strip_prefix(path).unwrap_or(&entry).to_string_lossy().into_owned();
                findings.extend(self.view(&format!("name of {name}")).feed(name.as_bytes()));
                let about = absent_is_none(&entry, fs::symlink_metadata(&entry))?;
                match about.map(|about| about.file_type()) {
                    Some(kind) if kind.is_dir() => waiting.push(entry),
                    Some(kind) if kind.is_file() => findings.extend(self.scan_file(&entry, &name)?),
                    _ => {}
                }
            }
        }
        findings.sort();
        Ok(findings)
    }

    fn scan_file(&self, path: &Path, view: &str) -> Result<Vec<Finding>, ScanError> {
        let mut findings = Vec::new();
        let Some(mut file) = absent_is_none(path, File::open(path))? else { return Ok(findings) };
        let mut stream = self.view(view);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match file.read(&mut buffer) {
                Ok(read) => buffer.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(ScanError { path: path.to_owned(), source }),
            };
            if read.is_empty() {
                return Ok(findings);
            }
            findings.extend(stream.feed(read));
        }
    }
}

impl Stream {
    /// The next bytes. Returns what ends within them; it may have begun in earlier ones.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Finding> {
        let matches = self.scanner.patterns.search(&mut self.cursor, bytes);
        matches.into_iter().filter_map(|found| self.finding(&found)).collect()
    }

    /// How many bytes it was fed: nothing found in nothing proves nothing.
    pub fn scanned(&self) -> u64 {
        self.cursor.position()
    }

    fn finding(&self, found: &Match) -> Option<Finding> {
        let target = self.scanner.targets.get(found.pattern)?;
        Some(Finding {
            canary: target.canary.clone(),
            class: target.class,
            view: self.view.clone(),
            offset: found.offset,
            encoding: target.encoding,
        })
    }
}

impl Scan {
    /// A scan that has seen nothing yet.
    pub fn new(scanner: &Scanner) -> Self {
        Self { scanner: scanner.clone(), streams: BTreeMap::new() }
    }

    /// The next bytes of a view; a new name begins a new one. Returns what ends within them.
    pub fn feed(&mut self, view: &str, bytes: &[u8]) -> Vec<Finding> {
        if let Some(stream) = self.streams.get_mut(view) {
            return stream.feed(bytes);
        }
        let mut stream = self.scanner.view(view);
        let findings = stream.feed(bytes);
        self.streams.insert(stream.view.clone(), stream);
        findings
    }

    /// How many bytes each view had.
    pub fn scanned(&self) -> impl Iterator<Item = (&str, u64)> {
        self.streams.iter().map(|(view, stream)| (&**view, stream.scanned()))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { canary, class, view, offset, encoding } = self;
        write!(f, "canary `{canary}` ({class}) in {view} at byte {offset}, {encoding}")
    }
}

/// For machines: the same words as for a person.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 5)?;
        finding.serialize_field("canary", &*self.canary)?;
        finding.serialize_field("class", self.class.name())?;
        finding.serialize_field("view", &*self.view)?;
        finding.serialize_field("offset", &self.offset)?;
        finding.serialize_field("encoding", &self.encoding.to_string())?;
        finding.end()
    }
}

/// The entries of a directory in the order of their names.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let failed = |source| ScanError { path: dir.to_owned(), source };
    let Some(entries) = absent_is_none(dir, fs::read_dir(dir))? else { return Ok(Vec::new()) };
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

fn absent_is_none<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, ScanError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ScanError { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const TEXT: &str = "the heron stands in 7 \"shallow\" waters";
    const NUMBER: u64 = 491_511_234_567;

    fn canaries() -> [Canary; 3] {
        [
            Canary::new("text", DataClass::Content, TEXT),
            Canary::new(
                "key",
                DataClass::Secret,
                [0xfb, 0xef, 0xbe, 0x0d, 0x3c, 0x11, 0x7a, 0xff, 0x42, 0x90],
            ),
            Canary::number("phone", DataClass::ConsumerAddress, NUMBER),
        ]
    }

    fn scanner() -> Scanner {
        Scanner::new(canaries()).unwrap()
    }

    #[test]
    fn every_encoding_is_found_wherever_chunks_end() {
        for canary in canaries() {
            for (encoding, pattern) in encoding::patterns(&canary) {
                for chunk in [1, 2, 3, 7, 8, 9, 31, 1000] {
                    let bytes = [b"<before>".as_slice(), &pattern, b"<after>"].concat();
                    let mut stream = scanner().view("a stream");
                    let found: Vec<_> = bytes.chunks(chunk).flat_map(|chunk| stream.feed(chunk)).collect();
                    let expected = Finding {
                        canary: canary.name().clone(),
                        class: canary.class(),
                        view: "a stream".into(),
                        offset: 8,
                        encoding,
                    };
                    assert!(found.contains(&expected), "{expected}, in chunks of {chunk}: {found:?}");
                    assert_eq!(stream.scanned(), bytes.len() as u64);
                }
            }
        }
    }

    #[test]
    fn a_value_inside_a_larger_base64_is_found() {
        let found = scanner().stream().feed(STANDARD.encode(format!("to: {TEXT}!")).as_bytes());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to_string(), "canary `text` (content) in stream at byte 6, base64 at offset 1");
    }

    #[test]
    fn views_are_separate() {
        let mut scan = Scan::new(&scanner());
        let (first, second) = TEXT.as_bytes().split_at(10);
        assert_eq!(scan.feed("relay", first), []);
        assert_eq!(scan.feed("cloud", second), []);
        let found = scan.feed("relay", second);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].view, found[0].offset), ("relay", 0));
        assert_eq!(scan.scanned().collect::<Vec<_>>(), [("cloud", 28), ("relay", 38)]);
    }

    #[test]
    fn files_and_their_names_are_scanned() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        // Across the border of the buffer that files are read with.
        let mut long = vec![b'x'; 64 * 1024 - 10];
        long.extend(TEXT.as_bytes());
        fs::write(dir.path().join("a/b/long"), long).unwrap();
        fs::write(dir.path().join(format!("queue-{NUMBER}")), "nothing").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", dir.path().join("elsewhere")).unwrap();
        let found: Vec<_> = scanner().scan_dir(dir.path()).unwrap().iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            [
                "canary `phone` (consumer_address) in name of queue-491511234567 at byte 6, raw",
                "canary `text` (content) in a/b/long at byte 65526, raw",
            ]
        );
        assert_eq!(scanner().scan_dir(&dir.path().join("gone")).unwrap(), []);
    }

    #[test]
    fn what_would_be_found_by_chance_is_refused() {
        let refused = |canary| Scanner::new([canary]).err();
        assert_eq!(
            refused(Canary::new("short", DataClass::Content, "hello")),
            Some(CanaryError::TooShort("short".into()))
        );
        assert_eq!(
            refused(Canary::number("short", DataClass::ConsumerAddress, 555_0100)),
            Some(CanaryError::TooShort("short".into()))
        );
    }

    #[test]
    fn canaries_that_cant_be_told_apart_are_refused() {
        let one = Canary::new("one", DataClass::Content, "a value of two");
        let other = Canary::new("other", DataClass::Secret, "a value of two");
        assert_eq!(Scanner::new([one, other]).err(), Some(CanaryError::Alike("one".into(), "other".into())));
    }

    proptest! {
        #[test]
        fn nothing_is_found_in_random_bytes(bytes in vec(any::<u8>(), 0..20_000)) {
            prop_assert_eq!(scanner().stream().feed(&bytes), []);
        }
    }
}
