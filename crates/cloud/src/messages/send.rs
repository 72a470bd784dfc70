//! `POST /{phone-number-id}/messages`: a message goes out.

use crate::api::{Asked, Outcome, Reply};
use crate::messages::read;
use crate::output::Step;
use crate::state::State;
use content::{Body, Content, MessageId, Text};
use endpoint::SendError;
use graph::messages::{Accepted, Request, Send};
use graph::{GraphError, PhoneNumberId, Wamid, codes, messages};
use wire::{Address, BillingClass, Number};

/// `POST /{phone-number-id}/messages`.
pub(crate) fn post_message(
    state: &mut State,
    id: PhoneNumberId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let request = Request::parse(asked.params)?;
    let business = state.registered(id)?;
    match request {
        Request::Send(message) => state.send(business, message, step),
        Request::MarkRead(mark) => read::mark(state, business, &mark.message, step),
    }
}

impl State {
    /// The number of `id`, if this node speaks for it.
    fn registered(&self, id: PhoneNumberId) -> Result<Number, GraphError> {
        let details = "The phone number is not registered with this state.";
        let phone = self.directory.phone(id);
        let phone = phone.filter(|phone| self.endpoint.speaks_for(Address::primary(phone.number)));
        Ok(phone.ok_or_else(|| GraphError::whatsapp(codes::NOT_REGISTERED, details))?.number)
    }

    fn send(&mut self, business: Number, message: Send, step: &mut Step<'_>) -> Outcome {
        let Send { to, content: messages::Content::Text(text), quoted, callback_data } = message;
        if to.number == business {
            let details = "The recipient is the number that sends.";
            return Err(GraphError::whatsapp(codes::TO_ITSELF, details));
        }
        let quoted = quoted.map(|wamid| wamid.message_id.parse()).transpose();
        let quoted = quoted.map_err(|_| messages::not_of_this_conversation())?;
        let id = MessageId::from_random(&step.rng.bytes::<9>());
        let body = Body::Text(Text { body: text.body, quoted });
        self.forward(business, to.number, id.clone(), body, step)?;
        let answer = Accepted { recipient: &to, wamid: &Wamid::sent(to.number, id.as_str()) }.answer();
        self.outbound.add(step.now, (business, id), to.number, callback_data, step.transaction);
        Ok(Reply::Now(answer))
    }

    /// Hands something to the endpoint, which encrypts it and brings it to the consumer.
    pub(crate) fn forward(
        &mut self,
        business: Number,
        consumer: Number,
        message_id: MessageId,
        body: Body,
        step: &mut Step<'_>,
    ) -> Result<(), GraphError> {
        let content = Content { message_id, sent_at_s: step.now.as_secs(), body };
        let pair = (Address::primary(business), Address::primary(consumer));
        let sent = step.part(|step| self.endpoint.send(pair, &content, BillingClass::Service, step));
        sent.map_err(|error| {
            let details = match error {
                SendError::UnknownAccount => "The phone number is not registered with this state.",
                SendError::Repeated => "The message could not be named: send it again.",
                SendError::TooLong(_) => "The message is longer than a message can be.",
            };
            GraphError::whatsapp(codes::SOMETHING_WENT_WRONG, details)
        })
    }
}
