//! Patterns that are looked for by windows of one width, and the tables in which windows are looked up.

/// How wide windows are and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// 16 bytes, one in 8: wide enough that a hexadecimal or escaped text is not everywhere.
    Long,
    /// 8 bytes, one in 4: short texts, phone numbers.
    Short,
    /// 5 bytes, one in 2: integers.
    Tiny,
    /// 5 bytes, at every position: the varint of a number of ten digits has no more.
    Tiniest,
}

/// Patterns of one shape.
pub(super) struct Group {
    shape: Shape,
    filter: Filter,
    table: Table,
}

impl Shape {
    /// From the fastest to search for.
    pub(super) const ALL: [Self; 4] = [Self::Long, Self::Short, Self::Tiny, Self::Tiniest];

    /// Bytes of a window.
    pub(super) const fn window(self) -> usize {
        match self {
            Self::Long => 16,
            Self::Short => 8,
            Self::Tiny | Self::Tiniest => 5,
        }
    }

    /// From the beginning of a window to the next that is looked up.
    pub(super) const fn stride(self) -> usize {
        match self {
            Self::Long => 8,
            Self::Short => 4,
            Self::Tiny => 2,
            Self::Tiniest => 1,
        }
    }

    /// True if the pattern has a whole window at a multiple of the stride, wherever it is.
    pub(super) fn fits(self, pattern: &[u8]) -> bool {
        pattern.len() >= self.window() + self.stride() - 1
    }
}

impl Group {
    /// Of the patterns with the indices `members`.
    pub(super) fn new(shape: Shape, members: &[usize], patterns: &[Vec<u8>]) -> Self {
        let mut entries = Vec::with_capacity(members.len() * shape.stride());
        for &index in members {
            let windows = patterns.get(index).into_iter().flat_map(|pattern| pattern.windows(shape.window()));
            for (before, window) in windows.take(shape.stride()).enumerate() {
                entries.extend(Entry::new(hash(shape, window), index, before));
            }
        }
        entries.sort_unstable();
        let filter = Filter::new(&entries);
        Self { shape, filter, table: Table::new(entries) }
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Calls `hit` with position, pattern and bytes before the window in it, for every window of `bytes` from `first` on
    /// that may be one of a pattern.
    pub(super) fn scan(&self, bytes: &[u8], first: usize, mut hit: impl FnMut(usize, usize, usize)) {
        let rest = bytes.get(first..).unwrap_or_default();
        let hit = |at: usize, hash| {
            self.table.patterns(hash, |pattern, before| hit(first + at, pattern, before));
        };
        match self.shape {
            Shape::Long => self.scan_wide::<16, 8>(rest, hit),
            Shape::Short => self.scan_wide::<8, 4>(rest, hit),
            Shape::Tiny => self.scan_wide::<8, 2>(rest, hit),
            Shape::Tiniest => self.scan_wide::<8, 1>(rest, hit),
        }
    }

    /// Calls `hit` with pattern and bytes before, if the first window of `bytes` may be one of a pattern.
    pub(super) fn look_up(&self, bytes: &[u8], hit: impl FnMut(usize, usize)) {
        let Some(window) = bytes.get(..self.shape.window()) else { return };
        let hash = hash(self.shape, window);
        if self.filter.may_have(hash) {
            self.table.patterns(hash, hit);
        }
    }

    /// `READ` bytes are read at once: not less than a window has.
    #[inline(always)]
    fn scan_wide<const READ: usize, const STRIDE: usize>(
        &self,
        bytes: &[u8],
        mut hit: impl FnMut(usize, u64),
    ) {
        let mut at = 0;
        for window in bytes.windows(READ).step_by(STRIDE) {
            let hash = hash(self.shape, window);
            if self.filter.may_have(hash) {
                hit(at, hash);
            }
            at += STRIDE;
        }
        // Windows so near to the end that no more than they could be read.
        while let Some(window) = bytes.get(at..at + self.shape.window()) {
            let hash = hash(self.shape, window);
            if self.filter.may_have(hash) {
                hit(at, hash);
            }
            at += STRIDE;
        }
    }
}

/// A window of a pattern. Ordered by hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    /// The pattern's index, and in the lowest bits how many bytes are before the window.
    place: u32,
}

