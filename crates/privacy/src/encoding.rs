//! The ways in which a value shows up in bytes that are not the value itself.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use serde::{Serialize, Serializer};

use crate::Canary;

/// How a canary was written where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// As it is.
    Raw,
    /// Hexadecimal, lower case.
    HexLower,
    /// Hexadecimal, upper case.
    HexUpper,
    /// Base64; the canary begins at this offset (0 to 2) within a group of three bytes.
    Base64(u8),
    /// Base64 for URLs, likewise.
    Base64Url(u8),
    /// Percent-encoded as in a URL: what needs it, or every byte.
    Percent,
    /// As in an HTML form: spaces become plus signs.
    Form,
    /// Within a JSON string: what needs it, all that is not ASCII, or every character.
    JsonEscape,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// Backwards.
    Reversed,
    /// A number as protobuf varint.
    Varint,
    /// A number as eight bytes, most significant first.
    U64Be,
    /// A number as eight bytes, least significant first.
    U64Le,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("raw"),
            Self::HexLower => f.write_str("hex"),
            Self::HexUpper => f.write_str("upper-case hex"),
            Self::Base64(offset) => write!(f, "base64 at offset {offset}"),
            Self::Base64Url(offset) => write!(f, "base64url at offset {offset}"),
            Self::Percent => f.write_str("percent-encoded"),
            Self::Form => f.write_str("form-encoded"),
            Self::JsonEscape => f.write_str("JSON escapes"),
            Self::Utf16Le => f.write_str("UTF-16LE"),
            Self::Utf16Be => f.write_str("UTF-16BE"),
            Self::Reversed => f.write_str("reversed"),
            Self::Varint => f.write_str("varint"),
            Self::U64Be => f.write_str("64 bits, big endian"),
            Self::U64Le => f.write_str("64 bits, little endian"),
        }
    }
}

/// For machines: the same words as for a person.
impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Everything to look for, each byte string once, under the plainest encoding that gives it.
pub(crate) fn patterns(canary: &Canary) -> Vec<(Encoding, Vec<u8>)> {
    let value = canary.bytes();
    let mut patterns = vec![(Encoding::Raw, value.clone())];
    let mut add = |encoding, bytes: Vec<u8>| {
        if patterns.iter().all(|(_, known)| *known != bytes) {
            patterns.push((encoding, bytes));
        }
    };
    add(Encoding::HexLower, hex(&value, Case::Lower));
    add(Encoding::HexUpper, hex(&value, Case::Upper));
    for offset in 0..3 {
        add(Encoding::Base64(offset), base64(&STANDARD_NO_PAD, &value, offset));
        add(Encoding::Base64Url(offset), base64(&URL_SAFE_NO_PAD, &value, offset));
    }
    for case in [Case::Upper, Case::Lower] {
        add(Encoding::Percent, percent(&value, case, is_unreserved));
        add(Encoding::Percent, percent(&value, case, |_| false));
        add(Encoding::Form, form(&value, case));
    }
    let text = as_text(&value);
    for case in [Case::Lower, Case::Upper] {
        for escaped in [|_| false, |c: char| !c.is_ascii(), |_| true] {
            add(Encoding::JsonEscape, json(&text, case, escaped));
        }
    }
    add(Encoding::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    add(Encoding::Utf16Be, text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    add(Encoding::Reversed, value.iter().rev().copied().collect());
    if let Some(number) = canary.as_number() {
        add(Encoding::Varint, varint(number));
        add(Encoding::U64Be, number.to_be_bytes().to_vec());
        add(Encoding::U64Le, number.to_le_bytes().to_vec());
    }
    patterns
}

#[derive(Clone, Copy)]
enum Case {
    Lower,
    Upper,
}

fn hex_byte(byte: u8, case: Case) -> [u8; 2] {
    let digit = |nibble: u8| match (nibble, case) {
        (0..=9, _) => b'0' + nibble,
        (_, Case::Lower) => b'a' + (nibble - 10),
        (_, Case::Upper) => b'A' + (nibble - 10),
    };
    [digit(byte >> 4), digit(byte & 15)]
}

fn hex(value: &[u8], case: Case) -> Vec<u8> {
    value.iter().flat_map(|byte| hex_byte(*byte, case)).collect()
}

/// The characters that depend on `value` alone when `offset` bytes of something else come before it in its
/// group of three. Those at the edges, which neighbours share, are left out.
fn base64(engine: &impl Engine, value: &[u8], offset: u8) -> Vec<u8> {
    let before = usize::from(offset);
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let text = engine.encode(&bytes).into_bytes();
    let first = (before * 8).div_ceil(6);
    let count = (bytes.len() * 8 / 6).saturating_sub(first);
    text.into_iter().skip(first).take(count).collect()
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn percent(value: &[u8], case: Case, plain: fn(u8) -> bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(value.len() * 3);
    for &byte in value {
        if plain(byte) {
            encoded.push(byte);
        } else {
            encoded.push(b'%');
            encoded.extend(hex_byte(byte, case));
        }
    }
    encoded
}

fn form(value: &[u8], case: Case) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) || byte == b' ';
    percent(value, case, plain).into_iter().map(|byte| if byte == b' ' { b'+' } else { byte }).collect()
}

/// The value as text; bytes that are no UTF-8 as what a program that reads them as Latin-1 makes of them.
fn as_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

fn json(text: &str, case: Case, escaped: impl Fn(char) -> bool) -> Vec<u8> {
    let mut encoded = Vec::new();
    for c in text.chars() {
        let short = match c {
            '"' | '\\' => Some(c),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            _ => None,
        };
        match short {
            _ if escaped(c) => json_units(c, case, &mut encoded),
            Some(short) => encoded.extend([b'\\'].into_iter().chain(short.to_string().into_bytes())),
            None if c < ' ' => json_units(c, case, &mut encoded),
            None => encoded.extend(c.to_string().into_bytes()),
        }
    }
    encoded
}

fn json_units(c: char, case: Case, encoded: &mut Vec<u8>) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        encoded.extend(b"\\u");
        encoded.extend(hex(&unit.to_be_bytes(), case));
    }
}

