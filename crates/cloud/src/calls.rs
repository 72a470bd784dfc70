//! What the node does when it is asked to.

use crate::api::errors::GraphError;
use crate::api::messages::{MessageCall, NewMessage, not_received};
use crate::api::objects;
use crate::api::request::{GraphVersion, Request};
use crate::api::router::{Call, route};
use crate::api::subscriptions::Change;
use crate::callbacks::{Setting, Slot};
use crate::codes;
use crate::exchange::{ApiRequest, ApiResponse, ChallengeId, ChallengeOutcome, ReplyId};
use crate::ids::PhoneNumberId;
use crate::node::{Node, Output};
use crate::wamid::Wamid;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use content::{Body, Content, MessageId, Text};
use endpoint::SendError;
use kernel::{Effects, Rng, Time};
use serde_json::{Value, json};
use wire::{Address, BillingClass, Number};

/// Messages that one read receipt names; the rest goes into another.
const PER_RECEIPT: usize = 500;

impl Node {
    /// Answers a request, now or when a handshake is over.
    pub(crate) fn answer(
        &mut self,
        now: Time,
        reply: ReplyId,
        request: &ApiRequest,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) {
        let request = Request::parse(request);
        let asker = (reply, request.version);
        let result = match route(&self.config.directory, now, &request) {
            Ok(Call::SetCallback { slot, change }) => self.set_callback(now, asker, slot, change, rng, fx),
            Ok(call) => self.execute(now, call, rng, fx).map(Some),
            Err(error) => Err(error),
        };
        match result {
            Ok(Some(value)) => respond(asker, Ok(value), rng, fx),
            Ok(None) => {}
            Err(error) => respond(asker, Err(error), rng, fx),
        }
    }

    /// A receiver of webhooks answered the handshake, or did not.
    pub(crate) fn challenge_answered(
        &mut self,
        id: ChallengeId,
        outcome: &ChallengeOutcome,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) {
        let Some((pending, verdict)) = self.challenges.answered(id, outcome) else { return };
        if verdict.is_ok() {
            self.callbacks.set(pending.slot, pending.setting, &mut fx.transaction);
        }
        respond((pending.reply, pending.version), verdict.map(|()| success()), rng, fx);
    }

    fn execute(
        &mut self,
        now: Time,
        call: Call,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) -> Result<Value, GraphError> {
        let directory = &*self.config.directory;
        let gone = || GraphError::unavailable();
        match call {
            Call::Message { from, call } => {
                let business = self.registered(&from)?;
                match call {
                    MessageCall::Send(message) => self.send(now, business, message, rng, fx),
                    MessageCall::MarkRead(wamid) => self.mark_read(now, business, wamid, rng, fx),
                }
            }
            Call::Number { id, app, fields } => {
                objects::number(directory.phone(&id).ok_or_else(gone)?, &app, &self.callbacks, &fields)
            }
            Call::Account { id, fields } => {
                objects::account(directory.account(&id).ok_or_else(gone)?, &fields)
            }
            Call::App { id, fields } => objects::app(directory.app(&id).ok_or_else(gone)?, &fields),
            Call::Numbers { account, app, fields, page } => {
                objects::numbers(directory, &account, &app, &self.callbacks, &fields, &page)
            }
            Call::Subscriptions(app) => {
                Ok(objects::subscriptions(directory.app(&app).ok_or_else(gone)?, &self.callbacks))
            }
            Call::SubscribedApps(account) => {
                Ok(objects::subscribed_apps(directory, &account, &self.callbacks))
            }
            Call::SetCallback { .. } => Err(gone()),
        }
    }

    /// The number of `id`, if this node speaks for it.
    fn registered(&self, id: &PhoneNumberId) -> Result<Number, GraphError> {
        let details = "The phone number is not registered with this node.";
        let phone = self.config.directory.phone(id);
        let phone = phone.filter(|phone| self.endpoint.identity(Address::primary(phone.number)).is_some());
        Ok(phone.ok_or_else(|| GraphError::whatsapp(codes::NOT_REGISTERED, details))?.number)
    }

    fn send(
        &mut self,
        now: Time,
        business: Number,
        message: NewMessage,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) -> Result<Value, GraphError> {
        let wamid = Wamid::sent(message.to, MessageId::from_random(&rng.bytes::<9>()));
        let body = Body::Text(Text { body: message.body, quoted: message.quoted });
        self.forward(now, business, &wamid, body, rng, fx)?;
        self.outbound.add(now, business, &wamid, message.callback_data, &mut fx.transaction);
        Ok(accepted(&message.input, &wamid))
    }

