//! Noninterference: two views of one party, from two runs that differ in a secret, must be the same.
//!
//! A view is a sequence of [`Event`]s. Two are compared event by event: time, kind, and every field by path and value.
//! What a run may differ in without telling anything is said in the events themselves, and is only two things: bytes
//! that are random in either run are [`Value::Masked`], which leaves their length; identifiers drawn afresh are
//! [`Value::Fresh`], and compared up to one consistent renaming. Nothing can be left out.

mod diff;
mod renaming;

use std::borrow::Cow;

use serde::Serialize;

pub use diff::{Difference, Mismatch};
pub use renaming::Renaming;

use crate::DataClass;

/// Something that a party could see happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, in microseconds of the run.
    pub at_us: u64,
    /// What happened, for example `frame in` or the name of a message.
    pub kind: Cow<'static, str>,
    /// What there was to see, in the order in which it was.
    pub fields: Vec<Field>,
}

/// One thing to see in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Where in the event, for example `envelope.to`.
    pub path: Cow<'static, str>,
    /// What it can tell, if that is known.
    pub class: Option<DataClass>,
    /// What was seen.
    pub value: Value,
}

/// What was seen in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Value {
    /// Bytes that must be the same.
    Bytes(Vec<u8>),
    /// A number that must be the same.
    Number(i128),
    /// Text that must be the same.
    Text(String),
    /// Anything else, written so that equal means equal: `true`, `null`, `0.5`.
    Word(Cow<'static, str>),
    /// Random in either run, such as ciphertext: only the length must be the same.
    Masked {
        /// In bytes.
        len: u64,
    },
    /// An identifier drawn afresh: it may be another one, of the same length, if it is another one everywhere. A number
    /// is written in a fixed width.
    Fresh(Vec<u8>),
}

/// What becomes of a field before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is compared.
    Compare,
    /// Only its length is.
    Mask,
    /// It is compared up to renaming.
    Rename,
}

/// Compares two views with a renaming of their own. Returns the first difference, `None` if they are equal.
pub fn compare(left: &[Event], right: &[Event]) -> Option<Difference> {
    compare_with(&mut Renaming::default(), left, right)
}

/// Compares two views with a renaming that other views have too: for views of one party, which sees the same
/// identifiers in all of them. On a difference the renaming is of no further use.
pub fn compare_with(renaming: &mut Renaming, left: &[Event], right: &[Event]) -> Option<Difference> {
    let length = left.len().max(right.len());
    (0..length).find_map(|index| {
        let mismatch = match (left.get(index), right.get(index)) {
            (Some(one), Some(other)) => mismatch(renaming, one, other)?,
            (Some(_), None) => Mismatch::OnlyLeft,
            _ => Mismatch::OnlyRight,
        };
        Some(Difference::new(index, mismatch, left, right, renaming))
    })
}

/// Masks and marks fields of `events` as `rule` says.
pub fn treat(events: &mut [Event], rule: impl Fn(&Event, &Field) -> Treatment) {
    for event in events {
        let treatments: Vec<_> = event.fields.iter().map(|field| rule(event, field)).collect();
        for (field, treatment) in event.fields.iter_mut().zip(treatments) {
            match treatment {
                Treatment::Compare => {}
                Treatment::Mask => field.value = field.value.masked(),
                Treatment::Rename => field.value = field.value.fresh(),
            }
        }
    }
}

impl Event {
    /// An event without fields.
    pub fn new(at_us: u64, kind: impl Into<Cow<'static, str>>) -> Self {
        Self { at_us, kind: kind.into(), fields: Vec::new() }
    }

    /// With one more field.
    #[must_use]
    pub fn with(
        mut self,
        path: impl Into<Cow<'static, str>>,
        class: Option<DataClass>,
        value: Value,
    ) -> Self {
        self.fields.push(Field { path: path.into(), class, value });
        self
    }
}

