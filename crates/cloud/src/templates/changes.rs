//! Edits of templates: how often there may be one, and what it does.

use super::kept::Kept;
use crate::output::Step;
use crate::state::State;
use graph::templates::{self as of, Edit, Status};
use graph::{GraphError, TemplateId};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const PER_MONTH: usize = 10;

/// How often it is looked whether what was sent of a template that is to be deleted has arrived.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

impl State {
    /// Whether a template may become `definition` now. That it is that already is no edit.
    pub(crate) fn check_edit(
        &self,
        kept: &Kept,
        definition: &of::Definition,
        step: &Step<'_>,
    ) -> Result<(), GraphError> {
        if !matches!(kept.status, Status::Approved | Status::Rejected | Status::Paused) {
            return Err(of::not_editable(kept.status));
        }
        let since = |span: Duration| kept.edits.iter().filter(|edit| **edit + span > step.now).count();
        let is_edit = kept.status == Status::Approved && kept.definition != *definition;
        let too_many = is_edit && (since(DAY) > 0 || since(MONTH) >= PER_MONTH);
        if too_many { Err(of::too_many_edits()) } else { Ok(()) }
    }

    /// A template says something else from now on, and is reviewed again; if it says the same it is left alone.
    pub(crate) fn change_template(
        &mut self,
        id: TemplateId,
        edit: Edit,
        step: &mut Step<'_>,
    ) -> Result<(), GraphError> {
        let mut kept = self.templates.get(id).ok_or_else(GraphError::unavailable)?.clone();
        let Edit { definition, allow_category_change } = edit;
        kept.allow_category_change = allow_category_change.unwrap_or(kept.allow_category_change);
        if kept.definition == definition {
            self.templates.set(kept, step.transaction);
            return Ok(());
        }
        let says_else = kept.definition.components != definition.components;
        let is_same_category = kept.definition.category == definition.category;
        kept.definition = definition;
        if kept.status == Status::Approved {
            kept.edits.retain(|edit| *edit + MONTH > step.now);
            kept.edits.push(step.now);
        }
        if says_else {
            self.tell_components(&kept, step);
        }
        // How long a message of it is worth being delivered, nobody has to review.
        if says_else || !is_same_category {
            self.submit(kept, step)
        } else {
            self.templates.set(kept, step.transaction)
        }
        Ok(())
    }

    /// If a message of a template is on its way: when to look again.
    pub(crate) fn undelivered_until(&self, kept: &Kept, step: &Step<'_>) -> Option<kernel::Time> {
        self.outbound.awaits_template(kept.key.id).then(|| step.now + LOOK_AGAIN)
    }
}
