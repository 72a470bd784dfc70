//! What people and businesses say in a run: letters that mean nothing and occur nowhere else.

use crate::draws::Draws;

/// A text of so many bytes.
pub(crate) fn text(bytes: u32, draws: &mut Draws) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz      ";
    let mut text = String::with_capacity(usize::try_from(bytes).unwrap_or(0));
    let mut bits = 0;
    for index in 0..bytes {
        if index % 12 == 0 {
            bits = draws.next();
        }
        // No blank at the ends, where an app may strip it.
        let at_an_end = index == 0 || index + 1 == bytes;
        let letter = LETTERS.get(usize::try_from(bits % if at_an_end { 26 } else { 32 }).unwrap_or(0));
        text.push(char::from(*letter.unwrap_or(&b'a')));
        bits >>= 5;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Origin, Purpose};
    use kernel::Seed;

    #[test]
    fn texts_have_their_length_and_differ() {
        let mut draws = Origin::of(&Seed::from_number(1)).draws(Purpose::Traffic, 0);
        for bytes in [0, 1, 2, 17, 4096] {
            let text = text(bytes, &mut draws);
            assert_eq!(text.len(), bytes as usize);
            assert_eq!(text.trim(), text);
        }
        assert_ne!(text(40, &mut draws), text(40, &mut draws));
    }
}
