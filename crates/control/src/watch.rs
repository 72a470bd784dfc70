//! The last webhooks that were posted, and what became of each.

use cloud::{HttpFailure, Observer, WebhookOutcome, WebhookPost};
use kernel::Time;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use crate::person::lock;

/// So many posts are kept, and so many bytes of them; of more the oldest are gone.
const MOST: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

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
    bytes: usize,
}

/// One post.
#[derive(Clone)]
pub(crate) struct Delivery {
    /// Its number, from 1.
    pub(crate) id: u64,
    pub(crate) post: WebhookPost,
    pub(crate) outcome: WebhookOutcome,
    pub(crate) at: Time,
}

impl Watch {
    pub(crate) fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        lock(&self.deliveries)
    }
}

impl Observer for Watch {
    fn posted(&self, post: &WebhookPost, outcome: WebhookOutcome) {
        self.deliveries().add(post.clone(), outcome);
    }
}

impl Deliveries {
    fn add(&mut self, post: WebhookPost, outcome: WebhookOutcome) {
        self.bytes += post.body.len();
        self.last += 1;
        self.posts.push_back(Delivery { id: self.last, post, outcome, at: live::now() });
        while self.posts.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.posts.pop_front() else { return };
            self.bytes -= oldest.post.body.len();
        }
    }

    pub(crate) fn clear(&mut self) {
        (self.posts, self.bytes) = (VecDeque::new(), 0);
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
