//! The search for many patterns in bytes that come in chunks.
//!
//! A pattern of length `window + stride - 1` or more, wherever it is, has a whole window that begins at a multiple of
//! `stride`. So of each pattern the first `stride` windows are kept, and of the bytes only every `stride`-th window is
//! looked up ([`group`]): 16 bytes, once in 8, for most patterns of a canary. Only where a window is known, patterns are
//! compared. Nothing but the last bytes, and the patterns that a chunk ended in the middle of, is kept from one chunk to
//! the next.
//!
//! An Aho-Corasick automaton does the same with a state for each byte of each pattern: with the 3,000 patterns of 200
//! canaries it was measured at 50 to 130 MB/s.

mod group;

use group::{Group, Shape};

/// Patterns to look for.
pub(crate) struct Patterns {
    texts: Texts,
    groups: Vec<Group>,
}

/// How far the search has come in one sequence of bytes.
#[derive(Clone, Default)]
pub(crate) struct Cursor {
    /// The last bytes, up to `TAIL`.
    tail: Vec<u8>,
    position: u64,
    begun: Vec<Begun>,
}

/// A pattern that ends in a later chunk, if it is one.
#[derive(Clone)]
struct Begun {
    pattern: usize,
    matched: usize,
}

/// A pattern that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Which of the patterns.
    pub(crate) pattern: usize,
    /// Position of its first byte.
    pub(crate) offset: u64,
}

/// Bytes that are remembered: the longest window but for a byte, and what can be before it in a pattern.
const TAIL: usize = 32;

impl Patterns {
    /// Patterns shorter than five bytes are never found; a `Canary` has none.
    pub(crate) fn new(patterns: &[Vec<u8>]) -> Self {
        let mut by_shape = Shape::ALL.map(|shape| (shape, Vec::new()));
        for (index, pattern) in patterns.iter().enumerate() {
            if let Some((_, group)) = by_shape.iter_mut().find(|(shape, _)| shape.fits(pattern)) {
                group.push(index);
            }
        }
        let groups = by_shape.into_iter().filter(|(_, members)| !members.is_empty());
        let groups = groups.map(|(shape, members)| Group::new(shape, &members, patterns)).collect();
        Self { texts: Texts::new(patterns), groups }
    }

    /// Looks at the next bytes; returns what ends in them, in the order of the ends.
    pub(crate) fn search(&self, cursor: &mut Cursor, bytes: &[u8]) -> Vec<Match> {
        let mut chunk = Chunk {
            texts: &self.texts,
            tail: &cursor.tail,
            bytes,
            position: cursor.position,
            begun: Vec::new(),
            found: Vec::new(),
        };
        for begun in &cursor.begun {
            chunk.compare(
                begun.pattern,
                cursor.position.saturating_sub(as_u64(begun.matched)),
                begun.matched,
            );
        }
        let border = Border::new(&cursor.tail, bytes);
        for group in &self.groups {
            for at in border.windows(group.shape().window()) {
                let begin = cursor.position + as_u64(at) - as_u64(cursor.tail.len());
                if begin.is_multiple_of(as_u64(group.shape().stride())) {
                    group.look_up(border.bytes.get(at..).unwrap_or_default(), |pattern, before| {
                        chunk.anchored(pattern, begin, before);
                    });
                }
            }
            let first = first_multiple(cursor.position, group.shape().stride());
            group.scan(bytes, first, |at, pattern, before| {
                chunk.anchored(pattern, cursor.position + as_u64(at), before);
            });
        }
        let Chunk { begun, mut found, .. } = chunk;
        found.sort_unstable_by_key(|hit| {
            (hit.offset + as_u64(self.texts.get(hit.pattern).len()), hit.pattern)
        });
        cursor.begun = begun;
        cursor.advance(bytes);
        found
    }
}

impl Cursor {
    /// How many bytes were looked at.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.position += as_u64(bytes.len());
        let last = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
        let excess = (self.tail.len() + last.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(last);
    }
}

/// The bytes around the border of two chunks, for the windows that lie across it.
struct Border {
    bytes: Vec<u8>,
    tail: usize,
}

impl Border {
    fn new(tail: &[u8], bytes: &[u8]) -> Self {
        let begin = bytes.get(..TAIL.min(bytes.len())).unwrap_or_default();
        Self { bytes: [tail, begin].concat(), tail: tail.len() }
    }

    /// Where windows begin in the earlier chunk and end in the new one.
    fn windows(&self, window: usize) -> std::ops::Range<usize> {
        let first = (self.tail + 1).saturating_sub(window);
        let end = (self.bytes.len() + 1).saturating_sub(window).min(self.tail);
        first..end
    }
}

