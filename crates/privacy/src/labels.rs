//! Compares the label of every field with the policy.
//!
//! A field says what it can tell with the option `blindpost.data_class`. [`check`] walks what each
//! principal receives and reports every field that has no label or gets to somebody who may not have it.
//! It also reports what would make it blind: a label that hides data, a message that nobody is said to
//! receive, a name in the policy that means nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::{Cell, DataClass, Policy, Principal, policy::Receives};

/// Something that the policy, or a label, doesn't allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// The field option `blindpost.data_class` is not there, so nothing is labelled.
    NoLabels,
    /// A field without a data class.
    Unlabelled {
        /// Full name of the field.
        field: String,
    },
    /// A field with a data class that the policy doesn't have.
    UnknownClass {
        /// Full name of the field.
        field: String,
        /// The name of the class in the proto file, or its number.
        class: String,
    },
    /// A field that holds data and says that it is a container.
    HidesData {
        /// Full name of the field.
        field: String,
    },
    /// A field that reaches a principal who may not have it.
    NotAllowed {
        /// Full name of the field.
        field: String,
        /// What it can tell.
        class: DataClass,
        /// Who receives it.
        principal: Principal,
        /// What the policy says.
        cell: Cell,
        /// The message in which it gets there, or the message that is kept.
        within: String,
    },
    /// A message that reaches no principal according to the policy, so that its fields are compared with
    /// nothing.
    Unassigned {
        /// Full name of the message.
        message: String,
    },
    /// A message or file that the policy names and that doesn't exist.
    UnknownName {
        /// Whose section names it.
        principal: Principal,
        /// The name.
        name: String,
    },
}

/// Everything that is wrong with the labels of `pool`, in a fixed order. Empty: the policy is kept.
pub fn check(pool: &DescriptorPool, policy: &Policy) -> Vec<Problem> {
    let Some(labels) = Labels::of(pool) else { return vec![Problem::NoLabels] };
    let mut problems = labels.problems();
    let mut assigned = BTreeSet::new();
    for (principal, receives) in policy.receives() {
        let reached = Reached::of(pool, principal, receives, &mut problems);
        for (message, within) in &reached.messages {
            check_message(message, within, principal, policy, &labels, &mut problems);
        }
        assigned.extend(reached.messages.into_iter().map(|(message, _)| message.full_name().to_owned()));
    }
    problems.extend(
        our_messages(pool)
            .map(|message| message.full_name().to_owned())
            .filter(|message| !assigned.contains(message))
            .map(|message| Problem::Unassigned { message }),
    );
    problems.sort();
    problems.dedup();
    problems
}

/// How many labelled fields of each class can get to each principal.
pub(crate) fn reach(pool: &DescriptorPool, policy: &Policy) -> BTreeMap<(Principal, DataClass), u64> {
    let mut counts = BTreeMap::new();
    let Some(labels) = Labels::of(pool) else { return counts };
    for (principal, receives) in policy.receives() {
        let reached = Reached::of(pool, principal, receives, &mut Vec::new());
        let fields = reached.messages.iter().flat_map(|(message, _)| message.fields().collect::<Vec<_>>());
        for class in fields.filter_map(|field| labels.class(&field)) {
            *counts.entry((principal, class)).or_default() += 1;
        }
    }
    counts
}

fn check_message(
    message: &MessageDescriptor,
    within: &str,
    principal: Principal,
    policy: &Policy,
    labels: &Labels,
    problems: &mut Vec<Problem>,
) {
    for field in message.fields() {
        let Some(class) = labels.class(&field) else { continue };
        if !policy.allows(principal, class) {
            problems.push(Problem::NotAllowed {
                field: field.full_name().to_owned(),
                class,
                principal,
                cell: policy.cell(principal, class),
                within: within.to_owned(),
            });
        }
    }
}

/// The messages that get to a principal, and within which one.
struct Reached {
    messages: Vec<(MessageDescriptor, String)>,
    seen: BTreeSet<String>,
}

impl Reached {
    fn of(
        pool: &DescriptorPool,
        principal: Principal,
        receives: &Receives,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut reached = Self { messages: Vec::new(), seen: receives.withheld.iter().cloned().collect() };
        let unknown = |name: &String| Problem::UnknownName { principal, name: name.clone() };
        problems.extend(
            receives.withheld.iter().filter(|name| pool.get_message_by_name(name).is_none()).map(unknown),
        );
        for name in &receives.receives {
            match pool.get_message_by_name(name) {
                Some(message) => reached.walk(message, name),
                None => problems.push(unknown(name)),
            }
        }
        for name in &receives.keeps {
            match pool.get_file_by_name(name) {
                Some(file) => file.messages().for_each(|message| {
                    let within = message.full_name().to_owned();
                    reached.walk(message, &within);
                }),
                None => problems.push(unknown(name)),
            }
        }
        reached
    }

