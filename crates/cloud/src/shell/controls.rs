//! The control interface's way into a node: orders in, and what goes over HTTP to look at. It outlives the node, as the
//! `front` does.

use crate::api::ReplyId;
use crate::control::{Done, Order};
use crate::node::Input;
use crate::webhooks::{WebhookOutcome, WebhookPost};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// What looks on. Called on the way of webhooks: be quick.
pub trait Observer: Send + Sync {
    /// A webhook was posted, and that became of it.
    fn posted(&self, post: &WebhookPost, outcome: WebhookOutcome);
}

/// The way into a node. Clones are the same way.
#[derive(Clone)]
pub struct Controls(Arc<Inner>);

struct Inner {
    observer: Arc<dyn Observer>,
    node: Mutex<Option<mpsc::Sender<Input>>>,
    waiting: Mutex<BTreeMap<ReplyId, oneshot::Sender<Done>>>,
    orders: AtomicU64,
}

impl Controls {
    /// A way into the node that it is given to; `observer` sees what goes over HTTP.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self(Arc::new(Inner {
            observer,
            node: Mutex::default(),
            waiting: Mutex::default(),
            orders: AtomicU64::new(1),
        }))
    }

    /// Has the node do something; `None` if there is no node now.
    pub async fn ask(&self, order: Order) -> Option<Done> {
        let node = lock(&self.0.node).clone()?;
        let reply = ReplyId(self.0.orders.fetch_add(1, Ordering::Relaxed));
        let (answer, answered) = oneshot::channel();
        lock(&self.0.waiting).insert(reply, answer);
        if node.send(Input::Order { reply, order }).await.is_err() {
            lock(&self.0.waiting).remove(&reply);
        }
        answered.await.ok()
    }

    pub(crate) fn open(&self, node: mpsc::Sender<Input>) {
        *lock(&self.0.node) = Some(node);
    }

    pub(crate) fn close(&self) {
        *lock(&self.0.node) = None;
        lock(&self.0.waiting).clear();
    }

    pub(crate) fn done(&self, reply: ReplyId, done: Done) {
        if let Some(waiting) = lock(&self.0.waiting).remove(&reply) {
            let _ = waiting.send(done);
        }
    }

    pub(crate) fn observer(&self) -> &dyn Observer {
        &*self.0.observer
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
