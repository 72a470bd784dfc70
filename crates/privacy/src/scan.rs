//! The scan: canaries in, findings out.
//!
//! A [`Scanner`] holds every canary in every encoding; a [`Stream`] is a position in bytes that come as they
//! come. Nothing is buffered and a match may cross any number of chunks.

mod files;
mod finding;

use std::{collections::BTreeMap, sync::Arc};

pub use files::ScanError;
pub use finding::{Finding, Inside};

use crate::{
    Canary, CanaryError, DataClass, Encoding, encoding,
    inflate::Inflated,
    search::{Cursor, Match, Patterns},
};

/// Looks for canaries. Cheap to clone; one serves any number of streams and threads.
#[derive(Clone)]
pub struct Scanner {
    patterns: Arc<Patterns>,
    /// What each pattern is.
    targets: Arc<[Target]>,
    canaries: Arc<[(Arc<str>, DataClass)]>,
}

#[derive(Clone, Copy)]
struct Target {
    /// Which of the canaries.
    canary: usize,
    encoding: Encoding,
}

/// One sequence of bytes, fed as it comes.
#[derive(Clone)]
pub struct Stream {
    scanner: Scanner,
    view: Arc<str>,
    cursor: Cursor,
    inflated: Inflated,
}

/// Several views at once, each a stream of its own.
#[derive(Clone)]
pub struct Scan {
    scanner: Scanner,
    streams: BTreeMap<Arc<str>, Stream>,
}

impl Scanner {
    /// A scanner for these canaries.
    pub fn new(canaries: impl IntoIterator<Item = Canary>) -> Result<Self, CanaryError> {
        let mut known = Vec::new();
        let mut targets = Vec::new();
        let mut patterns = Vec::new();
        for canary in canaries {
            if canary.is_too_short() {
                return Err(CanaryError::TooShort(canary.name().clone()));
            }
            for (encoding, pattern) in encoding::patterns(&canary) {
                targets.push(Target { canary: known.len(), encoding });
                patterns.push(pattern);
            }
            known.push((canary.name().clone(), canary.class()));
        }
        let scanner = Self {
            patterns: Arc::new(Patterns::new(&patterns)),
            targets: targets.into(),
            canaries: known.into(),
        };
        match alike(&patterns) {
            Some((one, other)) => Err(CanaryError::Alike(scanner.name_of(one), scanner.name_of(other))),
            None => Ok(scanner),
        }
    }

    /// A stream without a name.
    pub fn stream(&self) -> Stream {
        self.view("stream")
    }

    /// A stream with a name, which its findings bear.
    pub fn view(&self, view: &str) -> Stream {
        Stream {
            scanner: self.clone(),
            view: view.into(),
            cursor: Cursor::default(),
            inflated: Inflated::default(),
        }
    }

    fn target(&self, pattern: usize) -> Option<(&(Arc<str>, DataClass), Encoding)> {
        let target = self.targets.get(pattern)?;
        Some((self.canaries.get(target.canary)?, target.encoding))
    }

    fn name_of(&self, pattern: usize) -> Arc<str> {
        self.target(pattern).map_or_else(|| "?".into(), |((name, _), _)| name.clone())
    }
}

impl Stream {
    /// The next bytes. Returns what ends within them, and within what is compressed in them; it may have begun in
    /// earlier ones.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Finding> {
        let Self { scanner, view, cursor, inflated } = self;
        let matches = scanner.patterns.search(cursor, bytes);
        let mut findings: Vec<_> =
            matches.into_iter().filter_map(|found| finding(scanner, view, &found, None)).collect();
        inflated.search(&scanner.patterns, bytes, |inner| {
            findings.extend(finding(scanner, view, &inner.found, Some((inner.compression, inner.at))));
        });
        findings
    }

    /// How many bytes it was fed: nothing found in nothing proves nothing.
    pub fn scanned(&self) -> u64 {
        self.cursor.position()
    }

    /// How many bytes were read out of compressed streams, and searched. Those of streams that were cut off or damaged
    /// are not counted, though searched.
    pub fn inflated(&self) -> u64 {
        self.inflated.ended()
    }

    /// How many compressed streams were not searched to their end, because there is far more in them than in the view
    /// or because they are one in another. Unless it is 0, finding nothing proves nothing.
    pub fn given_up(&self) -> u64 {
        self.inflated.given_up()
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

    /// How many compressed streams were not searched to their end, in all views: see [`Stream::given_up`].
    pub fn given_up(&self) -> u64 {
        self.streams.values().map(Stream::given_up).sum()
    }
}

fn finding(
    scanner: &Scanner,
    view: &Arc<str>,
    found: &Match,
    stream: Option<(crate::Compression, u64)>,
) -> Option<Finding> {
    let ((name, class), encoding) = scanner.target(found.pattern)?;
    let inside = stream.map(|(compression, _)| Inside { compression, offset: found.offset });
    Some(Finding {
        canary: name.clone(),
        class: *class,
        view: view.clone(),
        offset: stream.map_or(found.offset, |(_, at)| at),
        encoding,
        inside,
    })
}

/// The first two patterns that are the same.
fn alike(patterns: &[Vec<u8>]) -> Option<(usize, usize)> {
    let mut order: Vec<_> = patterns.iter().enumerate().map(|(index, pattern)| (pattern, index)).collect();
    order.sort_unstable();
    let pairs = order.iter().zip(order.iter().skip(1));
    let same = pairs.filter(|((one, _), (other, _))| one == other);
    same.map(|((_, one), (_, other))| (*one, *other)).min_by_key(|(_, other)| *other)
}

#[cfg(test)]
mod tests;