    fn walk(&mut self, message: MessageDescriptor, within: &str) {
        if !is_ours(&message) || !self.seen.insert(message.full_name().to_owned()) {
            return;
        }
        for field in message.fields() {
            if let Kind::Message(inner) = value_kind(&field) {
                self.walk(inner, within);
            }
        }
        self.messages.push((message, within.to_owned()));
    }
}

/// The label of every field.
pub(crate) struct Labels {
    classes: BTreeMap<String, Result<DataClass, Problem>>,
}

impl Labels {
    pub(crate) fn of(pool: &DescriptorPool) -> Option<Self> {
        let option = pool.get_extension_by_name("blindpost.data_class")?;
        let classes = our_messages(pool)
            .flat_map(|message| message.fields().collect::<Vec<_>>())
            .map(|field| (field.full_name().to_owned(), label(&field, &option)))
            .collect();
        Some(Self { classes })
    }

    pub(crate) fn class(&self, field: &FieldDescriptor) -> Option<DataClass> {
        self.classes.get(field.full_name())?.as_ref().ok().copied()
    }

    fn problems(&self) -> Vec<Problem> {
        self.classes.values().filter_map(|class| class.as_ref().err().cloned()).collect()
    }
}

fn label(field: &FieldDescriptor, option: &ExtensionDescriptor) -> Result<DataClass, Problem> {
    let name = field.full_name().to_owned();
    let options = field.options();
    let number = options.get_extension(option).as_enum_number().unwrap_or_default();
    if number == 0 {
        return Err(Problem::Unlabelled { field: name });
    }
    let class = match option.kind() {
        Kind::Enum(classes) => classes.get_value(number).map(|value| value.name().to_owned()),
        _ => None,
    }
    .unwrap_or_else(|| number.to_string());
    match DataClass::parse(&class) {
        None => Err(Problem::UnknownClass { field: name, class }),
        Some(DataClass::Structure) if !is_container(field) => Err(Problem::HidesData { field: name }),
        Some(class) => Ok(class),
    }
}

/// True if the field holds nothing but labelled fields. A map's keys are data.
fn is_container(field: &FieldDescriptor) -> bool {
    !field.is_map() && matches!(field.kind(), Kind::Message(inner) if is_ours(&inner))
}

/// The kind of a field, or of the values of a map.
fn value_kind(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
        kind => kind,
    }
}

/// Every message whose fields can be labelled: the entries of a map are labelled by the map.
fn our_messages(pool: &DescriptorPool) -> impl Iterator<Item = MessageDescriptor> {
    pool.all_messages().filter(|message| is_ours(message) && !message.is_map_entry())
}

