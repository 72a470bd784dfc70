//! `POST /{phone-number-id}/messages`: a message goes out, or one that came in is marked as read or as being answered.

use crate::api::{Asked, Outcome, Reply};
use crate::faults::Fate;
use crate::media::{Attaching, PutId, Waiting};
use crate::messages::outbound::Started;
use crate::messages::outgoing::{Outgoing, reaction};
use crate::messages::statuses::{IDENTITY_CHANGED, Progress};
use crate::output::Step;
use crate::state::State;
use crate::templates::Hydrated;
use content::{Body, Content, Context, MessageId};
use endpoint::{IdentityDigest, SendError, Terms};
use graph::messages::{Accepted, Mark, MessageStatus, Recipient, Request, Send, not_received};
use graph::webhook::{Failure, StatusKind};
use graph::{GraphError, IdentityHash, PhoneNumberId, SUCCESS, Sender, Version, Wamid, codes, messages};
use std::time::Duration;
use wire::{Address, BillingClass, Number};

/// Messages that one read receipt names; the rest goes into another.
const PER_RECEIPT: usize = 500;

/// How long an app shows that somebody is writing (Cloud API documentation, "Typing indicators").
const TYPING: Duration = Duration::from_secs(25);

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
        Request::Send(message) => {
            let kind = asked.params.get("type").map(|kind| kind.text()).transpose()?.unwrap_or("text");
            state.faults.refusal(business, message.to.number(), kind)?;
            state.check_webhooks_keep_up(business)?;
            state.send(business, *message, asked.asker.version, step)
        }
        Request::Mark(mark) => state.mark(business, &mark, step),
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
    state.check_webhooks_keep_up(business)?;
    state.send(business, message, asked.asker.version, step)
}

impl State {
    /// The number of `id`, if this node speaks for it.
    fn registered(&self, id: PhoneNumberId) -> Result<Number, GraphError> {
        let details = "The phone number is not registered with this node.";
        let phone = self.directory.phone(id);
        let phone = phone.filter(|phone| self.endpoint.speaks_for(Address::primary(phone.number)));
        Ok(phone.ok_or_else(|| GraphError::whatsapp(codes::NOT_REGISTERED, details))?.number)
    }

    fn send(&mut self, business: Number, message: Send, version: Version, step: &mut Step<'_>) -> Outcome {
        let Send { to, content, quoted, callback_data, identity_key_hash, time_to_live } = message;
        let consumer = to.number().ok_or_else(Recipient::not_by_user_id)?;
        if consumer == business {
            return Err(refused(SendError::ToItself));
        }
        let mut blobs = Vec::new();
        let (outgoing, billing_class, template) = match content {
            messages::Content::Template(message) => {
                let Hydrated { body, billing_class, id } =
                    self.hydrate(business, &message, version, step.now)?;
                (Outgoing::Body(body), billing_class, Some(id))
            }
            other => {
                let rng = step.rng.child(business.as_integer());
                let mut media = Attaching { library: &self.media, business, now: step.now, rng, blobs };
                let outgoing = Outgoing::of(other, consumer, &mut media)?;
                blobs = media.blobs;
                (outgoing, BillingClass::Service, None)
            }
        };
        let is_reaction = matches!(outgoing, Outgoing::Reaction { .. });
        let travels = self.travels((business, consumer), outgoing, identity_key_hash.as_deref());
        let quoted = quoted.map(|wamid| wamid.message_id.parse()).transpose();
        let quoted = quoted.map_err(|_| messages::not_of_this_conversation())?;
        let id = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
        let content = travels.map(|(body, only_for)| {
            let sent_at_s = step.now.as_secs();
            let context = Context { quoted, ..Context::default() };
            (Content { message_id: id.clone(), sent_at_s, context, body }, only_for)
        });
        let failure = match content {
            Ok((content, only_for)) => {
                let terms = Terms { time_to_live, only_for, ..Terms::from(billing_class) };
                let forwarded = if blobs.is_empty() {
                    self.forward(business, consumer, &content, terms, step)
                } else {
                    let waits_for = self.config.endpoint.retention.min(time_to_live.unwrap_or(Duration::MAX));
                    let waiting = Waiting::new(consumer, content, terms, step.now + waits_for, blobs);
                    self.send_when_stored(PutId(business, id.clone()), waiting, step)
                };
                match forwarded {
                    Ok(()) => None,
                    Err(SendError::AnotherIdentity) => Some(IDENTITY_CHANGED),
                    Err(error) => return Err(refused(error)),
                }
            }
            Err(failure) => Some(failure),
        };
        let message_status = template.map(|_| MessageStatus::Accepted);
        let wamid = &Wamid::sent(consumer, id.as_str());
        let answer = Accepted { recipient: &to, wamid, message_status }.answer();
        let started = Started { consumer, callback_data, is_reaction, billing_class, template };
        self.outbound.add(step.now, (business, id.clone()), started, step.transaction);
        if failure.is_some() {
            let failed = Progress { status: StatusKind::Failed, failure, said_by: None };
            self.advance((business, id), failed, step);
        }
        Ok(Reply::Now(answer))
    }

