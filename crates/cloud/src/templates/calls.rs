//! The calls that make, change and delete templates.

use super::hello;
use super::kept::{Kept, TemplateKey};
use super::store::HOUR;
use crate::api::{Asked, Outcome, Reply};
use crate::output::Step;
use crate::state::State;
use graph::templates::{self as of, Create, Created, Delete, Edit, Status, Upsert, Upserted};
use graph::{Answer, GraphError, Page, SUCCESS, TemplateId, WabaId};

/// `POST /{waba-id}/message_templates`.
pub(crate) fn create_template(
    state: &mut State,
    account: WabaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let create = Create::parse(asked.params)?;
    let id = state.add_template(account, create, asked, step)?;
    let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?;
    let (status, category) = (kept.status, kept.definition.category);
    Ok(Reply::Now(Answer::of(&Created { id, status, category })))
}

/// `POST /{waba-id}/upsert_message_templates`.
pub(crate) fn upsert_templates(
    state: &mut State,
    account: WabaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let Upsert { definitions } = Upsert::parse(asked.params)?;
    let there = |definition: &of::Definition| {
        state.templates.named(account, &definition.name, definition.language).map(|kept| kept.key.id)
    };
    let known: Vec<Option<TemplateId>> = definitions.iter().map(there).collect();
    // All or nothing: what can't be done is found before anything is.
    let new = known.iter().filter(|known| known.is_none()).count();
    for (definition, known) in definitions.iter().zip(&known) {
        match known.and_then(|id| state.templates.get(id)) {
            Some(kept) if kept.definition != *definition => state.check_edit(kept, definition, step)?,
            Some(_) => {}
            None => state.check_new(account, definition, new, step)?,
        }
    }
    let mut upserted = Vec::new();
    for (definition, known) in definitions.into_iter().zip(known) {
        let id = match known {
            Some(id) => {
                state.change_template(id, Edit { definition, allow_category_change: None }, step)?;
                id
            }
            None => {
                let create = Create { definition, allow_category_change: false, library: None };
                state.add_template(account, create, asked, step)?
            }
        };
        let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?;
        let (status, language) = (kept.status, kept.definition.language);
        upserted.push(Upserted { id, status, language });
    }
    Ok(Reply::Now(Answer::of(&Page::whole(upserted))))
}

/// `POST /{template-id}`.
pub(crate) fn edit_template(
    state: &mut State,
    id: TemplateId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?;
    let edit = Edit::parse(asked.params, &kept.definition)?;
    state.check_edit(kept, &edit.definition, step)?;
    if edit.definition.category != kept.definition.category && kept.status == Status::Approved {
        return Err(GraphError::invalid("The category of an approved message template can't be changed."));
    }
    state.change_template(id, edit, step)?;
    Ok(Reply::Now(SUCCESS))
}

/// `DELETE /{waba-id}/message_templates`.
pub(crate) fn delete_templates(
    state: &mut State,
    account: WabaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let Delete { name, id } = Delete::parse(asked.params)?;
    let is_meant = |kept: &&Kept| kept.definition.name == name && id.is_none_or(|id| id == kept.key.id);
    let meant: Vec<Kept> = state.templates.of(account).filter(is_meant).cloned().collect();
    if meant.is_empty() {
        return Err(of::unknown_name());
    }
    state.delete_all(meant, step)
}

/// `DELETE /{template-id}`.
pub(crate) fn delete_template(
    state: &mut State,
    id: TemplateId,
    _: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?.clone();
    state.delete_all(vec![kept], step)
}

/// `POST /{template-id}/unpause`.
pub(crate) fn unpause_template(
    state: &mut State,
    id: TemplateId,
    _: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?.clone();
    if kept.status != Status::Paused {
        return Err(of::not_paused());
    }
    state.unpause(kept, step);
    Ok(Reply::Now(SUCCESS))
}

impl State {
    /// Takes a new template on.
    fn add_template(
        &mut self,
        account: WabaId,
        create: Create,
        asked: &Asked<'_>,
        step: &mut Step<'_>,
    ) -> Result<TemplateId, GraphError> {
        let Create { definition, allow_category_change, library } = create;
        self.check_new(account, &definition, 1, step)?;
        let id = loop {
            let drawn = u64::from_be_bytes(step.rng.child(asked.asker.whose).bytes());
            let id = hello::of_random(drawn);
            if !self.templates.knows(id) {
                break id;
            }
        };
        let mut kept = Kept::new(TemplateKey { account, id }, definition, step.now);
        kept.allow_category_change = allow_category_change;
        match library {
            // It was reviewed before it came into the library.
            Some(library) => {
                library.name.clone_into(&mut kept.library_name);
                (kept.status, kept.was_approved) = (Status::Approved, true);
                self.tell_status(&kept, Status::Approved.as_str(), None, step);
                self.templates.set(kept, step.transaction);
            }
            None => self.submit(kept, step),
        }
        Ok(id)
    }

    /// Whether there can be `new` more templates, of which this is one.
    fn check_new(
        &self,
        account: WabaId,
        definition: &of::Definition,
        new: usize,
        step: &Step<'_>,
    ) -> Result<(), GraphError> {
        let (policy, language) = (&self.config.templates, definition.language);
        if self.templates.made_since(account, step.now - HOUR) + new > policy.creations_per_hour {
            return Err(GraphError::account_busy());
        }
        if let Some(kept) = self.templates.named(account, &definition.name, language) {
            let is_going = kept.status == Status::PendingDeletion;
            return Err(if is_going { of::being_deleted(language, 30) } else { of::already_there(language) });
        }
        if let Some(rests) = self.templates.name_rests(account, &definition.name, language) {
            let days = (rests.since(step.now).as_secs()).div_ceil(24 * 3600);
            return Err(of::being_deleted(language, days));
        }
        if self.templates.of(account).count() + new > policy.per_account {
            return Err(of::account_full(policy.per_account));
        }
        Ok(())
    }

    fn delete_all(&mut self, meant: Vec<Kept>, step: &mut Step<'_>) -> Outcome {
        if meant.iter().any(|kept| kept.status == Status::Disabled) {
            return Err(of::cant_be_deleted());
        }
        for kept in meant {
            if kept.status != Status::PendingDeletion {
                self.delete(kept, step);
            }
        }
        Ok(Reply::Now(SUCCESS))
    }
}
