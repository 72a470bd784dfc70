//! What the API shows of templates.

use super::kept::Kept;
use crate::api::{Asked, Outcome, Reply};
use crate::output::Step;
use crate::state::State;
use graph::templates::{
    Filter, LibraryFilter, PreviewRequest, Summary, SummaryFields, Template, TemplateList, library,
};
use graph::{Answer, Fields, GraphError, Page, TemplateId, WabaId};
use std::collections::{BTreeMap, BTreeSet};

/// `GET /{waba-id}/message_templates`.
pub(crate) fn get_templates(
    state: &mut State,
    account: WabaId,
    asked: &Asked<'_>,
    _: &mut Step<'_>,
) -> Outcome {
    let fields = Fields::of(asked.params)?;
    fields.check::<Template<'_>>()?;
    let filter = Filter::parse(asked.params)?;
    let summary = SummaryFields::parse(asked.params)?;
    let page = Filter::page(asked.params, asked.asker.version)?;
    let is_asked_for = |kept: &&Kept| filter.admits(&kept.definition, kept.status, kept.quality);
    let all: Vec<&Kept> = state.templates.of(account).filter(is_asked_for).collect();
    let summary = summary.map(|summary| state.summary(account, &summary, all.len()));
    let page = page.of_list(&all, |kept| kept.key.id.as_str());
    let page = page.map(|kept| fields.select(shown(kept)));
    Ok(Reply::Now(Answer::of(&TemplateList { page, summary })))
}

/// `GET /{template-id}`.
pub(crate) fn get_template(
    state: &mut State,
    id: TemplateId,
    asked: &Asked<'_>,
    _: &mut Step<'_>,
) -> Outcome {
    let fields = Fields::of(asked.params)?;
    fields.check::<Template<'_>>()?;
    let kept = state.templates.get(id).ok_or_else(GraphError::unavailable)?;
    Ok(Reply::Now(Answer::of(&fields.select(shown(kept)))))
}

/// `GET /message_template_library`.
pub(crate) fn get_library(_: &mut State, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let filter = LibraryFilter::parse(asked.params)?;
    let all = library().iter().filter(|of| filter.admits(of)).map(|of| of.shown());
    Ok(Reply::Now(Answer::of(&Page::whole(all.collect()))))
}

/// `GET /{waba-id}/message_template_previews`.
pub(crate) fn get_previews(_: &mut State, _: WabaId, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    let request = PreviewRequest::parse(asked.params)?;
    Ok(Reply::Now(Answer::of(&Page::whole(request.previews()))))
}

fn shown(kept: &Kept) -> Template<'_> {
    let mut template = Template::new(kept.key.id, &kept.definition, kept.standing());
    template.previous_category = kept.previous_category;
    template.correct_category = kept.announced_category;
    template.library_template_name = Some(kept.library_name.as_str()).filter(|name| !name.is_empty());
    template
}

impl State {
    fn summary(&self, account: WabaId, fields: &SummaryFields, matching: usize) -> Summary {
        Summary {
            total_count: fields.total_count.then_some(matching),
            message_template_count: fields.message_template_count.then(|| self.templates.of(account).count()),
            message_template_limit: fields
                .message_template_limit
                .then_some(self.config.templates.per_account),
            are_translations_complete: fields
                .are_translations_complete
                .then(|| self.are_translations_complete(account)),
        }
    }

    /// True if each name is there in all languages that any is there in.
    fn are_translations_complete(&self, account: WabaId) -> bool {
        let mut languages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for kept in self.templates.of(account) {
            languages.entry(&kept.definition.name).or_default().insert(kept.definition.language);
        }
        let all: BTreeSet<_> = languages.values().flatten().collect();
        languages.values().all(|of_name| of_name.len() == all.len())
    }
}
