//! What goes over HTTP between the node and businesses' servers: the last webhooks that were posted, and what became of each.

use cloud::{ApiRequest, ApiResponse, DeliveryId, HttpFailure, Observer, WebhookOutcome, WebhookPost};
use kernel::Time;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use crate::person::lock;

/// So many posts are kept; of more the oldest are gone.
const MOST: usize = 10_000;

/// What is seen.
#[derive(Default)]
pub(crate) struct Watch {
    deliveries: Mutex<Deliveries>,
}

/// The last posts.
#[derive(Default)]
pub(crate) struct Deliveries {
    last: u64,
    posts: VecDeque<Delivery>,
}

/// One post.
#[derive(Clone)]
pub(crate) struct Delivery {
    /// Its number, from 1.
    pub(crate) id: u64,
    pub(crate) post: WebhookPost,
    /// How often the same was posted, this time included.
    pub(crate) attempt: usize,
    pub(crate) outcome: WebhookOutcome,
    pub(crate) at: Time,
}

impl Watch {
    pub(crate) fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        lock(&self.deliveries)
    }
}

impl Observer for Watch {
    fn answered(&self, _: &ApiRequest, _: &ApiResponse) {}

    fn posted(&self, post: &WebhookPost, outcome: WebhookOutcome) {
        self.deliveries().add(post.clone(), outcome);
    }
}

impl Deliveries {
    fn add(&mut self, post: WebhookPost, outcome: WebhookOutcome) {
        let before = self.posts.iter().filter(|before| before.post.delivery == post.delivery).count();
        if self.posts.len() == MOST {
            self.posts.pop_front();
        }
        self.last += 1;
        self.posts.push_back(Delivery { id: self.last, post, attempt: before + 1, outcome, at: live::now() });
    }

    pub(crate) fn clear(&mut self) {
        self.posts.clear();
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Delivery> {
        self.posts.iter().find(|delivery| delivery.id == id)
    }

    /// Those after the one with this number.
    pub(crate) fn after(&self, id: u64, limit: usize) -> Vec<Delivery> {
        self.posts.iter().filter(|delivery| delivery.id > id).take(limit).cloned().collect()
    }
}

impl Delivery {
    /// The status that the receiver answered.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.outcome {
            WebhookOutcome::Answered(status) => Some(status),
            WebhookOutcome::Failed(_) => None,
        }
    }

    /// Why there was no answer.
    pub(crate) fn failure(&self) -> Option<HttpFailure> {
        match self.outcome {
            WebhookOutcome::Answered(_) => None,
            WebhookOutcome::Failed(failure) => Some(failure),
        }
    }
}

/// The same for all attempts.
pub(crate) fn event_name(id: DeliveryId) -> String {
    id.to_string()
}