/// Seven bits at a time, least significant first.
fn varint(mut number: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            encoded.push(low & 0x7f);
            return encoded;
        }
        encoded.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataClass;

    fn has(canary: &Canary, encoding: Encoding, text: impl AsRef<[u8]>) {
        let patterns = patterns(canary);
        assert!(
            patterns.iter().any(|(known, bytes)| *known == encoding && bytes == text.as_ref()),
            "{encoding}"
        );
    }

    #[test]
    fn text_is_written_in_every_usual_way() {
        let canary = Canary::new("text", DataClass::Content, "tü \"n\" s/~");
        has(&canary, Encoding::Raw, "tü \"n\" s/~");
        has(&canary, Encoding::HexLower, "74c3bc20226e2220732f7e");
        has(&canary, Encoding::HexUpper, "74C3BC20226E2220732F7E");
        has(&canary, Encoding::Percent, "t%C3%BC%20%22n%22%20s%2F~");
        has(&canary, Encoding::Percent, "t%c3%bc%20%22n%22%20s%2f~");
        has(&canary, Encoding::Percent, "%74%C3%BC%20%22%6E%22%20%73%2F%7E");
        has(&canary, Encoding::Form, "t%C3%BC+%22n%22+s%2F%7E");
        has(&canary, Encoding::JsonEscape, "tü \\\"n\\\" s/~");
        has(&canary, Encoding::JsonEscape, "t\\u00fc \\\"n\\\" s/~");
        has(&canary, Encoding::JsonEscape, "t\\u00FC \\\"n\\\" s/~");
        has(
            &canary,
            Encoding::JsonEscape,
            "\\u0074\\u00fc\\u0020\\u0022\\u006e\\u0022\\u0020\\u0073\\u002f\\u007e",
        );
        has(&canary, Encoding::Utf16Le, b"t\0\xfc\0 \0\"\0n\0\"\0 \0s\0/\0~\0");
        has(&canary, Encoding::Utf16Be, b"\0t\0\xfc\0 \0\"\0n\0\"\0 \0s\0/\0~");
        has(&canary, Encoding::Reversed, b"~/s \"n\" \xbc\xc3t");
    }

    #[test]
    fn characters_beyond_16_bits_are_surrogates() {
        let canary = Canary::new("bird", DataClass::Content, "a 🐦 sings");
        has(&canary, Encoding::JsonEscape, "a \\ud83d\\udc26 sings");
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_latin_1() {
        let canary = Canary::new("key", DataClass::Secret, [0xff, 1, 2, 3, 4, 5, 6, b'a']);
        has(&canary, Encoding::Utf16Le, b"\xff\0\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0a\0");
        has(&canary, Encoding::JsonEscape, "ÿ\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006a");
    }

    #[test]
    fn base64_holds_at_every_offset_and_end() {
        let value = [0xfb, 0xef, 0xbe, 0x0d, 0x3c, 0x11, 0x7a, 0xff, 0x42];
        let canary = Canary::new("key", DataClass::Secret, value);
        let patterns = patterns(&canary);
        for (engine, url) in [(&STANDARD_NO_PAD, false), (&URL_SAFE_NO_PAD, true)] {
            for before in 0..3_u8 {
                for after in 0..3 {
                    let mut bytes = vec![0x5a; usize::from(before)];
                    bytes.extend(value);
                    bytes.extend(vec![0xa5; after]);
                    let text = engine.encode(&bytes);
                    let encoding = if url { Encoding::Base64Url(before) } else { Encoding::Base64(before) };
                    assert!(
                        patterns.iter().any(|(known, pattern)| *known == encoding
                            && text.as_bytes().windows(pattern.len()).any(|window| window == pattern)),
                        "{encoding}, {after} after it"
                    );
                }
            }
        }
    }

    #[test]
    fn numbers_are_looked_for_as_text_and_as_integers() {
        let canary = Canary::number("phone", DataClass::ConsumerAddress, 4_915_112_345_678);
        has(&canary, Encoding::Raw, "4915112345678");
        has(&canary, Encoding::Varint, [0xce, 0x80, 0x9a, 0x9c, 0x86, 0x8f, 0x01]);
        has(&canary, Encoding::U64Be, 4_915_112_345_678_u64.to_be_bytes());
        has(&canary, Encoding::U64Le, 4_915_112_345_678_u64.to_le_bytes());
    }

    #[test]
    fn no_byte_string_is_looked_for_twice() {
        let patterns = patterns(&Canary::new("digits", DataClass::Content, "0123456789"));
        for (at, (encoding, bytes)) in patterns.iter().enumerate() {
            assert!(patterns.iter().skip(at + 1).all(|(_, other)| other != bytes), "{encoding}");
        }
    }
}