    /// What travels, and for which identity key alone; or why nothing does. That is said after the answer, as the Cloud API
    /// does.
    fn travels(
        &self,
        (business, consumer): (Number, Number),
        outgoing: Outgoing,
        identity_key_hash: Option<&str>,
    ) -> Result<(Body, Option<IdentityDigest>), Failure> {
        let body = match outgoing {
            Outgoing::Body(body) => body,
            Outgoing::Fails(failure) => return Err(failure),
            Outgoing::Reaction { target, emoji } => {
                let details = "The message to react to is unknown, older than 30 days, or itself a reaction.";
                let target = self.reaction_target(business, consumer, &target);
                let target = target.ok_or(Failure { code: codes::NOT_VALID, details })?;
                reaction(target, emoji)
            }
        };
        let only_for = match identity_key_hash.map(IdentityHash::parse) {
            None => None,
            Some(Some(hash)) => Some(IdentityDigest(hash.0)),
            Some(None) => return Err(IDENTITY_CHANGED),
        };
        Ok((body, only_for))
    }

    /// The message of the conversation that a reaction can be at. Of the business's own those are known that may still
    /// change: what was read is not kept.
    fn reaction_target(&self, business: Number, consumer: Number, target: &str) -> Option<MessageId> {
        let wamid = Wamid::parse(target).filter(|wamid| wamid.consumer == consumer)?;
        let id: MessageId = wamid.message_id.parse().ok()?;
        let takes = match wamid.sender {
            Sender::Consumer => self.inbound.takes_reactions(&(business, consumer, id.clone())),
            Sender::Business => self.outbound.takes_reactions(&(business, id.clone()), consumer),
        };
        takes.then_some(id)
    }

    /// Marks a message of a consumer, and those before it, as read, and says that an answer is being written. Both are
    /// messages like any other: encrypted, and the relay can't tell.
    fn mark(&mut self, business: Number, mark: &Mark, step: &mut Step<'_>) -> Outcome {
        let (consumer, now_s) = (mark.message.consumer, step.now.as_secs());
        let id = mark.message.message_id.parse().map_err(|_| not_received())?;
        let key = (business, consumer, id);
        if !self.inbound.contains(&key) {
            return Err(not_received());
        }
        let mut says = Vec::new();
        if mark.is_read {
            let seen = self.inbound.mark_read(&key, step.transaction).unwrap_or_default();
            says.extend(seen.chunks(PER_RECEIPT).map(|ids| (Body::Read(ids.to_vec()), terms())));
        }
        if mark.is_typing {
            says.push((Body::Typing, Terms { time_to_live: Some(TYPING), ..terms() }));
        }
        for (body, terms) in says {
            let name = MessageId::from_random(&step.rng.child(business.as_integer()).bytes::<9>());
            let said = Content::new(name, now_s, body);
            self.forward(business, consumer, &said, terms, step).map_err(refused)?;
        }
        Ok(Reply::Now(SUCCESS))
    }

    /// Hands something to the endpoint, which encrypts it and brings it to the consumer.
    fn forward(
        &mut self,
        business: Number,
        consumer: Number,
        content: &Content,
        terms: Terms,
        step: &mut Step<'_>,
    ) -> Result<(), SendError> {
        let pair = (Address::primary(business), Address::primary(consumer));
        if let Fate::Stopped = self.faults.on_the_way(step.now, pair, content, terms) {
            return Ok(());
        }
        step.part(|step| self.endpoint.send(pair, content, terms, step))
    }
}

/// What a message is billed as is not the caller's choice.
fn terms() -> Terms {
    Terms::from(BillingClass::Service)
}

/// What the business is told of a message that was not taken on.
fn refused(error: SendError) -> GraphError {
    let (code, details) = match error {
        SendError::ToItself => (codes::TO_ITSELF, "The recipient is the number that sends."),
        SendError::UnknownAccount => {
            (codes::SOMETHING_WENT_WRONG, "The phone number is not registered with this node.")
        }
        SendError::Repeated => {
            (codes::SOMETHING_WENT_WRONG, "The message could not be named: send it again.")
        }
        SendError::AnotherIdentity => (codes::IDENTITY_CHANGED, "The recipient has another identity key."),
        SendError::TooLong(_) => (codes::NOT_VALID, "The message is longer than a message can be."),
    };
    GraphError::whatsapp(code, details)
}