/// What is known of the bytes while a chunk is searched.
struct Chunk<'a> {
    texts: &'a Texts,
    tail: &'a [u8],
    bytes: &'a [u8],
    /// Of the first of `bytes`.
    position: u64,
    begun: Vec<Begun>,
    found: Vec<Match>,
}

impl Chunk<'_> {
    /// A window begins at `begin` that is in a pattern, `before` bytes after the pattern's first.
    fn anchored(&mut self, pattern: usize, begin: u64, before: usize) {
        if let Some(offset) = begin.checked_sub(as_u64(before)) {
            self.compare(pattern, offset, 0);
        }
    }

    /// Compares a pattern with what begins at `offset`; `matched` bytes of it are known to be there.
    fn compare(&mut self, pattern: usize, offset: u64, matched: usize) {
        let mut rest = self.texts.get(pattern).get(matched..).unwrap_or_default();
        let at = offset + as_u64(matched);
        let back = usize::try_from(self.position.saturating_sub(at)).unwrap_or(usize::MAX);
        if back > 0 {
            let Some(tail) = self.tail.len().checked_sub(back).and_then(|from| self.tail.get(from..)) else {
                return;
            };
            // A window across the border ends in this chunk, and so does the pattern: it can't have ended before.
            let Some(after) = rest.strip_prefix(tail) else { return };
            rest = after;
        }
        let at = usize::try_from(at.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(at..).unwrap_or_default();
        if bytes.starts_with(rest) {
            self.found.push(Match { pattern, offset });
        } else if rest.starts_with(bytes) {
            let matched = usize::try_from(self.position + as_u64(self.bytes.len()) - offset);
            self.begun.extend(matched.ok().map(|matched| Begun { pattern, matched }));
        }
    }
}

/// Many byte strings in one piece of memory.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn new(texts: &[Vec<u8>]) -> Self {
        let bytes = texts.concat();
        let ends = texts.iter().scan(0, |end, text| {
            *end += text.len();
            Some(*end)
        });
        Self { ends: ends.collect(), bytes }
    }

    fn get(&self, index: usize) -> &[u8] {
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(begin);
        self.bytes.get(begin..end).unwrap_or_default()
    }
}

/// How many bytes there are from `position` to a multiple of `stride`.
fn first_multiple(position: u64, stride: usize) -> usize {
    usize::try_from(position.next_multiple_of(as_u64(stride)) - position).unwrap_or(usize::MAX)
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn search(patterns: &[&[u8]], chunks: &[&[u8]]) -> Vec<Match> {
        let patterns: Vec<_> = patterns.iter().map(|pattern| pattern.to_vec()).collect();
        let patterns = Patterns::new(&patterns);
        let mut cursor = Cursor::default();
        chunks.iter().flat_map(|chunk| patterns.search(&mut cursor, chunk)).collect()
    }

    #[test]
    fn zeros_are_not_there_before_the_first_byte() {
        assert_eq!(search(&[b"\0\0\0abcdefg", b"\0\0abc"], &[b"abcdefgh"]), []);
        assert_eq!(
            search(&[b"\0\0\0abcdefg", b"\0\0abc"], &[b"\0\0", b"\0abcdefgh"]),
            [Match { pattern: 1, offset: 1 }, Match { pattern: 0, offset: 0 }]
        );
    }

    #[test]
    fn patterns_may_overlap_and_begin_alike() {
        assert_eq!(
            search(&[b"abababababab", b"abababab"], &[b"ababababababab"]).len(),
            2 + 4,
            "at 0 and 2; at 0, 2, 4 and 6"
        );
    }

    proptest! {
        /// Two letters only, so that patterns overlap, repeat and nearly match all the time.
        #[test]
        fn it_finds_what_a_naive_search_finds(
            patterns in vec(vec(b'a'..=b'b', 5..30), 1..12),
            text in vec(b'a'..=b'b', 0..300),
            chunk in 1_usize..40,
        ) {
            let mut found = Vec::new();
            let mut cursor = Cursor::default();
            let index = Patterns::new(&patterns);
            for chunk in text.chunks(chunk) {
                found.extend(index.search(&mut cursor, chunk).into_iter().map(|hit| (hit.pattern, hit.offset)));
            }
            found.sort_unstable();
            let mut expected = Vec::new();
            for (index, pattern) in patterns.iter().enumerate() {
                for (offset, window) in text.windows(pattern.len()).enumerate() {
                    if window == pattern {
                        expected.push((index, offset as u64));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
