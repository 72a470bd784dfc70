//! The header of a gzip stream, RFC 1952, section 2.3, which may come in any number of pieces.

/// How much of a header has been skipped.
#[derive(Clone, Default)]
pub(super) struct Header {
    part: Part,
    /// Bytes of the part so far.
    count: usize,
    flags: u8,
    extra: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Magic number, method, flags, time, extra flags and system: ten bytes.
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Checksum,
    Done,
}

const FLAGS_AT: usize = 3;
const HAS_CHECKSUM: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
/// Must be zero (section 2.3.1.2).
const RESERVED: u8 = 0xe0;
/// Bytes of a part at most: of an extra field there can't be more.
const LONGEST: usize = 0xffff;

/// It is no header of a gzip stream, whatever it looked like.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoHeader;

impl Header {
    /// What comes after the header, once it has been skipped.
    pub(super) fn skip<'a>(&mut self, mut bytes: &'a [u8]) -> Result<Option<&'a [u8]>, NoHeader> {
        loop {
            // A name without end would hold this stream open for good.
            if self.flags & RESERVED != 0 || self.count > LONGEST {
                return Err(NoHeader);
            }
            if self.is_over() {
                if self.part == Part::Done {
                    return Ok(Some(bytes));
                }
                self.part = self.part.next();
                self.count = 0;
                continue;
            }
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(None) };
            self.take(byte);
            bytes = rest;
        }
    }

    /// True if there is no more to come of the part, or it is absent.
    fn is_over(&self) -> bool {
        match self.part {
            Part::Fixed => self.count == 10,
            Part::ExtraLength => self.lacks(HAS_EXTRA) || self.count == 2,
            Part::Extra => self.count == self.extra,
            Part::Name => self.lacks(HAS_NAME),
            Part::Comment => self.lacks(HAS_COMMENT),
            Part::Checksum => self.lacks(HAS_CHECKSUM) || self.count == 2,
            Part::Done => true,
        }
    }

    fn take(&mut self, byte: u8) {
        match self.part {
            Part::Fixed if self.count == FLAGS_AT => self.flags = byte,
            Part::ExtraLength => self.extra |= usize::from(byte) << (8 * self.count),
            // They end with a zero.
            Part::Name if byte == 0 => self.flags &= !HAS_NAME,
            Part::Comment if byte == 0 => self.flags &= !HAS_COMMENT,
            _ => {}
        }
        self.count += 1;
    }

    fn lacks(&self, flag: u8) -> bool {
        self.flags & flag == 0
    }
}

impl Part {
    fn next(self) -> Self {
        match self {
            Self::Fixed => Self::ExtraLength,
            Self::ExtraLength => Self::Extra,
            Self::Extra => Self::Name,
            Self::Name => Self::Comment,
            Self::Comment => Self::Checksum,
            Self::Checksum | Self::Done => Self::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with the parts that `flags` name.
    fn header(flags: u8) -> Vec<u8> {
        let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
        if flags & HAS_EXTRA != 0 {
            header.extend([0x02, 0x01]);
            header.extend([0; 0x102]);
        }
        if flags & HAS_NAME != 0 {
            header.extend(b"a name\0");
        }
        if flags & HAS_COMMENT != 0 {
            header.extend(b"\0");
        }
        if flags & HAS_CHECKSUM != 0 {
            header.extend([9, 9]);
        }
        header
    }

    #[test]
    fn every_header_is_skipped_in_pieces_of_every_length() {
        for flags in 0..32 {
            for length in [1, 2, 3, 7, 1000] {
                let bytes = [header(flags), b"stream".to_vec()].concat();
                let mut header = Header::default();
                let mut rest: Vec<u8> = Vec::new();
                let mut done = false;
                for piece in bytes.chunks(length) {
                    if done {
                        rest.extend(piece);
                    } else if let Some(after) = header.skip(piece).unwrap() {
                        done = true;
                        rest.extend(after);
                    }
                }
                assert_eq!(rest, b"stream", "flags {flags}, in pieces of {length}");
            }
        }
    }

    #[test]
    fn what_is_no_header_ends() {
        assert_eq!(Header::default().skip(b"\x1f\x8b\x08\x20"), Err(NoHeader));
        let endless = [b"\x1f\x8b\x08\x08\0\0\0\0\0\x03".as_slice(), &[b'x'; 100_000]].concat();
        assert_eq!(Header::default().skip(&endless), Err(NoHeader));
    }
}
