//! What becomes of templates: reviews, categories, quality, pauses, and what the clock does.

use super::events::{FIRST_PAUSE, LAST_PAUSE, SECOND_PAUSE, UNPAUSE};
use super::hello;
use super::kept::{FlowState, Kept, TemplateKey};
use super::policy::ReviewPolicy;
use super::store::NAME_RESTS;
use crate::output::Step;
use crate::state::State;
use graph::TemplateId;
use graph::templates::{Category, Components, Quality, Reason, Status};
use std::time::Duration;

/// How long a template is paused the first and the second time.
const PAUSES: [Duration; 2] = [Duration::from_secs(3 * 3600), Duration::from_secs(6 * 3600)];

/// How long before another category is announced.
const NOTICE: Duration = Duration::from_secs(24 * 3600);

/// What a reviewer says of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It can be sent.
    Approve,
    /// It can't.
    Reject(Reason),
    /// It is of another category. One that waits for its review is refused instead, unless its business allows that its
    /// category is changed.
    Recategorise(Category),
    /// It will be of another category in 24 hours.
    Announce(Category),
    /// What recipients think of it. Red pauses it: for three hours, then for six, then it is disabled.
    Quality(Quality),
    /// It can't be sent any more.
    Disable,
    /// Whether its flow may be used.
    Flow(FlowState),
}

/// What came of a [`Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// The template is what the reviewer said.
    Done,
    /// There is no such template.
    Unknown,
    /// A template of that status can't become that.
    NotFrom(Status),
}

impl State {
    /// A reviewer says what becomes of a template.
    pub(crate) fn judge(&mut self, id: TemplateId, verdict: Verdict, step: &mut Step<'_>) -> Reviewed {
        let Some(kept) = self.templates.get(id) else { return Reviewed::Unknown };
        let (mut kept, status) = (kept.clone(), kept.status);
        let can_be = match verdict {
            Verdict::Approve => matches!(
                status,
                Status::Pending | Status::Rejected | Status::InAppeal | Status::Paused | Status::Disabled
            ),
            Verdict::Reject(_) => matches!(status, Status::Pending | Status::InAppeal | Status::Approved),
            Verdict::Recategorise(_) => matches!(status, Status::Pending | Status::Approved | Status::Paused),
            Verdict::Announce(_) => status == Status::Approved,
            Verdict::Disable => matches!(status, Status::Approved | Status::Paused),
            Verdict::Quality(_) | Verdict::Flow(_) => true,
        };
        if !can_be {
            return Reviewed::NotFrom(status);
        }
        match verdict {
            Verdict::Approve => self.approve(kept, step),
            Verdict::Reject(reason) => self.reject(kept, reason, step),
            Verdict::Recategorise(category) => self.recategorise(kept, category, step),
            Verdict::Announce(category) => {
                let at = step.now + NOTICE;
                (kept.announced_category, kept.due) = (Some(category), Some(at));
                self.tell_announced(&kept, category, at, step);
                self.templates.set(kept, step.transaction);
            }
            Verdict::Quality(quality) => self.rate(kept, quality, step),
            Verdict::Disable => self.disable(kept, step),
            Verdict::Flow(flow) => {
                kept.flow = flow;
                self.templates.set(kept, step.transaction);
            }
        }
        Reviewed::Done
    }

    /// A template that was made or changed waits for its review, or doesn't have to.
    pub(crate) fn submit(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        (kept.status, kept.reason, kept.due) = (Status::Pending, Reason::None, None);
        match self.config.templates.review {
            ReviewPolicy::Instant => self.approve(kept, step),
            ReviewPolicy::Manual => self.templates.set(kept, step.transaction),
            ReviewPolicy::After(span) => {
                kept.due = Some(step.now + span);
                self.templates.set(kept, step.transaction);
            }
        }
    }

    /// What the clock does.
    pub(crate) fn run_templates(&mut self, step: &mut Step<'_>) {
        while let Some((_, key)) = self.templates.first_due().filter(|(due, _)| *due <= step.now) {
            let Some(mut kept) = self.templates.kept(key).cloned() else { return };
            kept.due = None;
            match (kept.status, kept.announced_category) {
                (Status::Pending, _) => self.approve(kept, step),
                (Status::Paused, _) => self.unpause(kept, step),
                (Status::PendingDeletion, _) => self.delete(kept, step),
                (Status::Deleted, _) => self.forget_deleted(kept, step),
                (_, Some(category)) => self.recategorise(kept, category, step),
                (_, None) => self.templates.set(kept, step.transaction),
            }
        }
    }

