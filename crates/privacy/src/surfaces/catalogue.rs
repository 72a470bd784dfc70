//! Reading `surfaces.toml`.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use serde::Deserialize;

use super::form::Parts;
use super::{Surfaces, files, http, logs, metrics, rows};
use crate::{DataClass, Policy, PolicyError, labels::Labels};

/// Why a list of surfaces was refused. Names the section, so that it can be found.
#[derive(Debug, thiserror::Error)]
pub enum SurfacesError {
    /// Not TOML, or not of the shape of a list; says where.
    #[error("the list of surfaces can't be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The policy that it goes with can't be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The messages that it speaks of can't be read.
    #[error("the descriptors of proto/ can't be read: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// The messages that it speaks of have no labels.
    #[error("the descriptors of proto/ have no data classes")]
    NoLabels,
    /// A class that is none.
    #[error("[{place}] says `{class}`, which is no data class; the classes are in proto/options.proto")]
    Class {
        /// Where.
        place: String,
        /// What it says.
        class: String,
    },
    /// A principal who is none.
    #[error("[{place}] names `{principal}`, who is no principal; the principals are in docs/privacy.md")]
    Principal {
        /// Where.
        place: String,
        /// Whom it names.
        principal: String,
    },
    /// A value that is said to identify nobody, without a form that shows it.
    #[error("[{0}] is said to be a statistic: give it a form with `is`, so that it can't be more")]
    Formless(String),
    /// A form with a part that is not in `[forms]`.
    #[error("[{place}] has a form with the part `{part}`, which is not in [forms]")]
    Part {
        /// Where.
        place: String,
        /// The part.
        part: String,
    },
    /// A table whose value is neither a message nor opaque, or both.
    #[error("[tables.{0}] must have either `value`, a message of proto/, or `opaque`, a class")]
    NoValue(String),
    /// A message that proto/ doesn't have.
    #[error("[{place}] names `{message}`, which is not in proto/")]
    Message {
        /// Where.
        place: String,
        /// The name.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    forms: Parts,
    nested: BTreeMap<String, String>,
    tables: BTreeMap<String, rows::RawTable>,
    http: http::RawCatalogue,
    logs: logs::RawCatalogue,
    metrics: metrics::RawCatalogue,
    files: files::RawCatalogue,
}

impl Surfaces {
    /// Parses a list of surfaces that speaks of the messages in `pool` and the principals of `policy`.
    ///
    /// # Errors
    /// Any [`SurfacesError`].
    pub fn parse(text: &str, pool: DescriptorPool, policy: Policy) -> Result<Self, SurfacesError> {
        let raw: Raw = toml::from_str(text)?;
        let labels = Labels::of(&pool).ok_or(SurfacesError::NoLabels)?;
        let tables = raw.tables.into_iter().map(|(name, table)| {
            let table = rows::Table::parse(&name, table)?;
            Ok((name, table))
        });
        let tables = tables.collect::<Result<BTreeMap<_, _>, SurfacesError>>()?;
        let in_tables = tables.iter().filter_map(|(name, table)| Some((name, table.message()?)));
        let in_fields = raw.nested.iter().map(|(field, message)| (field, message.as_str()));
        for (place, message) in in_tables.chain(in_fields) {
            if pool.get_message_by_name(message).is_none() {
                return Err(SurfacesError::Message { place: place.clone(), message: message.to_owned() });
            }
        }
        Ok(Self {
            http: http::Catalogue::parse(&raw.http, &raw.forms)?,
            logs: logs::Catalogue::parse(&raw.logs, &raw.forms)?,
            metrics: metrics::Catalogue::parse(&raw.metrics, &raw.forms)?,
            files: files::Catalogue::parse(&raw.files, &raw.forms)?,
            nested: raw.nested,
            tables,
            labels,
            pool,
            policy,
        })
    }
}

pub(super) fn class(place: &str, name: &str) -> Result<DataClass, SurfacesError> {
    DataClass::parse(name)
        .ok_or_else(|| SurfacesError::Class { place: place.to_owned(), class: name.to_owned() })
}
