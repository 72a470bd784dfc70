//! From the text of a policy to one that has no gap.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Cell, Outlives, Policy, PolicyError, Receives, Row, Rule};
use crate::{DataClass, Principal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    vocabulary: Option<Vocabulary>,
    /// Cells by principal, and `what` and `note`.
    matrix: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    receives: BTreeMap<String, Receives>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    outlives: Vec<RawOutlives>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutlives {
    rows: String,
    at: Vec<String>,
    class: String,
    until: String,
    why: String,
}

/// Whose boundary it is, if not ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vocabulary {
    principals: Vec<String>,
    classes: Vec<String>,
}

/// Keys of a row that are no cells.
const WHAT: &str = "what";
const NOTE: &str = "note";

impl Policy {
    /// Parses a policy. Without a `[vocabulary]` it is about our principals and classes.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: PolicyFile = toml::from_str(text)?;
        let (principals, classes) = match &file.vocabulary {
            None => (Principal::ALL.to_vec(), DataClass::ALL.to_vec()),
            Some(words) => (
                names("principals", &words.principals, Principal::named)?,
                names("classes", &words.classes, DataClass::named)?,
            ),
        };
        let (rows, matrix) = matrix(&principals, &classes, file.matrix)?;
        let receives = receives(&principals, file.receives)?;
        let outlives = file.outlives.into_iter().map(|raw| outlives(&principals, &classes, raw));
        let outlives = outlives.collect::<Result<_, _>>()?;
        // Others have no `proto/` of ours.
        let silent = principals.iter().find(|principal| !receives.contains_key(principal));
        match silent {
            Some(silent) if file.vocabulary.is_none() => Err(PolicyError::MissingReceives(*silent)),
            _ => Ok(Self { principals, rows, matrix, receives, rules: file.rules, outlives }),
        }
    }
}

fn names<T: PartialEq>(
    what: &'static str,
    words: &[String],
    named: fn(&str) -> Option<T>,
) -> Result<Vec<T>, PolicyError> {
    let mut names = Vec::new();
    for word in words {
        let name = named(word).filter(|name| !names.contains(name) && word != WHAT && word != NOTE);
        names.push(name.ok_or_else(|| PolicyError::BadName(word.clone()))?);
    }
    match names.is_empty() {
        true => Err(PolicyError::EmptyVocabulary(what)),
        false => Ok(names),
    }
}

type Matrix = BTreeMap<(DataClass, Principal), Cell>;

fn matrix(
    principals: &[Principal],
    classes: &[DataClass],
    sections: BTreeMap<String, BTreeMap<String, String>>,
) -> Result<(Vec<Row>, Matrix), PolicyError> {
    let mut matrix = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for (class_name, mut row) in sections {
        let class = classes.iter().find(|class| class.name() == class_name).copied();
        let class = class.ok_or_else(|| PolicyError::UnknownClass {
            section: "matrix",
            class: class_name.clone(),
            known: list(classes.iter().map(|class| class.name())),
        })?;
        let mut text = |key| row.remove(key).unwrap_or_default();
        texts.insert(class, (text(WHAT), text(NOTE)));
        for (principal, word) in row {
            let principal = find(principals, principal, || format!("matrix.{class_name}"))?;
            let cell = Cell::parse(&word).ok_or(PolicyError::UnknownWord { class, principal, word })?;
            matrix.insert((class, principal), cell);
        }
    }
    for &class in classes {
        for &principal in principals {
            if !matrix.contains_key(&(class, principal)) {
                return Err(PolicyError::MissingCell { class, principal });
            }
        }
    }
    let rows = classes.iter().map(|&class| {
        let (what, note) = texts.remove(&class).unwrap_or_default();
        Row { class, what, note }
    });
    Ok((rows.collect(), matrix))
}

fn outlives(
    principals: &[Principal],
    classes: &[DataClass],
    raw: RawOutlives,
) -> Result<Outlives, PolicyError> {
    let RawOutlives { rows, at, class, until, why } = raw;
    let at = at.into_iter().map(|name| find(principals, name, || "outlives".to_owned()));
    let known = classes.iter().find(|known| known.name() == class).copied();
    let class = known.ok_or_else(|| PolicyError::UnknownClass {
        section: "outlives",
        class,
        known: list(classes.iter().map(|class| class.name())),
    })?;
    Ok(Outlives { rows, at: at.collect::<Result<_, _>>()?, class, until, why })
}

fn receives(
    principals: &[Principal],
    sections: BTreeMap<String, Receives>,
) -> Result<BTreeMap<Principal, Receives>, PolicyError> {
    let named = sections
        .into_iter()
        .map(|(principal, receives)| Ok((find(principals, principal, || "receives".to_owned())?, receives)));
    named.collect()
}

fn find(
    principals: &[Principal],
    name: String,
    section: impl FnOnce() -> String,
) -> Result<Principal, PolicyError> {
    let found = principals.iter().find(|principal| principal.name() == name).copied();
    found.ok_or_else(|| PolicyError::UnknownPrincipal {
        section: section(),
        principal: name,
        known: list(principals.iter().map(|principal| principal.name())),
    })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
