//! Webhooks: where apps want them, the handshake before they go anywhere new, and the queue of those that no business has
//! acknowledged yet.

mod callbacks;
mod challenges;
mod company;
mod events;
mod exchange;
mod failing;
mod lane;
mod means;
mod queue;
mod retry;
mod signing;
mod subscriptions;
mod update_id;

pub(crate) use callbacks::{Callbacks, Slot};
pub(crate) use challenges::Challenges;
pub use exchange::{
    Challenge, ChallengeId, ChallengeOutcome, DeliveryId, HttpFailure, WebhookOutcome, WebhookPost,
};
pub use failing::WebhookFailure;
pub use lane::Load;
pub(crate) use lane::Thread;
pub(crate) use queue::Queue;
pub use retry::RetrySchedule;
pub use signing::Signing;
pub(crate) use subscriptions::{
    get_subscribed_apps, get_subscriptions, override_number, subscribe, subscribe_account, unsubscribe,
    unsubscribe_account,
};
pub use update_id::UpdateId;
