//! `multipart/form-data` piece by piece, for bodies that are never in memory as a whole.

use super::{HEAD, boundary, cut};
use crate::error::GraphError;
use crate::media::FilePart;
use bytes::{Bytes, BytesMut};

/// The longest beginning of a body before its first part, in bytes.
const PREAMBLE: usize = 4096;

/// Takes a body apart as it comes.
pub struct PartReader {
    /// What stands before a part, without the line's end before it.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    at: At,
}

/// What a body has next.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Begin {
        /// The name of the parameter.
        name: String,
        /// If it is a file: what it says of itself.
        file: Option<FilePart>,
    },
    /// Bytes of the part.
    Bytes(Bytes),
    /// There are no more parts.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Preamble,
    /// Behind a delimiter.
    Delimiter,
    Head,
    Content,
    End,
}

impl PartReader {
    /// For a body with this `Content-Type`; `None` if that is none of `multipart/form-data`.
    pub fn new(content_type: &str) -> Option<Self> {
        let is_multipart = content_type.trim().to_ascii_lowercase().starts_with("multipart/form-data");
        let boundary = is_multipart.then(|| boundary(content_type)).flatten()?;
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        Some(Self { delimiter, buffer: BytesMut::new(), at: At::Preamble })
    }

    /// Appends what came.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.buffer.is_empty() && self.at == At::Preamble {
            // As if a line had ended before the first delimiter.
            self.buffer.extend_from_slice(b"\r\n");
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// What is there next; `None` if more must come before anybody knows.
    ///
    /// # Errors
    /// It is no `multipart/form-data`.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, GraphError> {
        loop {
            match self.at {
                At::Preamble => match self.find() {
                    Found::At(before) => self.pass(before),
                    Found::Not { .. } if self.buffer.len() > PREAMBLE => return Err(cut()),
                    Found::Not { .. } => return Ok(None),
                },
                At::Delimiter => match (self.buffer.first(), self.buffer.get(1)) {
                    (Some(b'-'), Some(b'-')) => self.at = At::End,
                    (Some(b'\r'), Some(b'\n')) => {
                        let _ = self.buffer.split_to(2);
                        self.at = At::Head;
                    }
                    (Some(_), Some(_)) => return Err(cut()),
                    _ => return Ok(None),
                },
                At::Head => {
                    let end = self.buffer.windows(4).take(HEAD).position(|window| window == b"\r\n\r\n");
                    let Some(end) = end else {
                        return if self.buffer.len() > HEAD + 4 { Err(cut()) } else { Ok(None) };
                    };
                    let head = self.buffer.split_to(end + 4);
                    self.at = At::Content;
                    return read_head(&head).map(Some);
                }
                At::Content => match self.find() {
                    Found::At(0) => self.pass(0),
                    Found::At(before) => {
                        return Ok(Some(Piece::Bytes(self.buffer.split_to(before).freeze())));
                    }
                    Found::Not { sure: 0 } => return Ok(None),
                    Found::Not { sure } => {
                        return Ok(Some(Piece::Bytes(self.buffer.split_to(sure).freeze())));
                    }
                },
                At::End => return Ok(Some(Piece::End)),
            }
        }
    }

    /// True once all parts were there.
    pub fn is_whole(&self) -> bool {
        self.at == At::End
    }

    /// Goes behind the delimiter that follows `before` bytes.
    fn pass(&mut self, before: usize) {
        let _ = self.buffer.split_to(before + self.delimiter.len());
        self.at = At::Delimiter;
    }

    /// Where the next delimiter is, or up to where there is none.
    fn find(&self) -> Found {
        let mut from = 0;
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            let Some(line_end) = rest.iter().position(|byte| *byte == b'\r') else {
                return Found::Not { sure: self.buffer.len() };
            };
            let candidate = rest.get(line_end..).unwrap_or_default();
            if candidate.starts_with(&self.delimiter) {
                return Found::At(from + line_end);
            }
            if self.delimiter.starts_with(candidate) {
                return Found::Not { sure: from + line_end };
            }
            from += line_end + 1;
        }
    }
}

