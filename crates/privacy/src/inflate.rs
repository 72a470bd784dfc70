//! Compressed streams within bytes: what is in them is searched too.
//!
//! Looked into: gzip (RFC 1952) and zlib (RFC 1950) wherever their headers are; raw deflate (RFC 1951), which has no
//! header, where a sequence of bytes begins and after every empty line of HTTP (a body). A stream may be cut off or
//! damaged: what could be read of it is searched. Not looked into: streams within streams; those written in another
//! encoding, such as base64, or in pieces between other bytes, such as HTTP's chunks; zlib streams with a dictionary or
//! a window other than the usual; formats other than these.
//!
//! A view can't make the search arbitrarily long: what is read out of it is at most [`FREE`] and [`RATIO`] times its
//! length. What goes beyond is given up, and counted as given up.

mod decoder;
mod gzip;

use std::{fmt, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use decoder::{Decoder, Step};
use gzip::{Header, NoHeader};
use serde::Serialize;

use crate::search::{Cursor, Match, Patterns};

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 1950; HTTP calls it deflate.
    Zlib,
    /// RFC 1951.
    Deflate,
}

/// The compressed streams in one sequence of bytes.
#[derive(Clone, Default)]
pub(crate) struct Inflated {
    open: Vec<Open>,
    /// The last bytes, for a beginning that lies across two chunks.
    tail: Vec<u8>,
    position: u64,
    read: u64,
    ended: u64,
    given_up: u64,
    /// Of streams that ended, to be used again.
    spare: Vec<Decoder>,
}

/// Something found inside a stream.
pub(crate) struct Inner {
    /// How the stream is compressed.
    pub(crate) compression: Compression,
    /// Where the stream begins.
    pub(crate) at: u64,
    /// What was found, by its position in what the stream says.
    pub(crate) found: Match,
}

/// Bytes that may be read out of a view, however short it is. Tests have no time for as many.
const FREE: u64 = if cfg!(test) { 1 << 20 } else { 256 << 20 };
/// And more for each of its bytes. Deflate can't do more than 1,032; logs have 10 to 100.
const RATIO: u64 = 100;
/// Streams that may be open at once; what looks like one and is none ends within a few bytes.
const OPEN: usize = 16;

impl Inflated {
    /// Looks at the next bytes; calls `found` with what is found in streams.
    pub(crate) fn search(&mut self, patterns: &Patterns, bytes: &[u8], mut found: impl FnMut(Inner)) {
        let mut budget = (self.position + as_u64(bytes.len()))
            .saturating_mul(RATIO)
            .saturating_add(FREE)
            .saturating_sub(self.read);
        let allowed = budget;
        for mut open in std::mem::take(&mut self.open) {
            let step = open.feed(patterns, bytes, &mut budget, &mut found);
            self.keep(open, step);
        }
        self.begin_all(bytes, |streams, mut open, rest| {
            let step = open.feed(patterns, rest, &mut budget, &mut found);
            streams.keep(open, step);
        });
        self.read += allowed - budget;
        self.position += as_u64(bytes.len());
        let last = bytes.get(bytes.len().saturating_sub(BORDER)..).unwrap_or_default();
        let excess = (self.tail.len() + last.len()).saturating_sub(BORDER);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(last);
    }

    /// How many streams were not searched to their end.
    pub(crate) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// How many bytes there were in streams that ended as they should: much looks like a stream for some bytes.
    pub(crate) fn ended(&self) -> u64 {
        self.ended
    }

