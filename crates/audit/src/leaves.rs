//! Bytes taken apart into labelled values, as `proto/` has them.

use privacy::DataClass;
use privacy::equal::Value;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind};
use std::sync::LazyLock;

static DESCRIPTORS: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
    DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"))[..]).ok()
});

/// The messages of `proto/`, with their labels, as this program was built from them.
pub(crate) fn descriptors() -> Option<&'static DescriptorPool> {
    DESCRIPTORS.as_ref()
}

/// One value with its label.
pub(crate) struct Leaf {
    pub(crate) path: String,
    pub(crate) class: Option<DataClass>,
    pub(crate) value: Value,
}

/// Every value in an encoded message, in the order of field numbers. `None` if it is none, or has something that the
/// schema does not.
pub(crate) fn leaves(message: &str, bytes: &[u8]) -> Option<Vec<Leaf>> {
    let descriptor = descriptors()?.get_message_by_name(message)?;
    let decoded = DynamicMessage::decode(descriptor, bytes).ok()?;
    let mut leaves = Vec::new();
    message_leaves(&decoded, "", &mut leaves)?;
    Some(leaves)
}

fn message_leaves(message: &DynamicMessage, path: &str, leaves: &mut Vec<Leaf>) -> Option<()> {
    if message.unknown_fields().next().is_some() {
        return None;
    }
    for (field, value) in message.fields() {
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        value_leaves(&field, value, &path, leaves)?;
    }
    Some(())
}

fn value_leaves(
    field: &FieldDescriptor,
    value: &prost_reflect::Value,
    path: &str,
    leaves: &mut Vec<Leaf>,
) -> Option<()> {
    use prost_reflect::Value as Of;
    let value = match value {
        Of::Message(inner) => return message_leaves(inner, path, leaves),
        Of::List(values) => {
            for (index, value) in values.iter().enumerate() {
                value_leaves(field, value, &format!("{path}[{index}]"), leaves)?;
            }
            return Some(());
        }
        Of::Map(_) => return None,
        Of::Bool(truth) => Value::Number(i128::from(*truth)),
        Of::I32(number) | Of::EnumNumber(number) => Value::Number(i128::from(*number)),
        Of::I64(number) => Value::Number(i128::from(*number)),
        Of::U32(number) => Value::Number(i128::from(*number)),
        Of::U64(number) => Value::Number(i128::from(*number)),
        Of::F32(number) => Value::Word(number.to_string().into()),
        Of::F64(number) => Value::Word(number.to_string().into()),
        Of::String(text) => Value::Text(text.clone()),
        Of::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
    };
    leaves.push(Leaf { path: path.to_owned(), class: class_of(field), value });
    Some(())
}

/// The label of a field.
fn class_of(field: &FieldDescriptor) -> Option<DataClass> {
    let option = descriptors()?.get_extension_by_name("blindpost.data_class")?;
    let options = field.options();
    let number = options.get_extension(&option).as_enum_number()?;
    let Kind::Enum(classes) = option.kind() else { return None };
    DataClass::parse(classes.get_value(number)?.name())
}