fn is_ours(message: &MessageDescriptor) -> bool {
    !message.package_name().starts_with("google.protobuf")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLabels => f.write_str("the field option blindpost.data_class is not defined"),
            Self::Unlabelled { field } => {
                write!(f, "{field} has no label: add [(blindpost.data_class) = …]")
            }
            Self::UnknownClass { field, class } => {
                write!(f, "{field} has the class {class}, of which the policy says nothing")
            }
            Self::HidesData { field } => {
                write!(f, "{field} says STRUCTURE but holds data itself: name what it can tell")
            }
            Self::NotAllowed { field, class, principal, cell, within } => {
                write!(f, "{field} ({class}) gets to {principal} within {within}; the policy says `{cell}`")
            }
            Self::Unassigned { message } => write!(
                f,
                "{message} gets to nobody: say in [receives] of crates/privacy/policy.toml who has it"
            ),
            Self::UnknownName { principal, name } => {
                write!(f, "[receives.{principal}] names {name}, which is not in proto/")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

    use super::*;

    /// One file in memory, before those in proto/.
    struct InMemory(&'static str, String);

    impl FileResolver for InMemory {
        fn open_file(&self, name: &str) -> Result<File, protox::Error> {
            match name == self.0 {
                true => File::from_source(name, &self.1),
                false => Err(protox::Error::file_not_found(name)),
            }
        }
    }

    fn problems(fields: &str) -> Vec<String> {
        let source = format!(
            "syntax = \"proto3\"; package test; import \"options.proto\"; import \"google/protobuf/any.proto\";
             message Root {{ {fields} }}
             message Inner {{ string text = 1 [(blindpost.data_class) = CONTENT]; Root root = 2 [(blindpost.data_class) = STRUCTURE]; }}"
        );
        let mut resolver = ChainFileResolver::new();
        resolver.add(InMemory("test.proto", source));
        resolver.add(IncludeFileResolver::new("../../proto".into()));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file("test.proto").unwrap();
        let policy = include_str!("../policy.toml");
        let (matrix, _) = policy.split_once("[receives.consumer]").unwrap();
        let policy = format!(
            "{matrix}\n[receives.transport]\nreceives = [\"test.Root\"]\n[receives.consumer]\nkeeps = [\"test.proto\"]
             [receives.network]\n[receives.cloud]\n[receives.business]\n[receives.operator]\n[receives.onprem]"
        );
        let policy = Policy::parse(&policy).unwrap();
        check(&compiler.descriptor_pool(), &policy).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn labelled_fields_that_may_be_received_are_fine() {
        assert_eq!(
            problems(
                "uint64 to = 1 [(blindpost.data_class) = ROUTING]; Root next = 2 [(blindpost.data_class) = STRUCTURE];"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_field_without_a_label_is_reported() {
        assert_eq!(
            problems("uint64 to = 1;"),
            ["test.Root.to has no label: add [(blindpost.data_class) = …]"]
        );
        assert_eq!(
            problems("uint64 to = 1 [(blindpost.data_class) = DATA_CLASS_UNSPECIFIED];"),
            ["test.Root.to has no label: add [(blindpost.data_class) = …]"]
        );
    }

    #[test]
    fn content_deep_inside_what_transport_receives_is_reported() {
        assert_eq!(
            problems("repeated Inner inner = 1 [(blindpost.data_class) = STRUCTURE];"),
            ["test.Inner.text (content) gets to transport within test.Root; the policy says `no`"]
        );
        assert_eq!(
            problems("map<string, Inner> inner = 1 [(blindpost.data_class) = ROUTING];"),
            ["test.Inner.text (content) gets to transport within test.Root; the policy says `no`"]
        );
    }

    #[test]
    fn a_label_that_hides_data_is_reported() {
        let hides = ["test.Root.x says STRUCTURE but holds data itself: name what it can tell"];
        assert_eq!(problems("bytes x = 1 [(blindpost.data_class) = STRUCTURE];"), hides);
        assert_eq!(problems("map<string, string> x = 1 [(blindpost.data_class) = STRUCTURE];"), hides);
        assert_eq!(problems("google.protobuf.Any x = 1 [(blindpost.data_class) = STRUCTURE];"), hides);
    }

    #[test]
    fn a_message_that_nobody_receives_is_reported() {
        let mut compiler = protox::Compiler::new(["../../proto"]).unwrap();
        compiler.include_imports(true).open_file("relay.proto").unwrap();
        let policy =
            include_str!("../policy.toml").replace("keeps = [\"relay.proto\", \"signal.proto\"]", "");
        let problems = check(&compiler.descriptor_pool(), &Policy::parse(&policy).unwrap());
        assert!(
            problems.contains(&Problem::Unassigned { message: "blindpost.relay.InboxRow".to_owned() }),
            "{problems:?}"
        );
        // transport.proto was not compiled, and the policy names messages in it.
        assert!(
            problems.contains(&Problem::UnknownName {
                principal: Principal::Cloud,
                name: "blindpost.transport.ToEndpoint".to_owned()
            }),
            "{problems:?}"
        );
    }

    #[test]
    fn what_is_withheld_does_not_arrive() {
        let mut compiler = protox::Compiler::new(["../../proto"]).unwrap();
        compiler.include_imports(true).open_file("transport.proto").unwrap();
        let pool = compiler.descriptor_pool();
        let metered = |policy: &str| {
            check(&pool, &Policy::parse(policy).unwrap()).iter().any(|problem| {
                matches!(
                    problem,
                    Problem::NotAllowed { principal: Principal::Consumer, class: DataClass::Metering, .. }
                )
            })
        };
        let policy = include_str!("../policy.toml");
        assert!(!metered(policy));
        assert!(metered(&policy.replace("withheld = [\"blindpost.transport.Metering\"]", "")));
    }
}
