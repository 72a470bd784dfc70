//! Reading `surfaces.toml`.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use serde::Deserialize;

use super::form::{Forms, Parts};
use super::{Surfaces, SurfacesError, files, http, logs, metrics, rows, source};
use crate::{Policy, labels::Labels};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    forms: Parts,
    fields: BTreeMap<String, Vec<String>>,
    nested: BTreeMap<String, String>,
    tables: BTreeMap<String, rows::RawTable>,
    http: http::RawCatalogue,
    logs: logs::RawCatalogue,
    metrics: metrics::RawCatalogue,
    files: files::RawCatalogue,
    source: source::Catalogue,
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
        let fields = raw.fields.iter().map(|(field, forms)| {
            let (message, name) = field.rsplit_once('.').unwrap_or_default();
            let known = pool.get_message_by_name(message).and_then(|message| message.get_field_by_name(name));
            let unknown = || SurfacesError::Message { place: "fields".into(), message: field.clone() };
            known.ok_or_else(unknown)?;
            Ok((field.clone(), Forms::parse(field, forms, &raw.forms)?))
        });
        Ok(Self {
            fields: fields.collect::<Result<_, SurfacesError>>()?,
            source: raw.source,
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
