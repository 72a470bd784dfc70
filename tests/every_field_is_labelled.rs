//! Invariant 2: every field in `proto/` has a data class, and a principal may receive it only if the matrix
//! (`crates/privacy/policy.toml`) allows.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;

use privacy::{
    Cell, DataClass, Policy, Principal,
    labels::{Problem, check},
};
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");

#[test]
fn every_field_is_labelled() {
    let problems = problems(&proto_files(), Change::none());
    let problems: Vec<_> = problems.iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn a_field_without_a_label_would_be_reported() {
    let change = Change {
        file: "transport.proto",
        from: "bytes id = 1 [(blindpost.data_class) = ROUTING];",
        to: "bytes id = 1;",
    };
    assert_eq!(
        problems(&proto_files(), change),
        [Problem::Unlabelled { field: "blindpost.transport.Envelope.id".to_owned() }]
    );
}

#[test]
fn content_on_its_way_to_the_relay_would_be_reported() {
    let change = Change {
        file: "transport.proto",
        from: "message Envelope {",
        to: "message Envelope { string preview = 99 [(blindpost.data_class) = CONTENT];",
    };
    assert_eq!(
        problems(&proto_files(), change),
        [Problem::NotAllowed {
            field: "blindpost.transport.Envelope.preview".to_owned(),
            class: DataClass::Content,
            principal: Principal::Transport,
            cell: Cell::No,
            within: "blindpost.transport.ToRelay".to_owned(),
        }]
    );
}

#[test]
fn content_that_the_relay_keeps_would_be_reported() {
    let change = Change {
        file: "relay.proto",
        from: "message MeterRow {",
        to: "message MeterRow { repeated string templates = 99 [(blindpost.data_class) = CONTENT];",
    };
    let problems = problems(&proto_files(), change);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        problems[0].to_string(),
        "blindpost.relay.MeterRow.templates (content) gets to transport within blindpost.relay.MeterRow; \
         the policy says `no`"
    );
}

#[test]
fn a_new_file_that_nobody_is_said_to_receive_would_be_reported() {
    let mut files = proto_files();
    files.push("new.proto".to_owned());
    let change = Change {
        file: "new.proto",
        from: "",
        to: "syntax = \"proto3\"; package blindpost.new; import \"options.proto\";
             message Row { bytes x = 1 [(blindpost.data_class) = STATISTIC]; }",
    };
    assert_eq!(problems(&files, change), [Problem::Unassigned { message: "blindpost.new.Row".to_owned() }]);
}

/// One edit of one file, in memory. A file that isn't there is empty.
struct Change {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

impl Change {
    fn none() -> Self {
        Self { file: "", from: "", to: "" }
    }
}

impl FileResolver for Change {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name != self.file {
            return Err(protox::Error::file_not_found(name));
        }
        let source = fs::read_to_string(format!("{PROTO}/{name}")).unwrap_or_default();
        assert!(source.contains(self.from), "{name} no longer has `{}`", self.from);
        File::from_source(name, &source.replacen(self.from, self.to, 1))
    }
}

fn problems(files: &[String], change: Change) -> Vec<Problem> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(change);
    resolver.add(IncludeFileResolver::new(PROTO.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_files(files).unwrap();
    check(&compiler.descriptor_pool(), &Policy::of_this_project().unwrap())
}

/// Every file in proto/: one that is forgotten here would not be checked.
fn proto_files() -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(PROTO)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".proto"))
        .collect();
    files.sort();
    assert!(files.len() >= 8, "only {files:?} in {PROTO}");
    files
}
