//! Percent-encoding, as URLs and forms have it (RFC 3986 section 2.1, and `+` in forms).

use std::borrow::Cow;
use std::fmt::Write as _;

/// Undoes the encoding of a part of a path. What is not UTF-8 becomes U+FFFD, a broken escape stays as it is.
pub(crate) fn decode_component(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte == b'%') { Cow::Owned(decode(text, false)) } else { Cow::Borrowed(text) }
}

/// Undoes the encoding of a name or value of a query or form, where `+` is a space.
pub(crate) fn decode_form(text: &str) -> Cow<'_, str> {
    let encoded = text.bytes().any(|byte| byte == b'%' || byte == b'+');
    if encoded { Cow::Owned(decode(text, true)) } else { Cow::Borrowed(text) }
}

/// The pairs of a query or form, decoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_form(name), decode_form(value))
    })
}

/// Encodes all but what RFC 3986 leaves unreserved.
pub fn encode_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str, form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if form => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decode_form("%"), "%");
        assert_eq!(decode_form("%4"), "%4");
        assert_eq!(decode_component("%zz+"), "%zz+");
        assert_eq!(decode_component("%ff"), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in ".{0,40}") {
            let encoded = encode_component(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode_form(&encoded), text.as_str());
            prop_assert_eq!(decode_component(&encoded), text.as_str());
        }

        #[test]
        fn no_text_panics(text in ".{0,40}|[%+&=0-9a-f]{0,40}") {
            prop_assert!(decode_form(&text).len() <= 3 * text.len());
            prop_assert!(pairs(&text).count() <= text.len());
        }
    }
}
