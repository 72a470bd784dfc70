//! What a node says.

use crate::accounts::Thing;
use crate::api::{ApiResponse, ReplyId};
use crate::billing::BillLine;
use crate::control::order::Done;
use crate::media::MediaWork;
use crate::webhooks::{Challenge, WebhookFailure, WebhookPost};
use endpoint::Unreadable;
use std::time::Duration;
use wire::{Outgoing, RejectCode, ToRelay};

/// One step of a node.
pub(crate) type Step<'a> = kernel::Step<'a, Output>;

/// What a node says.
#[derive(Debug)]
pub enum Output {
    /// A frame for the relay.
    Send(Outgoing<ToRelay>),
    /// The answer to a request.
    Respond {
        /// Which request.
        reply: ReplyId,
        /// The answer.
        response: ApiResponse,
    },
    /// Posts a webhook; [`Input::WebhookAnswered`](crate::Input::WebhookAnswered) must follow.
    PostWebhook(WebhookPost),
    /// Asks a URL if it wants webhooks; [`Input::ChallengeAnswered`](crate::Input::ChallengeAnswered) must follow.
    Challenge(Challenge),
    /// Something is to be done with bytes of media.
    Media(MediaWork),
    /// The relay gave new totals: the whole bill as it is now.
    Metered(Vec<BillLine>),
    /// What became of an [`Input::Order`](crate::Input::Order).
    Done {
        /// Which order.
        reply: ReplyId,
        /// What became of it.
        done: Done,
    },
    /// The connection to the relay is to be down from now on, or up again: a fault that was asked for.
    Unplug(bool),
    /// Something for the operator.
    Notice(Notice),
}

/// What the operator may know: as text it names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// Messages flow.
    #[error("the relay knows this node: messages flow")]
    Online,
    /// Node and relay did not have the same past, and have started over.
    #[error(
        "this node or its relay was put back to an older copy, or the relay is another: all sessions are made anew and what had \
         not arrived is sent again; what only the state knew that is gone is lost"
    )]
    StartedOver,
    /// The connection to the relay is gone; messages wait.
    #[error("the connection to the relay is gone: messages wait")]
    Offline,
    /// Something that arrived can't be read.
    #[error("a message that arrived can't be read: {0}")]
    Unreadable(Unreadable),
    /// The relay refused what the node said.
    #[error("the relay refused what this node said: {0:?}")]
    Rejected(RejectCode),
    /// A webhook was dropped: not acknowledged before its time was over.
    #[error("a webhook was dropped: it was not acknowledged in time")]
    WebhookDropped,
    /// A webhook was not acknowledged. Of each app this is said once in ten minutes.
    #[error("a webhook of an app fails: {why}; the next try is in {again_in:?}")]
    WebhookFailed {
        /// Why.
        why: WebhookFailure,
        /// When it is tried again.
        again_in: Duration,
    },
    /// At the start: the tenants file is not in force for this.
    #[error("the tenants file says something else of {0} than the API: the API's is in force")]
    Overruled(Thing),
    /// At the start: this is in the node's state only.
    #[error("the tenants file no longer names {0}: what the API has made of it stays")]
    Unnamed(Thing),
}

impl From<Outgoing<ToRelay>> for Output {
    fn from(frame: Outgoing<ToRelay>) -> Self {
        Self::Send(frame)
    }
}
