//! What the operator hears when webhooks fail: why, and when the next try is; of each app at most so often.

use super::exchange::{HttpFailure, WebhookOutcome};
use graph::AppId;
use kernel::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// Of one app no more is said for so long.
const QUIET: Duration = Duration::from_secs(10 * 60);

/// Why a webhook was not acknowledged: of which kind it is, not what the business's server has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailure {
    /// Answered, with a code below 300 that is not 200.
    #[error("the server answers, but not with 200")]
    NotAcknowledged,
    /// Answered with a code from 300 to 399.
    #[error("the server redirects, which is not followed")]
    Redirected,
    /// Answered with a code from 400 to 499.
    #[error("the server refuses it")]
    Refused,
    /// Answered with a higher code.
    #[error("the server has an error of its own")]
    ServerFailed,
    /// Nothing answered.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// The app does not say any more where it hears of the number.
    #[error("nothing is set to post it to")]
    Nowhere,
}

impl WebhookFailure {
    /// Why this does not acknowledge.
    pub(crate) fn of(outcome: WebhookOutcome) -> Self {
        match outcome {
            WebhookOutcome::Answered(..300) => Self::NotAcknowledged,
            WebhookOutcome::Answered(300..400) => Self::Redirected,
            WebhookOutcome::Answered(400..500) => Self::Refused,
            WebhookOutcome::Answered(_) => Self::ServerFailed,
            WebhookOutcome::Failed(failure) => Self::Http(failure),
        }
    }
}

/// When something was said of each app last.
#[derive(Default)]
pub(crate) struct Warnings(BTreeMap<AppId, Time>);

impl Warnings {
    /// True if something may be said of the app now; then nothing is for a while.
    pub(crate) fn allow(&mut self, app: AppId, now: Time) -> bool {
        let allowed = self.0.get(&app).is_none_or(|said| now.since(*said) >= QUIET);
        if allowed {
            self.0.insert(app, now);
        }
        allowed
    }
}