    /// The receipt is a message like any other: encrypted, and the relay can't tell.
    fn mark_read(
        &mut self,
        now: Time,
        business: Number,
        wamid: Wamid,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) -> Result<Value, GraphError> {
        let key = (business, wamid.consumer, wamid.message_id);
        let seen = self.inbound.mark_read(&key, &mut fx.transaction).ok_or_else(not_received)?;
        for ids in seen.chunks(PER_RECEIPT) {
            let receipt = Wamid::sent(wamid.consumer, MessageId::from_random(&rng.bytes::<9>()));
            self.forward(now, business, &receipt, Body::Read(ids.to_vec()), rng, fx)?;
        }
        Ok(success())
    }

    fn forward(
        &mut self,
        now: Time,
        business: Number,
        wamid: &Wamid,
        body: Body,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) -> Result<(), GraphError> {
        let content = Content { message_id: wamid.message_id.clone(), sent_at_s: now.as_secs(), body };
        let pair = (Address::primary(business), Address::primary(wamid.consumer));
        let sent = fx.step(now, rng, |step| self.endpoint.send(pair, &content, BillingClass::Service, step));
        sent.map_err(|error| {
            let details = match error {
                SendError::UnknownAccount => "The phone number is not registered with this node.",
                SendError::Repeated => "The message could not be named: send it again.",
                SendError::TooLong(_) => "The message is longer than a message can be.",
            };
            GraphError::whatsapp(codes::SOMETHING_WENT_WRONG, details)
        })
    }

    /// `None`: the answer waits for the handshake.
    fn set_callback(
        &mut self,
        now: Time,
        asker: (ReplyId, GraphVersion),
        slot: Slot,
        change: Change,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) -> Result<Option<Value>, GraphError> {
        let setting = match change {
            Change::Set(setting) => {
                if let Some(callback) = setting.callback.clone() {
                    let deadline = now + self.config.webhooks.answer_within;
                    let challenge =
                        self.challenges.start(deadline, asker, (slot, setting), &callback, rng)?;
                    fx.say(Output::Challenge(challenge));
                    return Ok(None);
                }
                setting
            }
            Change::Remove => Setting::default(),
            Change::Unsubscribe(fields) => {
                let mut setting = self.callbacks.get(&slot).cloned().unwrap_or_default();
                setting.fields.retain(|field| !fields.contains(field));
                if setting.fields.is_empty() { Setting::default() } else { setting }
            }
        };
        self.callbacks.set(slot, setting, &mut fx.transaction);
        Ok(Some(success()))
    }
}

/// The answer of a node that can't make its promises durable now.
pub(crate) fn unavailable(trace: &str) -> ApiResponse {
    response(GraphVersion::DEFAULT, Err(GraphError::unavailable()), trace)
}

/// The answer to a request whose body is over the shell's limit.
pub(crate) fn body_too_large(limit: usize, trace: &str) -> ApiResponse {
    response(GraphVersion::DEFAULT, Err(GraphError::body_too_large(limit)), trace)
}

/// The answer that names a message which was accepted; `input` is the recipient as the business wrote it.
pub(crate) fn accepted(input: &str, wamid: &Wamid) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": input, "wa_id": wamid.consumer.digits() }],
        "messages": [{ "id": wamid.to_string() }],
    })
}

fn success() -> Value {
    json!({ "success": true })
}

fn respond(
    (reply, version): (ReplyId, GraphVersion),
    result: Result<Value, GraphError>,
    rng: &mut Rng,
    fx: &mut Effects<Output>,
) {
    let trace = format!("A{}", URL_SAFE_NO_PAD.encode(rng.bytes::<16>()));
    fx.say(Output::Respond { reply, response: response(version, result, &trace) });
}

fn response(version: GraphVersion, result: Result<Value, GraphError>, trace: &str) -> ApiResponse {
    let mut headers = vec![("facebook-api-version", version.to_string())];
    let (status, body) = match result {
        Ok(value) => (200, value),
        Err(error) => {
            headers.extend(error.challenge().map(|challenge| ("www-authenticate", challenge)));
            (error.status, error.to_json(trace))
        }
    };
    ApiResponse { status, body: body.to_string().into(), headers }
}