enum Found {
    At(usize),
    Not {
        /// So many bytes are before any delimiter that may come.
        sure: usize,
    },
}

fn read_head(head: &[u8]) -> Result<Piece, GraphError> {
    let head = std::str::from_utf8(head).map_err(|_| cut())?;
    let header = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").ok_or_else(cut)?;
    let name = quoted(disposition, "name").ok_or_else(cut)?;
    let filename = quoted(disposition, "filename");
    let content_type = header("content-type").map(str::to_owned);
    // Some clients name no file, and say what it is.
    let is_file = filename.is_some() || name == "file";
    let file = is_file.then_some(FilePart { content_type, filename });
    Ok(Piece::Begin { name, file })
}

/// The attribute of that name in a header like `form-data; name="a; b"`.
fn quoted(header: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(';').unwrap_or((value, "")),
        };
        if key.trim_matches([' ', ';']).eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPE: &str = "multipart/form-data; boundary=XYZ";

    /// Name, what it says of itself, bytes.
    type Part = (String, Option<FilePart>, Vec<u8>);

    /// All parts of a body that comes in pieces of `size`.
    fn parts(body: &[u8], size: usize) -> Result<Option<Vec<Part>>, GraphError> {
        let mut reader = PartReader::new(TYPE).unwrap();
        let mut parts: Vec<Part> = Vec::new();
        for bytes in body.chunks(size.max(1)) {
            reader.feed(bytes);
            while let Some(piece) = reader.next_piece()? {
                match piece {
                    Piece::Begin { name, file } => parts.push((name, file, Vec::new())),
                    Piece::Bytes(bytes) => parts.last_mut().unwrap().2.extend_from_slice(&bytes),
                    Piece::End => return Ok(Some(parts)),
                }
            }
        }
        assert!(!reader.is_whole());
        Ok(None)
    }

    fn body(content: &[u8]) -> Vec<u8> {
        let head = "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/a; b/c.png\"\r\n\
                    Content-Type: image/png\r\n\r\n";
        let rest = "\r\n--XYZ\r\nContent-Disposition: form-data; name=messaging_product\r\n\r\nwhatsapp\r\n--XYZ--\r\n";
        [head.as_bytes(), content, rest.as_bytes()].concat()
    }

    proptest! {
        #[test]
        fn any_bytes_come_through_in_any_pieces(
            content in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "[\r\n\\-XYZ]{0,60}".prop_map(String::into_bytes),
            ],
            size in 1usize..50,
        ) {
            let is_cut = content.windows(7).any(|window| window == b"\r\n--XYZ") || content.starts_with(b"--XYZ");
            prop_assume!(!is_cut);
            let parts = parts(&body(&content), size).unwrap().unwrap();
            prop_assert_eq!(parts.len(), 2);
            let (name, file, bytes) = &parts[0];
            prop_assert_eq!(name, "file");
            let file = file.clone().unwrap();
            prop_assert_eq!(file.filename.as_deref(), Some("/a; b/c.png"));
            prop_assert_eq!(file.content_type.as_deref(), Some("image/png"));
            prop_assert_eq!(bytes, &content);
            prop_assert_eq!(&parts[1].0, "messaging_product");
            prop_assert_eq!(&parts[1].2, b"whatsapp");
        }

        #[test]
        fn nothing_panics_or_grows(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1usize..50) {
            let _ = parts(&bytes, size);
            let _ = parts(&[b"--XYZ\r\n".as_slice(), &bytes].concat(), size);
        }
    }

    #[test]
    fn what_is_cut_off_is_not_whole() {
        let whole = body(b"abc");
        for length in 0..whole.len() - 4 {
            assert!(!matches!(parts(&whole[..length], 1000), Ok(Some(_))), "{length}");
        }
        assert!(PartReader::new("application/json").is_none());
        assert!(PartReader::new("multipart/form-data").is_none());
        let endless = [b"--XYZ\r\n".as_slice(), &[b'a'; 5000]].concat();
        assert!(parts(&endless, 100).is_err());
        assert!(parts(&[b'a'; 10_000], 100).is_err());
    }
}
