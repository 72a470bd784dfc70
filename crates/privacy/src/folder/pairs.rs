//! Two runs that differ in a secret, as others recorded them.

use std::{collections::BTreeSet, fs::File, io::BufReader, path::Path};

use super::{
    events::{self, EventError},
    manifest::{PairEntry, PairView},
    report::{Differs, FolderReport, Unchecked},
};
use crate::{
    Party, Policy,
    equal::{self, Difference, Event, Treatment},
};

/// Compares the views of a pair. Those of parties that may learn the secret must differ in one at least.
pub(super) fn compare(folder: &Path, policy: &Policy, pair: &PairEntry, report: &mut FolderReport) {
    let mut masks = Masks::new(pair);
    let mut anyone_may = false;
    let mut anyone_does = false;
    let mut whole = true;
    for view in &pair.views {
        let party = Party::new(view.principal, view.party.as_str());
        let difference = match difference(folder, view, &mut masks) {
            Ok(difference) => difference,
            Err((path, why)) => {
                whole = false;
                report.unchecked.push(Unchecked::Unreadable { path, why: why.to_string() });
                continue;
            }
        };
        if policy.permits(&party, &pair.secret) {
            anyone_may = true;
            anyone_does |= difference.is_some();
            continue;
        }
        report.compared += 1;
        if let Some(difference) = difference {
            report.differs.push(Differs {
                pair: pair.name.clone(),
                class: pair.secret.class(),
                party,
                view: view.name.clone(),
                difference,
            });
        }
    }
    let pair_name = || pair.name.clone();
    if pair.expected && whole && !anyone_does {
        report.unchecked.push(Unchecked::SameRuns { pair: pair_name(), anyone_may });
    }
    if whole {
        for path in masks.idle() {
            report.unchecked.push(Unchecked::IdleMask { pair: pair_name(), path });
        }
    }
}

/// The paths that are masked or renamed, and which of them there were.
struct Masks<'a> {
    pair: &'a PairEntry,
    used: BTreeSet<String>,
}

impl<'a> Masks<'a> {
    fn new(pair: &'a PairEntry) -> Self {
        Self { pair, used: BTreeSet::new() }
    }

    fn apply(&mut self, events: &mut [Event]) {
        if self.pair.masked.iter().any(|path| path == "time") {
            self.used.insert("time".to_owned());
            events.iter_mut().for_each(|event| event.at_us = 0);
        }
        let used = &mut self.used;
        let pair = self.pair;
        for event in events {
            for field in &mut event.fields {
                let path = without_indices(&field.path);
                let treatment = match () {
                    () if pair.masked.contains(&path) => Treatment::Mask,
                    () if pair.renamed.contains(&path) => Treatment::Rename,
                    () => continue,
                };
                field.value = treatment.of(&field.value);
                used.insert(path);
            }
        }
    }

    /// Those that masked nothing: a name that is misspelt.
    fn idle(&self) -> Vec<String> {
        let paths = self.pair.masked.iter().chain(&self.pair.renamed);
        paths.filter(|path| !self.used.contains(*path)).cloned().collect()
    }
}

fn difference(
    folder: &Path,
    view: &PairView,
    masks: &mut Masks<'_>,
) -> Result<Option<Difference>, (String, EventError)> {
    let mut read = |path: &str| {
        let file = File::open(folder.join(path)).map_err(EventError::from);
        let mut events = file.and_then(|file| events::read(BufReader::new(file)));
        if let Ok(events) = &mut events {
            masks.apply(events);
        }
        events.map_err(|why| (path.to_owned(), why))
    };
    Ok(equal::compare(&read(&view.left)?, &read(&view.right)?))
}

/// `to[3].number` as a mask names it: `to[].number`.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|&c| {
            inside = (inside || c == '[') && c != ']';
            !inside || c == '['
        })
        .collect()
}
