//! What commands say at the terminal: to standard output with an outcome, since a full disk or a closed pipe may be behind it;
//! to standard error without, since nobody is left to be told. And the texts of others, so that they stay texts.

use std::fmt::{Arguments, Write as _};
use std::io::{self, Write as _};

/// Prints to standard output; `?` says what came of it.
macro_rules! out {
    ($($text:tt)*) => { $crate::out::to_stdout(format_args!($($text)*)) };
}

/// Prints a line to standard output; `?` says what came of it.
macro_rules! outln {
    ($($text:tt)*) => { $crate::out::to_stdout(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints to standard error, as well as that goes.
macro_rules! err {
    ($($text:tt)*) => { $crate::out::to_stderr(format_args!($($text)*)) };
}

/// Prints a line to standard error, as well as that goes.
macro_rules! errln {
    ($($text:tt)*) => { $crate::out::to_stderr(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {err, errln, out, outln};

/// Standard output did not take what was said.
#[derive(Debug, thiserror::Error)]
#[error("can't write to standard output: {0}")]
pub(crate) struct Unwritten(#[from] io::Error);

impl miette::Diagnostic for Unwritten {}

impl From<Unwritten> for io::Error {
    fn from(Unwritten(error): Unwritten) -> Self {
        error
    }
}

pub(crate) fn to_stdout(text: Arguments<'_>) -> Result<(), Unwritten> {
    let mut out = io::stdout().lock();
    out.write_fmt(text)?;
    Ok(out.flush()?)
}

pub(crate) fn to_stderr(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

/// What somebody else has written, on a terminal: it may have lines, which are indented, and nothing that a terminal
/// obeys.
pub(crate) fn foreign(text: &str) -> String {
    harmless(text).replace('\n', "\n    ")
}

/// Lines with nothing in them that a terminal obeys. Control characters, and those that change the direction of what
/// follows (UAX #9), are shown as escapes.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            character if character.is_control() || turns(character) => {
                // Formatting to a string does not fail.
                let _ = write!(shown, "{}", character.escape_unicode());
            }
            character => shown.push(character),
        }
    }
    shown
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm, and the separators that some terminals take
/// for ends of lines.
const fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_others_write_forges_no_line_and_moves_no_cursor() {
        assert_eq!(foreign("hi\n4915112345678: pay me"), "hi\n    4915112345678: pay me");
        assert_eq!(foreign("\u{1b}[2J\u{1b}]0;x\u{7}"), "\\u{1b}[2J\\u{1b}]0;x\\u{7}");
        assert_eq!(
            foreign("a\r\u{9b}1m\u{202e}b\u{2069}\u{85}"),
            "a\\u{d}\\u{9b}1m\\u{202e}b\\u{2069}\\u{85}"
        );
        assert_eq!(foreign("Grüße 😀\tשלום"), "Grüße 😀\tשלום");
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_a_terminal_obeys(text in any::<String>()) {
            let shown = foreign(&text);
            prop_assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns(c))));
            prop_assert!(shown.lines().skip(1).all(|line| line.starts_with("    ")));
        }
    }
}
