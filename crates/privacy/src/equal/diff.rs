//! The first difference of two views, to be read by a person.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::{Event, Renaming, Value};

/// Events before the difference, and after it, that are shown.
const CONTEXT: usize = 3;
/// Characters of a value that are shown.
const SHOWN: usize = 48;

/// Where two views part, with what was around it. Shows values, shortened: not for a log of anything but tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which event, counted from 0.
    pub event: usize,
    /// In what the two differ.
    pub mismatch: Mismatch,
    /// The events before it, the same on both sides, as text.
    pub before: Vec<String>,
    /// The event and those after it, as the left run had them.
    pub left: Vec<String>,
    /// The event and those after it, as the right run had them.
    pub right: Vec<String>,
}

/// In what two events differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// When it happened.
    Time,
    /// What happened.
    Kind,
    /// Which fields there are, their order or their class.
    Fields,
    /// What a field says, or its length where it is masked.
    Value {
        /// Which field.
        path: String,
    },
    /// An identifier that was another one before on one side, and isn't on the other.
    Renamed {
        /// Which field.
        path: String,
    },
    /// The right run had ended.
    OnlyLeft,
    /// The left run had ended.
    OnlyRight,
}

impl Difference {
    pub(super) fn new(
        event: usize,
        mismatch: Mismatch,
        left: &[Event],
        right: &[Event],
        renaming: &Renaming,
    ) -> Self {
        let left_name = |name: &[u8]| renaming.left_name(name);
        let right_name = |name: &[u8]| renaming.right_name(name);
        let first = event.saturating_sub(CONTEXT);
        Self {
            before: lines(left, first, event, &left_name),
            left: lines(left, event, event + CONTEXT, &left_name),
            right: lines(right, event, event + CONTEXT, &right_name),
            event,
            mismatch,
        }
    }
}

/// As a unified diff: what both had, what the left run had (`-`), what the right run had (`+`).
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "event {}: {}", self.event, self.mismatch)?;
        for (sign, lines) in [(' ', &self.before), ('-', &self.left), ('+', &self.right)] {
            for line in lines {
                writeln!(f, "{sign} {line}")?;
            }
            if lines.is_empty() && sign != ' ' {
                writeln!(f, "{sign} (nothing more)")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str("the times differ"),
            Self::Kind => f.write_str("different things happened"),
            Self::Fields => f.write_str("the fields are not the same"),
            Self::Value { path } => write!(f, "`{path}` differs"),
            Self::Renamed { path } => {
                write!(f, "`{path}` is the same as before in one run, and not in the other")
            }
            Self::OnlyLeft => f.write_str("the right run ended before it"),
            Self::OnlyRight => f.write_str("the left run ended before it"),
        }
    }
}

fn lines(events: &[Event], from: usize, to: usize, name: &dyn Fn(&[u8]) -> String) -> Vec<String> {
    let to = to.min(events.len());
    let shown = events.get(from..to).unwrap_or_default();
    shown.iter().zip(from..).map(|(event, index)| line(event, index, name)).collect()
}

/// `12 at 1.204000 s: submit to="ada" id=#3 body=<160 bytes>`
fn line(event: &Event, index: usize, name: &dyn Fn(&[u8]) -> String) -> String {
    let (seconds, micros) = (event.at_us / 1_000_000, event.at_us % 1_000_000);
    let mut line = format!("{index} at {seconds}.{micros:06} s: {}", event.kind.escape_debug());
    for field in &event.fields {
        // Writing to a string can't fail.
        let _ = write!(line, " {}=", field.path.escape_debug());
        match &field.value {
            Value::Bytes(bytes) => line.push_str(&short(&bytes.escape_ascii().to_string(), bytes.len())),
            Value::Text(text) => {
                let _ = write!(line, "\"{}\"", short(&text.escape_debug().to_string(), text.len()));
            }
            Value::Word(word) => line.push_str(&short(word, word.len())),
            Value::Number(number) => line.push_str(&number.to_string()),
            Value::Masked { len } => {
                let _ = write!(line, "<{len} bytes>");
            }
            Value::Fresh(bytes) => line.push_str(&name(bytes)),
        }
    }
    line
}

fn short(text: &str, bytes: usize) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({bytes} bytes)", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    fn event(at_us: u64, to: &str, id: &[u8]) -> Event {
        Event::new(at_us, "submit")
            .with("to", None, Value::Text(to.to_owned()))
            .with("id", None, Value::Fresh(id.to_vec()))
            .with("body", None, Value::Masked { len: 160 })
            .with("ok", None, Value::Word("true".into()))
            .with("count", None, Value::Number(-2))
    }

    #[test]
    fn a_difference_is_shown_with_what_was_around_it() {
        let left: Vec<_> = (0..9).map(|at: u8| event(u64::from(at) * 1_000_000, "ada", &[at])).collect();
        let mut right: Vec<_> =
            (0..6).map(|at: u8| event(u64::from(at) * 1_000_000, "ada", &[at + 100])).collect();
        right[5].fields[0].value = Value::Text(format!("bo\n{}", "x".repeat(100)));
        assert_eq!(
            compare(&left, &right).unwrap().to_string(),
            "\
event 5: `to` differs
  2 at 2.000000 s: submit to=\"ada\" id=#2 body=<160 bytes> ok=true count=-2
  3 at 3.000000 s: submit to=\"ada\" id=#3 body=<160 bytes> ok=true count=-2
  4 at 4.000000 s: submit to=\"ada\" id=#4 body=<160 bytes> ok=true count=-2
- 5 at 5.000000 s: submit to=\"ada\" id=new body=<160 bytes> ok=true count=-2
- 6 at 6.000000 s: submit to=\"ada\" id=new body=<160 bytes> ok=true count=-2
- 7 at 7.000000 s: submit to=\"ada\" id=new body=<160 bytes> ok=true count=-2
+ 5 at 5.000000 s: submit to=\"bo\\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (103 bytes)\" id=new body=<160 bytes> ok=true count=-2
"
        );
    }

    #[test]
    fn the_end_of_a_run_is_shown() {
        let difference = compare(&[event(1, "ada", b"1")], &[]).unwrap();
        assert_eq!(
            difference.to_string(),
            "\
event 0: the right run ended before it
- 0 at 0.000001 s: submit to=\"ada\" id=new body=<160 bytes> ok=true count=-2
+ (nothing more)
"
        );
    }
}
