//! Templates' webhooks: what happened to one is told to each app that is subscribed to its account and wants to hear of it.

use super::kept::Kept;
use crate::output::Step;
use crate::state::State;
use graph::templates::{Category, Quality, Reason};
use graph::webhook::{CategoryChange, DisableInfo, OtherInfo, RejectionInfo, StatusChange, TemplateEvent};
use kernel::Time;

/// What an app is told of a pause.
pub(crate) const FIRST_PAUSE: OtherInfo = OtherInfo {
    title: "FIRST_PAUSE",
    description: "Recipients do not like this template: it is paused for 3 hours.",
};
/// What an app is told of the next one.
pub(crate) const SECOND_PAUSE: OtherInfo = OtherInfo {
    title: "SECOND_PAUSE",
    description: "Recipients still do not like this template: it is paused for 6 hours.",
};
/// What an app is told of the last one.
pub(crate) const LAST_PAUSE: OtherInfo = OtherInfo {
    title: "DISABLED",
    description: "Recipients did not like this template after two pauses: it is disabled.",
};
/// What an app is told of the end of a pause.
pub(crate) const UNPAUSE: OtherInfo =
    OtherInfo { title: "UNPAUSE", description: "This template can be sent again." };

impl State {
    /// A template has another status: `event` is its name, or another word for what happened.
    pub(crate) fn tell_status(
        &mut self,
        kept: &Kept,
        event: &'static str,
        other_info: Option<OtherInfo>,
        step: &mut Step<'_>,
    ) {
        let is_end = matches!(event, "DELETED" | "PENDING_DELETION");
        let is_wrong = event == "REJECTED" && kept.reason == Reason::InvalidFormat;
        let change = StatusChange {
            event,
            message_template_category: kept.definition.category,
            reason: (!is_end).then_some(kept.reason),
            disable_info: (event == "DISABLED").then(|| DisableInfo { disable_date: step.now.as_secs() }),
            other_info,
            rejection_info: is_wrong.then_some(RejectionInfo {
                reason: "The reviewer can't read the format of this template.",
                recommendation: "Edit its components, and it is reviewed again.",
            }),
        };
        let event = TemplateEvent::of_status(kept.key.id, &kept.definition, change);
        self.post_account_event(kept.key.account, event.field(), &event, step);
    }

    /// Recipients think otherwise of a template.
    pub(crate) fn tell_quality(&mut self, kept: &Kept, before: Quality, step: &mut Step<'_>) {
        let event = TemplateEvent::of_quality(kept.key.id, &kept.definition, before, kept.quality);
        self.post_account_event(kept.key.account, event.field(), &event, step);
    }

    /// A template says something else.
    pub(crate) fn tell_components(&mut self, kept: &Kept, step: &mut Step<'_>) {
        let event = TemplateEvent::of_components(kept.key.id, &kept.definition);
        self.post_account_event(kept.key.account, event.field(), &event, step);
    }

    /// A template is of another category.
    pub(crate) fn tell_category(&mut self, kept: &Kept, before: Category, step: &mut Step<'_>) {
        let new_category = kept.definition.category;
        let change = CategoryChange::Done { previous_category: before, new_category };
        let event = TemplateEvent::of_category(kept.key.id, &kept.definition, change);
        self.post_account_event(kept.key.account, event.field(), &event, step);
    }

    /// A template will be of another category.
    pub(crate) fn tell_announced(&mut self, kept: &Kept, to: Category, at: Time, step: &mut Step<'_>) {
        let change = CategoryChange::Announced {
            correct_category: to,
            new_category: kept.definition.category,
            category_update_timestamp: at.as_secs(),
        };
        let event = TemplateEvent::of_category(kept.key.id, &kept.definition, change);
        self.post_account_event(kept.key.account, event.field(), &event, step);
    }
}
