//! `POST /{phone-number-id}/marketing_messages`: the call for templates of category MARKETING only.

use crate::api::{Asked, Outcome};
use crate::messages::send_message;
use crate::output::Step;
use crate::state::State;
use graph::messages::{Content, Request};
use graph::templates::{Category, not_marketing, not_marketing_method};
use graph::{GraphError, PhoneNumberId};

/// `POST /{phone-number-id}/marketing_messages`.
pub(crate) fn post_marketing_message(
    state: &mut State,
    id: PhoneNumberId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let request = Request::of_marketing(asked.params)?;
    let Request::Send(message) = request else { return Err(not_marketing_method()) };
    let Content::Template(template) = &message.content else { return Err(not_marketing_method()) };
    let number = state.directory.phone(id).ok_or_else(GraphError::unavailable)?.number;
    if state.category_of(number, template)? != Category::Marketing {
        return Err(not_marketing());
    }
    send_message(state, id, *message, asked, step)
}
