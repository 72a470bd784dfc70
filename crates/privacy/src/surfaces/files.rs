//! Files in the data directories of parties.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::error::class;
use super::form::{Parts, compile};
use super::{Problem, Surfaces, SurfacesError};
use crate::{DataClass, Principal};

/// Files by whose directory they are in.
pub(super) type RawCatalogue = BTreeMap<String, Vec<RawFile>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    /// Path within the directory, a form.
    path: String,
    class: String,
    /// What is in it, for people.
    holds: String,
}

pub(super) struct Catalogue {
    files: BTreeMap<Principal, Vec<File>>,
}

struct File {
    path: Regex,
    class: DataClass,
}

impl Surfaces {
    /// What is wrong with a file that is in the data directory of `principal`; `path` is relative to that directory,
    /// with slashes.
    pub fn check_file(&self, principal: Principal, path: &str) -> Vec<Problem> {
        // A node of a business's own has the files of any node.
        let whose = if principal == Principal::Onprem { Principal::Cloud } else { principal };
        let files = self.files.files.get(&whose).map(Vec::as_slice).unwrap_or_default();
        let what = format!("file {} of {principal}", masked(path));
        match files.iter().find(|file| file.path.is_match(path)) {
            None => vec![Problem::Undeclared { what, section: format!("files.{whose}") }],
            Some(file) if !self.policy.allows(principal, file.class) => {
                let cell = self.policy.cell(principal, file.class);
                vec![Problem::NotAllowed { what, class: file.class, principal, cell }]
            }
            Some(_) => Vec::new(),
        }
    }
}

/// A name may itself hold what nobody may read, a number for example.
fn masked(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

impl Catalogue {
    pub(super) fn parse(raw: &RawCatalogue, parts: &Parts) -> Result<Self, SurfacesError> {
        let files = raw.iter().map(|(principal, files)| {
            let place = format!("files.{principal}");
            let principal = Principal::parse(principal).ok_or_else(|| SurfacesError::Principal {
                place: place.clone(),
                principal: principal.clone(),
            })?;
            let files = files.iter().map(|file| {
                if file.holds.is_empty() {
                    return Err(SurfacesError::Formless(format!("{place} `{}`", file.path)));
                }
                let path = compile(&place, &file.path, parts)?;
                Ok(File { path, class: class(&place, &file.class)? })
            });
            Ok((principal, files.collect::<Result<_, SurfacesError>>()?))
        });
        Ok(Self { files: files.collect::<Result<_, SurfacesError>>()? })
    }
}
