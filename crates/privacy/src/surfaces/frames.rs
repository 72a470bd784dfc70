//! Messages of `proto/` as they really are, field by field.

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value as Field,
};

use super::{Problem, Seen, Surfaces, Value};
use crate::{DataClass, Principal};

impl Surfaces {
    /// A message that `principal` gets: every field of it, and every byte that is in no field.
    ///
    /// `message` is the full name, for example `blindpost.transport.ToRelay`; `bytes` are its encoding, without
    /// what frames it.
    pub fn frame(&self, principal: Principal, message: &str, bytes: &[u8]) -> Seen {
        let Some(descriptor) = self.pool.get_message_by_name(message) else {
            return Seen::unreadable(message, "there is no such message in proto/");
        };
        let decoded = match DynamicMessage::decode(descriptor, bytes) {
            Ok(decoded) => decoded,
            Err(error) => return Seen::unreadable(message, error),
        };
        let mut seen = Seen::default();
        let walk = Walk { surfaces: self, principal, withheld: self.policy.withheld(principal) };
        walk.message(&decoded, &mut seen);
        // A field that is there twice, or a number with leading zeros, is a place to hide bytes in.
        if prost::Message::encoded_len(&decoded) != bytes.len() {
            seen.problems.push(Problem::Unlabelled { what: message.to_owned(), field: None });
        }
        seen
    }

    /// What is wrong with a message that `principal` gets.
    pub fn check_frame(&self, principal: Principal, message: &str, bytes: &[u8]) -> Vec<Problem> {
        self.frame(principal, message, bytes).problems
    }
}

struct Walk<'a> {
    surfaces: &'a Surfaces,
    principal: Principal,
    /// The messages that the principal never gets.
    withheld: &'a [String],
}

impl Walk<'_> {
    fn message(&self, message: &DynamicMessage, seen: &mut Seen) {
        let descriptor = message.descriptor();
        let name = descriptor.full_name();
        if self.withheld.iter().any(|withheld| withheld == name) {
            seen.problems.push(Problem::NotKept { table: name.to_owned(), principal: self.principal });
        }
        let unknown = message.unknown_fields().map(|field| Some(field.number()));
        seen.problems.extend(unknown.map(|field| Problem::Unlabelled { what: name.to_owned(), field }));
        for (field, value) in message.fields() {
            let Some(class) = self.surfaces.labels.class(&field) else {
                seen.problems
                    .push(Problem::Unlabelled { what: name.to_owned(), field: Some(field.number()) });
                continue;
            };
            self.value(&field, class, value, seen);
        }
    }

    fn value(&self, field: &FieldDescriptor, class: DataClass, value: &Field, seen: &mut Seen) {
        let mut leaf = |value| {
            self.surfaces.note(self.principal, field.full_name().to_owned(), class, value, seen);
        };
        match value {
            Field::Bool(flag) => leaf(Value::Flag(*flag)),
            Field::I32(number) => leaf(Value::Number((*number).into())),
            Field::I64(number) => leaf(Value::Number((*number).into())),
            Field::U32(number) => leaf(Value::Number((*number).into())),
            Field::U64(number) => leaf(Value::Number((*number).into())),
            Field::F32(number) => leaf(Value::Bytes(number.to_be_bytes().to_vec())),
            Field::F64(number) => leaf(Value::Bytes(number.to_be_bytes().to_vec())),
            Field::String(text) => leaf(Value::Text(text.clone())),
            Field::EnumNumber(number) => {
                leaf(Value::Number((*number).into()));
                if enum_of(field).is_some_and(|values| values.get_value(*number).is_none()) {
                    let what = field.full_name().to_owned();
                    seen.problems.push(Problem::Form { what, forms: "of its enum".into() });
                }
            }
            Field::Bytes(bytes) => match self.surfaces.nested.get(field.full_name()) {
                Some(message) => seen.absorb(self.surfaces.frame(self.principal, message, bytes)),
                None => leaf(Value::Bytes(bytes.to_vec())),
            },
            Field::Message(inner) => {
                // That a message is there at all tells something, even if nothing is in it.
                leaf(Value::Flag(true));
                self.message(inner, seen);
            }
            Field::List(values) => values.iter().for_each(|value| self.value(field, class, value, seen)),
            Field::Map(entries) => {
                for (key, value) in entries {
                    self.value(field, class, &key_as_value(key), seen);
                    self.value(field, class, value, seen);
                }
            }
        }
    }
}

fn enum_of(field: &FieldDescriptor) -> Option<EnumDescriptor> {
    match field.kind() {
        Kind::Enum(values) => Some(values),
        _ => None,
    }
}

fn key_as_value(key: &MapKey) -> Field {
    key.clone().into()
}
