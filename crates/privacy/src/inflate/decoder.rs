//! Reads a deflate stream that comes in chunks.

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

/// The state of one stream, 43 KiB whatever is in it.
#[derive(Clone)]
pub(super) struct Decoder {
    state: Box<DecompressorOxide>,
    /// What was read last, in a ring.
    window: Box<[u8]>,
    /// Where in the ring what is read next begins.
    at: usize,
    /// How much of the ring was ever written.
    written: usize,
    flags: u32,
}

/// What became of a stream.
pub(super) enum Step {
    /// It goes on.
    More,
    /// It has ended as it should.
    End,
    /// It is damaged, or isn't one.
    Broken,
    /// It goes on, but no more of it is read.
    OverBudget,
}

/// What deflate may refer back to.
const WINDOW: usize = 32 * 1024;

impl Decoder {
    /// Ready for another stream.
    pub(super) fn reset(&mut self, has_zlib_header: bool) {
        self.state.init();
        // A damaged stream may refer to what was before its beginning: that must not be another one.
        if let Some(written) = self.window.get_mut(..self.written) {
            written.fill(0);
        }
        self.at = 0;
        self.written = 0;
        self.flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT | inflate_flags::TINFL_FLAG_IGNORE_ADLER32;
        if has_zlib_header {
            self.flags |= inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER;
        }
    }

    /// Reads what `bytes` say, and calls `read` with it piece by piece.
    pub(super) fn feed(&mut self, mut bytes: &[u8], budget: &mut u64, mut read: impl FnMut(&[u8])) -> Step {
        loop {
            let (status, used, count) =
                decompress(&mut self.state, bytes, &mut self.window, self.at, self.flags);
            bytes = bytes.get(used..).unwrap_or_default();
            read(self.window.get(self.at..self.at + count).unwrap_or_default());
            self.written = self.written.max(self.at + count);
            self.at = (self.at + count) % WINDOW;
            let Some(left) = budget.checked_sub(u64::try_from(count).unwrap_or(u64::MAX)) else {
                *budget = 0;
                return Step::OverBudget;
            };
            *budget = left;
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return Step::More,
                TINFLStatus::Done => return Step::End,
                _ => return Step::Broken,
            }
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self { state: Box::default(), window: vec![0; WINDOW].into(), at: 0, written: 0, flags: 0 }
    }
}
