//! Which updates travel together: of lines that are ready, as many as fit into one post, all to the same place.

use super::callbacks::Callbacks;
use super::lane::{Lane, Thread};
use super::means::Means;
use super::update_id::UpdateId;
use crate::accounts::Directory;
use graph::webhook::post::{self, About};
use graph::{AppId, PhoneNumberId, WabaId};

/// How many lines are looked at beyond those that fit, for one that goes to the same place.
const LOOKED_AT: usize = 64;

/// The updates of one post.
pub(super) struct Company<'a> {
    /// Their lines, and up to which update each is in it.
    pub(super) lines: Vec<(Thread, UpdateId)>,
    /// In the order in which they stand.
    pub(super) updates: Vec<About<'a>>,
    /// Where all of them go.
    pub(super) url: String,
}

impl<'a> Company<'a> {
    /// Those of the line that waits longest, and of others, `size` at most. `None` if that line has nowhere to go.
    pub(super) fn of(lane: &'a Lane, app: AppId, size: usize, means: Means<'a>) -> Option<Self> {
        let Means { directory, callbacks, .. } = means;
        let url_of = |thread| url_of(app, thread, lane, directory, callbacks);
        let (first, most) = lane.ready().next()?;
        let (url, size) = (url_of(first)?, size.min(most));
        let (mut lines, mut updates, mut length) = (Vec::new(), Vec::new(), 0);
        let number = |thread: Thread| thread.phone.and_then(|id| Some((id, directory.phone(id)?.number)));
        // Conversations of one number go to one place, and most are of one.
        let (kind, mut last) = (kind_of(first, lane), (first, number(first)));
        for (thread, most) in lane.ready().take(size + LOOKED_AT) {
            if updates.len() >= size {
                break;
            }
            if most < size || (kind_of(thread, lane) != kind && url_of(thread) != Some(url)) {
                continue;
            }
            if thread.phone != last.0.phone {
                last = (thread, number(thread));
            }
            let phone = last.1;
            let (mut through, of_conversations) = (None, kind_of(thread, lane).2);
            for (id, update) in lane.updates(thread).take(size - updates.len()) {
                if Some(update.field.is_of_conversations()) != of_conversations {
                    break;
                }
                let next = About { account: thread.account, phone, update };
                if !updates.is_empty() && length + next.length() > post::LONGEST {
                    break;
                }
                length += next.length();
                updates.push(next);
                through = Some(*id);
            }
            lines.extend(through.map(|through| (thread, through)));
        }
        Some(Self { lines, updates, url: url.to_owned() })
    }
}

/// What decides where a line's next update goes.
fn kind_of(thread: Thread, lane: &Lane) -> (WabaId, Option<PhoneNumberId>, Option<bool>) {
    let next = lane.updates(thread).next();
    (thread.account, thread.phone, next.map(|(_, update)| update.field.is_of_conversations()))
}

/// Where a line's next update goes.
fn url_of<'a>(
    app: AppId,
    thread: Thread,
    lane: &Lane,
    directory: &Directory,
    callbacks: &'a Callbacks,
) -> Option<&'a str> {
    let (_, next) = lane.updates(thread).next()?;
    // Of a number that is not there any more nobody hears.
    if thread.phone.is_some_and(|phone| directory.phone(phone).is_none()) {
        return None;
    }
    callbacks.url(app, next.field, (thread.account, thread.phone))
}