const BEFORE_BITS: u32 = 3;

impl Entry {
    /// None if there are more patterns than memory could hold.
    fn new(hash: u64, pattern: usize, before: usize) -> Option<Self> {
        let pattern = u32::try_from(pattern).ok().filter(|index| index.leading_zeros() >= BEFORE_BITS)?;
        Some(Self { hash, place: (pattern << BEFORE_BITS) | u32::try_from(before).ok()? })
    }
}

/// Says of most windows that they are of no pattern, from one word of memory: a Bloom filter of two bits a window, both
/// in the same word.
struct Filter {
    words: Box<[u64]>,
    shift: u32,
}

/// Words for each window: 12.8 to 25.6 bits.
const WINDOWS_PER_WORD: usize = 5;

impl Filter {
    fn new(entries: &[Entry]) -> Self {
        let words = (entries.len() / WINDOWS_PER_WORD).next_power_of_two().max(2);
        let mut filter = Self { words: vec![0; words].into(), shift: 64 - words.trailing_zeros() };
        for entry in entries {
            let index = index(entry.hash, filter.shift);
            if let Some(word) = filter.words.get_mut(index) {
                *word |= bits(entry.hash);
            }
        }
        filter
    }

    #[inline(always)]
    fn may_have(&self, hash: u64) -> bool {
        let bits = bits(hash);
        self.words.get(index(hash, self.shift)).is_some_and(|word| word & bits == bits)
    }
}

/// Which windows are of which patterns.
struct Table {
    /// By the hash's first bits, where its places begin.
    begins: Box<[u32]>,
    shift: u32,
    places: Box<[Place]>,
}

struct Place {
    /// Bits of the hash that tell most others with the same beginning apart.
    check: u32,
    place: u32,
}

impl Table {
    /// From entries in order.
    fn new(entries: Vec<Entry>) -> Self {
        let buckets = entries.len().next_power_of_two().max(2);
        let shift = 64 - buckets.trailing_zeros();
        let mut begins = vec![0; buckets + 1];
        for entry in &entries {
            if let Some(count) = begins.get_mut(index(entry.hash, shift) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let places = entries.iter().map(|entry| Place { check: check(entry.hash), place: entry.place });
        Self { begins: begins.into(), shift, places: places.collect() }
    }

    #[cold]
    fn patterns(&self, hash: u64, mut hit: impl FnMut(usize, usize)) {
        let index = index(hash, self.shift);
        let Some(&[begin, end]) = self.begins.get(index..index + 2) else { return };
        let places = self.places.get(as_usize(begin)..as_usize(end)).unwrap_or_default();
        let check = check(hash);
        for known in places.iter().filter(|known| known.check == check) {
            hit(as_usize(known.place >> BEFORE_BITS), as_usize(known.place & ((1 << BEFORE_BITS) - 1)));
        }
    }
}

/// Of a window of the shape's width; bytes after it are not looked at.
#[inline(always)]
fn hash(shape: Shape, window: &[u8]) -> u64 {
    match shape {
        Shape::Long => mix(word(window), word(window.get(8..).unwrap_or_default())),
        Shape::Short => mix(word(window), 0),
        Shape::Tiny | Shape::Tiniest => mix(word(window) & 0xff_ffff_ffff, 0),
    }
}

/// The first eight bytes; what is missing is zeros.
#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    }
}

/// Both halves of a product of 128 bits depend on all bits of both words. The constants are digits of pi.
#[inline(always)]
fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one ^ 0x243f_6a88_85a3_08d3) * u128::from(other ^ 0x1319_8a2e_0370_7344);
    low(product) ^ low(product >> 64)
}

#[inline(always)]
fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(u64::MAX)
}

#[inline(always)]
fn index(hash: u64, shift: u32) -> usize {
    as_usize(hash >> shift)
}

#[inline(always)]
fn bits(hash: u64) -> u64 {
    (1 << (hash & 63)) | (1 << ((hash >> 6) & 63))
}

/// The 32 lowest bits: the first ones are the index.
fn check(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Of a number that was a place in memory.
#[inline(always)]
fn as_usize(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}