    /// Calls `begin` with every stream that may begin in `bytes`, and what there is of it.
    fn begin_all(&mut self, bytes: &[u8], mut begin: impl FnMut(&mut Self, Open, &[u8])) {
        if self.position == 0 && !bytes.is_empty() {
            self.begin(Compression::Deflate, 0, |streams, open| begin(streams, open, bytes));
        }
        // Beginnings across the border: they end in `bytes`.
        let border = [&self.tail, bytes.get(..BORDER.min(bytes.len())).unwrap_or_default()].concat();
        let tail = self.tail.len();
        let crossing = beginnings(&border).filter(|at| at.magic < tail && at.magic_end > tail);
        for at in crossing.collect::<Vec<_>>() {
            let offset = (self.position + as_u64(at.stream)).saturating_sub(as_u64(tail));
            let before = border.get(at.stream..tail).unwrap_or_default();
            let whole = [before, bytes.get(at.stream.saturating_sub(tail)..).unwrap_or_default()].concat();
            self.begin(at.compression, offset, |streams, open| begin(streams, open, &whole));
        }
        for at in beginnings(bytes) {
            let rest = bytes.get(at.stream..).unwrap_or_default();
            let offset = self.position + as_u64(at.stream);
            self.begin(at.compression, offset, |streams, open| begin(streams, open, rest));
        }
    }

    fn begin(&mut self, compression: Compression, at: u64, begin: impl FnOnce(&mut Self, Open)) {
        if self.open.len() >= OPEN {
            self.given_up += 1;
            return;
        }
        let mut decoder = self.spare.pop().unwrap_or_default();
        decoder.reset(compression == Compression::Zlib);
        let header = (compression == Compression::Gzip).then(Header::default);
        begin(self, Open { compression, at, header, decoder, cursor: Cursor::default() });
    }

    fn keep(&mut self, open: Open, step: Step) {
        match step {
            Step::More => self.open.push(open),
            Step::Broken => self.spare.push(open.decoder),
            Step::End => {
                self.ended += open.cursor.position();
                self.spare.push(open.decoder);
            }
            Step::OverBudget => {
                self.given_up += 1;
                self.spare.push(open.decoder);
            }
        }
    }
}

/// A stream that has begun, or what looks like one.
#[derive(Clone)]
struct Open {
    compression: Compression,
    at: u64,
    /// Until it has been read.
    header: Option<Header>,
    decoder: Decoder,
    cursor: Cursor,
}

impl Open {
    fn feed(
        &mut self,
        patterns: &Patterns,
        mut bytes: &[u8],
        budget: &mut u64,
        found: &mut impl FnMut(Inner),
    ) -> Step {
        if let Some(header) = &mut self.header {
            match header.skip(bytes) {
                Ok(Some(rest)) => bytes = rest,
                Ok(None) => return Step::More,
                Err(NoHeader) => return Step::Broken,
            }
            self.header = None;
        }
        let Self { compression, at, cursor, .. } = self;
        self.decoder.feed(bytes, budget, |read| {
            for hit in patterns.search(cursor, read) {
                found(Inner { compression: *compression, at: *at, found: hit });
            }
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
        })
    }
}

/// Where a stream may begin, relative to the bytes that were searched.
struct Beginning {
    compression: Compression,
    magic: usize,
    magic_end: usize,
    /// Where its first byte is: at its magic number, or after an empty line.
    stream: usize,
}

/// The longest magic number but for a byte.
const BORDER: usize = 3;

/// In this order: gzip with deflate, an empty line of HTTP, zlib with a window of 32 KiB at its four levels.
const MAGIC: [&[u8]; 6] = [b"\x1f\x8b\x08", b"\r\n\r\n", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"];

static BEGINNINGS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MAGIC).ok());

fn beginnings(bytes: &[u8]) -> impl Iterator<Item = Beginning> {
    BEGINNINGS.iter().flat_map(move |magic| magic.find_iter(bytes)).map(|at| {
        let compression = match at.pattern().as_usize() {
            0 => Compression::Gzip,
            1 => Compression::Deflate,
            _ => Compression::Zlib,
        };
        let stream = if compression == Compression::Deflate { at.end() } else { at.start() };
        Beginning { compression, magic: at.start(), magic_end: at.end(), stream }
    })
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