impl Value {
    /// Its length alone. A number has eight bytes, whatever it is.
    #[must_use]
    pub fn masked(&self) -> Self {
        let len = match self {
            Self::Bytes(bytes) | Self::Fresh(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
            Self::Word(word) => word.len(),
            Self::Number(_) => 8,
            Self::Masked { len } => return Self::Masked { len: *len },
        };
        Self::Masked { len: u64::try_from(len).unwrap_or(u64::MAX) }
    }

    /// As an identifier drawn afresh. What is masked already stays so.
    #[must_use]
    pub fn fresh(&self) -> Self {
        match self {
            Self::Bytes(bytes) | Self::Fresh(bytes) => Self::Fresh(bytes.clone()),
            Self::Text(text) => Self::Fresh(text.clone().into_bytes()),
            Self::Word(word) => Self::Fresh(word.as_bytes().to_vec()),
            Self::Number(number) => Self::Fresh(number.to_be_bytes().to_vec()),
            Self::Masked { len } => Self::Masked { len: *len },
        }
    }
}

/// The first thing in which two events differ.
fn mismatch(renaming: &mut Renaming, left: &Event, right: &Event) -> Option<Mismatch> {
    if left.kind != right.kind {
        return Some(Mismatch::Kind);
    }
    if left.at_us != right.at_us {
        return Some(Mismatch::Time);
    }
    let mut pairs = left.fields.iter().zip(&right.fields);
    let differs = pairs.find_map(|(one, other)| {
        let path = || one.path.clone().into_owned();
        if one.path != other.path || one.class != other.class {
            return Some(Mismatch::Fields);
        }
        match (&one.value, &other.value) {
            (Value::Fresh(one), Value::Fresh(other)) if one.len() == other.len() => {
                (!renaming.agrees(one, other)).then(|| Mismatch::Renamed { path: path() })
            }
            (one, other) => (one != other).then(|| Mismatch::Value { path: path() }),
        }
    });
    differs.or_else(|| (left.fields.len() != right.fields.len()).then_some(Mismatch::Fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_us: u64, to: &str, id: &[u8], body: u64) -> Event {
        Event::new(at_us, "submit")
            .with("to", Some(DataClass::Routing), Value::Text(to.to_owned()))
            .with("id", Some(DataClass::Routing), Value::Fresh(id.to_vec()))
            .with("body", None, Value::Masked { len: body })
    }

    fn view() -> Vec<Event> {
        vec![event(1, "ada", b"id-1", 160), event(2, "bo", b"id-2", 160), event(3, "ada", b"id-1", 320)]
    }

    /// What a change of one event is reported as.
    fn changed(index: usize, change: impl FnOnce(&mut Event)) -> Mismatch {
        let (left, mut right) = (view(), view());
        change(&mut right[index]);
        let difference = compare(&left, &right).unwrap();
        assert_eq!(difference.event, index);
        difference.mismatch
    }

    #[test]
    fn equal_views_are_equal() {
        assert_eq!(compare(&view(), &view()), None);
        assert_eq!(compare(&[], &[]), None);
    }

    #[test]
    fn every_part_of_an_event_is_compared() {
        assert_eq!(changed(1, |event| event.at_us += 1), Mismatch::Time);
        assert_eq!(changed(2, |event| event.kind = "fetch".into()), Mismatch::Kind);
        let value = |path: &str| Mismatch::Value { path: path.to_owned() };
        assert_eq!(changed(1, |event| event.fields[0].value = Value::Text("ada".to_owned())), value("to"));
        assert_eq!(changed(1, |event| event.fields[2].value = Value::Masked { len: 161 }), value("body"));
        assert_eq!(changed(1, |event| event.fields[1].value = Value::Fresh(b"longer".to_vec())), value("id"));
        assert_eq!(changed(1, |event| event.fields[0].path = "from".into()), Mismatch::Fields);
        assert_eq!(changed(1, |event| event.fields[0].class = None), Mismatch::Fields);
        assert_eq!(changed(0, |event| drop(event.fields.pop())), Mismatch::Fields);
        assert_eq!(changed(0, |event| event.fields.push(event.fields[0].clone())), Mismatch::Fields);
    }

    #[test]
    fn an_event_too_many_is_a_difference() {
        let difference = compare(&view(), &view()[..2]).unwrap();
        assert_eq!((difference.event, difference.mismatch), (2, Mismatch::OnlyLeft));
        let difference = compare(&view()[..1], &view()).unwrap();
        assert_eq!((difference.event, difference.mismatch), (1, Mismatch::OnlyRight));
    }

    #[test]
    fn fresh_names_may_be_others_but_the_same_everywhere() {
        let renamed = |ids: [&[u8]; 3]| {
            let mut events = view();
            for (event, id) in events.iter_mut().zip(ids) {
                event.fields[1].value = Value::Fresh(id.to_vec());
            }
            compare(&view(), &events).map(|difference| (difference.event, difference.mismatch))
        };
        let id = Mismatch::Renamed { path: "id".to_owned() };
        assert_eq!(renamed([b"id-8", b"id-9", b"id-8"]), None);
        // Swapped names are a renaming too.
        assert_eq!(renamed([b"id-2", b"id-1", b"id-2"]), None);
        assert_eq!(renamed([b"id-8", b"id-9", b"id-9"]), Some((2, id.clone())));
        assert_eq!(renamed([b"id-8", b"id-8", b"id-8"]), Some((1, id)));
    }

    #[test]
    fn masks_keep_lengths() {
        let mut events = view();
        treat(&mut events, |event, field| match &*field.path {
            "to" if event.at_us > 1 => Treatment::Mask,
            "to" => Treatment::Rename,
            _ => Treatment::Compare,
        });
        assert_eq!(events[0].fields[0].value, Value::Fresh(b"ada".to_vec()));
        assert_eq!(events[1].fields[0].value, Value::Masked { len: 2 });
        assert_eq!(events[1].fields[1].value, Value::Fresh(b"id-2".to_vec()));
    }
}
