//! JSON as webhooks have it: ASCII only, what is not as `\uXXXX` in lower case, `/` as `\/` (as recorded webhooks are).

use bytes::Bytes;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Most updates are shorter.
const USUAL_LENGTH: usize = 512;

/// The JSON of a value, as it is posted and signed.
pub(crate) fn to_bytes(value: &impl Serialize) -> Bytes {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    // All that is written here has texts for names, and writing to memory can't fail.
    let written = value.serialize(&mut Serializer::with_formatter(&mut json, Ascii));
    // Many wait at a time: none of them has more memory than it needs.
    written.map(|()| json.into_boxed_slice().into()).unwrap_or_default()
}

/// Escapes while it writes.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Most are names and words.
        if fragment.is_ascii() && !fragment.as_bytes().contains(&b'/') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.bytes().position(|byte| byte == b'/' || !byte.is_ascii()) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut characters = special.chars();
            match characters.next() {
                Some('/') => writer.write_all(b"\\/")?,
                Some(other) => escape(writer, other)?,
                None => {}
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

fn escape<W: ?Sized + Write>(writer: &mut W, character: char) -> io::Result<()> {
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(writer, "\\u{unit:04x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn text_travels_as_ascii() {
        assert_eq!(to_bytes(&json!({ "a/": "é/😀\"\n" })), r#"{"a\/":"\u00e9\/\ud83d\ude00\"\n"}"#);
    }

    proptest! {
        #[test]
        fn escaping_changes_no_meaning(text in ".{0,100}") {
            let value = json!({ "body": text });
            let escaped = to_bytes(&value);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<Value>(&escaped).unwrap(), value);
        }
    }
}
