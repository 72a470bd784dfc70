//! `POST /{phone-number-id}/messages`: a message goes out, or one that came in is marked as read.

use crate::api::{Asked, Outcome, Reply};
use crate::messages::outbound::New;
use crate::output::Step;
use crate::state::State;
use crate::templates::Hydrated;
use content::kinds::Text;
use content::{Body, Content, Context, MessageId};
use endpoint::SendError;
use graph::messages::{Accepted, MessageStatus, Request, Send, not_received};
use graph::{GraphError, PhoneNumberId, SUCCESS, Version, Wamid, codes, messages};
use wire::{Address, BillingClass, Number};

/// Messages that one read receipt names; the rest goes into another.
const PER_RECEIPT: usize = 500;

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
        Request::Send(message) => state.send(business, message, asked.asker.version, step),
        Request::MarkRead(mark) => state.mark_read(business, &mark.message, step),
    }
}

/// The same for a message that is parsed already.
pub(crate) fn send_message(
    state: &mut State,
    id: PhoneNumberId,
    message: Send,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let business = state.registered(id)?;
    state.send(business, message, asked.asker.version, step)
}

impl State {
    /// The number of `id`, if this node speaks for it.
    fn registered(&self, id: PhoneNumberId) -> Result<Number, GraphError> {
        let details = "The phone number is not registered with this state.";
        let phone = self.directory.phone(id);
        let phone = phone.filter(|phone| self.endpoint.speaks_for(Address::primary(phone.number)));
        Ok(phone.ok_or_else(|| GraphError::whatsapp(codes::NOT_REGISTERED, details))?.number)
    }

    fn send(&mut self, business: Number, message: Send, version: Version, step: &mut Step<'_>) -> Outcome {
        let Send { to, content, quoted, callback_data } = message;
        if to.number == business {
            let details = "The recipient is the number that sends.";
            return Err(GraphError::whatsapp(codes::TO_ITSELF, details));
        }
        let (body, billing_class, template) = match content {
            messages::Content::Text(text) => {
                let body = Body::Text(Text { body: text.body, preview_url: text.preview_url });
                (body, BillingClass::Service, None)
            }
            messages::Content::Template(template) => {
                let Hydrated { body, billing_class, id } =
                    self.hydrate(business, &template, version, step.now)?;
                (body, billing_class, Some(id))
            }
        };
        let quoted = quoted.map(|wamid| wamid.message_id.parse()).transpose();
        let quoted = quoted.map_err(|_| messages::not_of_this_conversation())?;
        let id = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
        let content = Content {
            message_id: id.clone(),
            sent_at_s: step.now.as_secs(),
            context: Context { quoted, ..Context::default() },
            body,
        };
        self.forward(business, to.number, &content, billing_class, step)?;
        let message_status = template.map(|_| MessageStatus::Accepted);
        let wamid = &Wamid::sent(to.number, id.as_str());
        let answer = Accepted { recipient: &to, wamid, message_status }.answer();
        let new = New { consumer: to.number, callback_data, billing_class, template };
        self.outbound.add(step.now, (business, id), new, step.transaction);
        Ok(Reply::Now(answer))
    }

    /// Marks a message of a consumer, and those before it, as read. The receipt is a message like any other: encrypted,
    /// and the relay can't tell.
    fn mark_read(&mut self, business: Number, message: &Wamid<'_>, step: &mut Step<'_>) -> Outcome {
        let id = message.message_id.parse().map_err(|_| not_received())?;
        let key = (business, message.consumer, id);
        let seen = self.inbound.mark_read(&key, step.transaction).ok_or_else(not_received)?;
        for ids in seen.chunks(PER_RECEIPT) {
            let receipt = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
            let receipt = Content::new(receipt, step.now.as_secs(), Body::Read(ids.to_vec()));
            self.forward(business, message.consumer, &receipt, BillingClass::Service, step)?;
        }
        Ok(Reply::Now(SUCCESS))
    }

    /// Hands something to the endpoint, which encrypts it and brings it to the consumer.
    fn forward(
        &mut self,
        business: Number,
        consumer: Number,
        content: &Content,
        class: BillingClass,
        step: &mut Step<'_>,
    ) -> Result<(), GraphError> {
        let pair = (Address::primary(business), Address::primary(consumer));
        let sent = step.part(|step| self.endpoint.send(pair, content, class, step));
        sent.map_err(|error| {
            let details = match error {
                SendError::ToItself => {
                    return GraphError::whatsapp(codes::TO_ITSELF, "The recipient is the number that sends.");
                }
                SendError::UnknownAccount => "The phone number is not registered with this state.",
                SendError::Repeated => "The message could not be named: send it again.",
                SendError::TooLong(_) => "The message is longer than a message can be.",
            };
            GraphError::whatsapp(codes::SOMETHING_WENT_WRONG, details)
        })
    }
}
