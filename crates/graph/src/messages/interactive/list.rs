//! Lists.

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{distinct, label, list, not_valid, object, text};
use crate::table::object;

/// The most rows of all sections together.
const ROWS: usize = 10;

object! {
    /// A button that opens a list, of which a person chooses a row.
    pub struct List {
        /// What stands on the button.
        button: String = required label(1..=20),
        /// One to ten, with one to ten rows together, no two of the same id; if they are several, all have titles.
        sections: Vec<Section> = required list(1..=10, object()),
    }
    check List::check
}

object! {
    /// A part of a list.
    pub struct Section {
        /// What stands above it.
        title: String = or_default text(..=24),
        /// What is in it.
        rows: Vec<Row> = required list(1..=ROWS, object()),
    }
}

object! {
    /// What can be chosen.
    pub struct Row {
        /// The business's name for it.
        id: String = required text(1..=200),
        /// What it is.
        title: String = required label(1..=24),
        /// More about it; empty if nothing is said.
        description: String = or_default text(..=72),
    }
}

impl List {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        let rows = || self.sections.iter().flat_map(|section| &section.rows);
        if rows().count() > ROWS {
            return Err(not_valid(format!(
                "Invalid rows count. Min allowed rows: 1, Max allowed rows: {ROWS}"
            )));
        }
        distinct(rows().map(|row| &*row.id), "row ids", param)?;
        have_titles(self.sections.iter().map(|section| &*section.title), param)
    }
}

/// Sections need titles where there are several.
pub(super) fn have_titles<'t>(
    mut titles: impl ExactSizeIterator<Item = &'t str>,
    param: Param<'_>,
) -> Result<(), GraphError> {
    if titles.len() > 1 && titles.any(|title| title.trim().is_empty()) {
        let details = format!("Param {}: each of several sections must have a title.", param.path());
        return Err(not_valid(details));
    }
    Ok(())
}