    /// It can be sent, as before its pause.
    pub(crate) fn unpause(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        // A category that was announced before the pause may be due.
        (kept.status, kept.due) = (Status::Approved, kept.announced_category.map(|_| step.now));
        self.tell_status(&kept, Status::Approved.as_str(), Some(UNPAUSE), step);
        self.templates.set(kept, step.transaction);
    }

    /// It is gone, at once or as soon as what was sent of it has arrived.
    pub(crate) fn delete(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        if let Some(again) = self.undelivered_until(&kept, step) {
            let is_news = kept.status != Status::PendingDeletion;
            (kept.status, kept.due) = (Status::PendingDeletion, Some(again));
            if is_news {
                self.tell_status(&kept, Status::PendingDeletion.as_str(), None, step);
            }
            self.templates.set(kept, step.transaction);
            return;
        }
        kept.status = Status::Deleted;
        self.tell_status(&kept, Status::Deleted.as_str(), None, step);
        // What it said is destroyed with it; that there was one is remembered for as long as its name rests.
        (kept.definition.components, kept.definition.ttl) = (Components::default(), None);
        (kept.edits, kept.library_name, kept.announced_category) = (Vec::new(), String::new(), None);
        let rests = if kept.was_approved { NAME_RESTS } else { super::store::HOUR };
        kept.due = Some(step.now + rests);
        self.templates.set(kept, step.transaction);
    }

    fn approve(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        (kept.status, kept.reason, kept.due) = (Status::Approved, Reason::None, None);
        kept.was_approved = true;
        self.tell_status(&kept, Status::Approved.as_str(), None, step);
        self.templates.set(kept, step.transaction);
    }

    fn reject(&mut self, mut kept: Kept, reason: Reason, step: &mut Step<'_>) {
        (kept.status, kept.reason, kept.due) = (Status::Rejected, reason, None);
        self.tell_status(&kept, Status::Rejected.as_str(), None, step);
        self.templates.set(kept, step.transaction);
    }

    fn recategorise(&mut self, mut kept: Kept, category: Category, step: &mut Step<'_>) {
        let before = kept.definition.category;
        let is_pending = kept.status == Status::Pending;
        if category != before && is_pending && !kept.allow_category_change {
            return self.reject(kept, Reason::IncorrectCategory, step);
        }
        if kept.announced_category.take().is_some() {
            kept.due = None;
        }
        if category != before {
            kept.previous_category = Some(before);
            kept.definition.category = category;
            let fits = |ttl: &graph::templates::Ttl| {
                graph::templates::Ttl::of(ttl.as_seconds().into(), category).is_some()
            };
            kept.definition.ttl = kept.definition.ttl.filter(fits);
            self.tell_category(&kept, before, step);
        }
        if is_pending { self.approve(kept, step) } else { self.templates.set(kept, step.transaction) }
    }

    fn rate(&mut self, mut kept: Kept, quality: Quality, step: &mut Step<'_>) {
        let before = kept.quality;
        if quality != before {
            (kept.quality, kept.quality_since) = (quality, Some(step.now));
            self.tell_quality(&kept, before, step);
        }
        if quality == Quality::Red && kept.status == Status::Approved {
            self.pause(kept, step);
        } else {
            self.templates.set(kept, step.transaction);
        }
    }

    fn pause(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        let span = usize::try_from(kept.pauses).ok().and_then(|pauses| PAUSES.get(pauses));
        let Some(span) = span else { return self.disable_after_pauses(kept, step) };
        let info = if kept.pauses == 0 { FIRST_PAUSE } else { SECOND_PAUSE };
        kept.pauses += 1;
        (kept.status, kept.due) = (Status::Paused, Some(step.now + *span));
        self.tell_status(&kept, Status::Paused.as_str(), Some(info), step);
        self.templates.set(kept, step.transaction);
    }

    fn disable_after_pauses(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        (kept.status, kept.due) = (Status::Disabled, None);
        self.tell_status(&kept, Status::Disabled.as_str(), Some(LAST_PAUSE), step);
        self.templates.set(kept, step.transaction);
    }

    fn disable(&mut self, mut kept: Kept, step: &mut Step<'_>) {
        (kept.status, kept.due) = (Status::Disabled, None);
        self.tell_status(&kept, Status::Disabled.as_str(), None, step);
        self.templates.set(kept, step.transaction);
    }

    /// The name can be used again. That `hello_world` was deleted is never forgotten: else the next start planted it again.
    fn forget_deleted(&mut self, kept: Kept, step: &mut Step<'_>) {
        let TemplateKey { account, id } = kept.key;
        if id == hello::id(account) {
            self.templates.set(kept, step.transaction);
        } else {
            self.templates.forget(kept.key, step.transaction);
        }
    }
}
