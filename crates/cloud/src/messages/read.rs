//! `POST /{phone-number-id}/messages` with `"status": "read"`: the consumer learns that their message was read.

use crate::api::{Outcome, Reply};
use crate::output::Step;
use crate::state::State;
use content::{Body, MessageId};
use graph::messages::not_received;
use graph::{SUCCESS, Wamid};
use wire::Number;

/// Messages that one read receipt names; the rest goes into another.
const PER_RECEIPT: usize = 500;

/// Marks a message of a consumer, and those before it, as read. The receipt is a message like any other: encrypted, and
/// the relay can't tell.
pub(crate) fn mark(state: &mut State, business: Number, message: &Wamid<'_>, step: &mut Step<'_>) -> Outcome {
    let id = message.message_id.parse().map_err(|_| not_received())?;
    let key = (business, message.consumer, id);
    let seen = state.inbound.mark_read(&key, step.transaction).ok_or_else(not_received)?;
    for ids in seen.chunks(PER_RECEIPT) {
        let receipt = MessageId::from_random(&step.rng.bytes::<9>());
        state.forward(business, message.consumer, receipt, Body::Read(ids.to_vec()), step)?;
    }
    Ok(Reply::Now(SUCCESS))
}
