//! `multipart/form-data` with parameters in it (RFC 7578). Files are no parameters: what takes one reads it as a stream
//! ([`PartReader`]).

mod parts;

pub use parts::{PartReader, Piece};

use crate::error::GraphError;
use crate::value::MEMBERS;
use std::borrow::Cow;

/// The longest boundary (RFC 2046 section 5.1.1).
const BOUNDARY: usize = 70;

/// The longest head of a part, in bytes.
const HEAD: usize = 2048;

/// A parameter: its name and its text.
type Named<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The boundary that a `Content-Type` names; `None` if it names none that can be.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    attribute(content_type, "boundary").filter(|boundary| (1..=BOUNDARY).contains(&boundary.len()))
}

/// The parts of a body, by name.
pub(crate) fn texts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Named<'a>>, GraphError> {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut texts = Vec::new();
    let (_, mut rest) = split(body, &delimiter).filter(|_| !boundary.is_empty()).ok_or_else(cut)?;
    let delimiter = [b"\r\n", &*delimiter].concat();
    while !rest.starts_with(b"--") {
        let (part, after) = split(rest, &delimiter).ok_or_else(cut)?;
        if texts.len() >= MEMBERS {
            return Err(GraphError::invalid("The request has too many parameters."));
        }
        texts.push(text(part)?);
        rest = after;
    }
    Ok(texts)
}

/// Name and text of a part: a line's end, its head, an empty line, its content.
fn text(part: &[u8]) -> Result<Named<'_>, GraphError> {
    let (head, content) = split(part, b"\r\n\r\n").filter(|(head, _)| head.len() <= HEAD).ok_or_else(cut)?;
    let head = std::str::from_utf8(head).map_err(|_| cut())?;
    let named = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let named = named.ok_or_else(cut)?;
    if attribute(named, "filename").is_some() {
        return Err(GraphError::invalid("This request takes no file."));
    }
    let name = attribute(named, "name").ok_or_else(cut)?;
    let content = std::str::from_utf8(content)
        .map_err(|_| GraphError::invalid("The request body is not valid UTF-8."))?;
    Ok((Cow::Owned(name), Cow::Borrowed(content)))
}

/// The attribute of that name in a header like `form-data; name="a"`.
fn attribute(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|attribute| {
        let (key, value) = attribute.split_once('=')?;
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        key.trim().eq_ignore_ascii_case(name).then(|| quoted.unwrap_or(value).to_owned())
    })
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    // What is looked for ends in a byte of its own choosing; looking for its first alone would be slow on lines of dashes.
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..found)?, bytes.get(found + at.len()..)?))
}

fn cut() -> GraphError {
    GraphError::invalid("The request body is not valid multipart/form-data.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(name: &str, content: &str) -> String {
        format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n"
        )
    }

    #[test]
    fn what_is_cut_off_or_a_file_is_refused() {
        let whole = part("a", "1") + &part("b", "\r\n--X") + "--XX--";
        let read = texts(whole.as_bytes(), "XX").unwrap();
        assert_eq!(read, [("a".into(), "1".into()), ("b".into(), "\r\n--X".into())]);
        for length in 0..whole.len() - 2 {
            assert!(texts(&whole.as_bytes()[..length], "XX").is_err(), "{length}");
        }
        assert!(texts(whole.as_bytes(), "YY").is_err() && texts(whole.as_bytes(), "").is_err());
        let file = "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n1\r\n--XX--";
        assert!(texts(file.as_bytes(), "XX").is_err());
    }

    #[test]
    fn boundaries_are_bounded() {
        assert_eq!(boundary("multipart/form-data; Boundary=\"a\""), Some("a".into()));
        assert_eq!(boundary("multipart/form-data; boundary="), None);
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }

    proptest! {
        #[test]
        fn parts_read_back(parts in prop::collection::vec(("[a-z]{1,9}", "[^-]{0,20}"), 0..5)) {
            let body: String = parts.iter().map(|(name, content)| part(name, content)).collect();
            let body = body + if parts.is_empty() { "--XX--" } else { "--XX--\r\n" };
            let read = texts(body.as_bytes(), "XX").unwrap();
            let read: Vec<_> = read.iter().map(|(n, c)| (n.to_string(), c.to_string())).collect();
            prop_assert_eq!(read, parts);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "[-\r\nX:;=\"a]{0,60}") {
            let _ = texts(&bytes, "X");
            let _ = texts(text.as_bytes(), "X");
        }
    }
}
