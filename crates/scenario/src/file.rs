//! From a file's text to a scenario that can be run: version, changes, schema, meaning, replays, in this order; and all
//! that is wrong at once.

use crate::document::{self, Node};
use crate::problem::{Place, Problem, ScenarioError};
use crate::written::{Origin, Source, Written};
use crate::{Scenario, VERSION, bounded, change, check, meaning, profile, replay};
use miette::NamedSource;
use serde::Deserialize as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

impl Scenario {
    /// What it was read from: enough to read it again, but for the files of replays.
    #[must_use]
    pub fn written(&self) -> Origin<'_> {
        self.written.origin()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &Path) -> Result<Self, ScenarioError> {
        let name = file.display().to_string();
        let text = bounded::read(file, bounded::SCENARIO).and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
        });
        let text = text.map_err(|error| {
            let place = Place::new(Arc::new(NamedSource::new(&name, String::new())), 0..0);
            ScenarioError::one(
                place,
                format!("can't read this file: {error}"),
                "give the path of a scenario file",
            )
        })?;
        Self::parse(&name, &text)
    }

    /// Parses what is in a file. A replay is looked for beside `file`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        read(Source { file: file.into(), text: text.into(), changes: Vec::new() })
    }

    /// The scenario with another value at a key: `duration`, `node.retention`, `consumers.people.count`,
    /// `traffic.0.rate`. What a profile gives is worked out again.
    ///
    /// # Errors
    /// If there is no such key, or everything that is wrong with what comes of it.
    pub fn with(self, key: &str, value: &str) -> Result<Self, ScenarioError> {
        self.with_all([(key, value)])
    }

    /// The scenario with other values: checked when all are in place, so that their order doesn't matter.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_all<'a>(
        self,
        changes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ScenarioError> {
        let mut source = self.written.source();
        source.changes.extend(changes.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        read(source)
    }
}

/// The scenario that a file says, with what is changed of it.
fn read(source: Source) -> Result<Scenario, ScenarioError> {
    let mut document = document::parse(&source.file, &source.text)?;
    for (key, value) in &source.changes {
        change::change(&mut document, key, value)?;
    }
    check_version(&document)?;
    let mut problems = check::check(&document);
    if !problems.is_empty() {
        return Err(ScenarioError::new(problems));
    }
    let mut scenario = Scenario::deserialize(profile::filled(&document))
        .map_err(|error| ScenarioError::one(document.place.clone(), error.to_string(), ""))?;
    let folder = Path::new(&source.file).parent().unwrap_or(Path::new(""));
    problems.extend(meaning::check(&scenario, &document));
    problems.extend(replay::read(&mut scenario, &document, folder));
    if !problems.is_empty() {
        return Err(ScenarioError::new(problems));
    }
    scenario.written = Written::from(source);
    Ok(scenario)
}

/// Before anything else: another version has other keys.
fn check_version(document: &Node) -> Result<(), ScenarioError> {
    match document.get("version").map(|version| (version, &version.value)) {
        Some((version, document::Value::Integer(number))) if *number != i64::from(VERSION) => {
            let problem = format!("this is version {number}; this blindpost reads {VERSION}");
            let hint = format!(
                "write `version = {VERSION}` and follow docs/scenarios.md, or take another blindpost"
            );
            Err(ScenarioError::new(vec![Problem::new(version.place.clone(), problem, hint)]))
        }
        _ => Ok(()),
    }
}
