//! The app as a machine: what a frame, a command of the person's, or a confirmation of the screen changes in it, and what
//! it then says to the relay and to the person. Keys and sessions are the [`Endpoint`]'s, what was not seen yet is in the
//! inbox; here is when something is shown, receipted and answered.

use crate::inbox::{Inbox, SHOWN, Shown, UNSHOWN};
use content::{Body, Content, MessageId, Text};
use endpoint::{Endpoint, Event, Failure, Policy, SendError, Unreadable};
use kernel::{Effects, Machine, RestoreError, Rng, Row, Table, Time};
use wire::{Address, BillingClass, LinkEvent, Number, Outgoing, RejectCode, ToEndpoint, ToRelay};

/// What the person has set.
#[derive(Debug, Clone)]
pub struct ConsumerConfig {
    /// The person's number and this device.
    pub address: Address,
    /// What the app answers by itself.
    pub reply: Reply,
    /// Tells senders when their messages were seen.
    pub read_receipts: bool,
    /// Prekeys and retention.
    pub policy: Policy,
}

/// What the app answers by itself to each text, once it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: the person answers.
    #[default]
    None,
    /// The same text.
    Echo,
    /// This text.
    Text(String),
}

/// What can happen to the app.
#[derive(Debug)]
pub enum Input {
    /// On the connection to the relay.
    Link(LinkEvent<ToEndpoint>),
    /// From the person.
    Command(Command),
    /// The screen has shown every message up to this sequence.
    Shown {
        /// The last one shown.
        through: u64,
    },
}

/// What the person asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// To send a text.
    Say {
        /// To whom.
        to: Number,
        /// The text.
        text: String,
    },
}

/// What the app says.
#[derive(Debug)]
pub enum Output {
    /// To the relay.
    Send(Outgoing<ToRelay>),
    /// To the screen. Shown again after a restart unless the screen confirmed it.
    Show(Shown),
    /// What became of a message of the person's.
    Status {
        /// Which message.
        message_id: MessageId,
        /// What became of it.
        sent: Sent,
    },
    /// Anything else that the person should know.
    Notice(Notice),
}

/// What became of a message of the person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// This app has it, durably.
    Pending,
    /// The relay has it.
    Accepted,
    /// The recipient's device has it.
    Delivered,
    /// It was seen.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

/// Something that the person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The relay knows this device and its keys.
    Registered,
    /// The relay is connected.
    Online,
    /// The relay is not connected; messages wait.
    Offline,
    /// The relay refused something.
    Rejected(RejectCode),
    /// Something arrived that can't be read.
    Unreadable(Unreadable),
    /// A command can't be carried out.
    NotSent(SendError),
}

/// One person's app.
pub struct Consumer {
    config: ConsumerConfig,
    endpoint: Endpoint,
    inbox: Inbox,
    started: bool,
}

type Fx = Effects<Output>;

const TABLES: [Table; 8] = {
    let [accounts, prekeys, sessions, post, outbox, unconfirmed] = endpoint::TABLES;
    [accounts, prekeys, sessions, post, outbox, unconfirmed, UNSHOWN, SHOWN]
};

impl Machine for Consumer {
    const TABLES: &'static [Table] = &TABLES;
    type Config = ConsumerConfig;
    type Input = Input;
    type Output = Output;

    fn restore(config: ConsumerConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        let (endpoint, rows) = Endpoint::restore(config.policy.clone(), rows)?;
        let mut inbox = Inbox::default();
        rows.iter().try_for_each(|row| inbox.restore(row))?;
        Ok(Self { config, endpoint, inbox, started: false })
    }

    fn handle(&mut self, now: Time, input: Input, rng: &mut Rng) -> Fx {
        let mut fx = Fx::none();
        match input {
            Input::Link(event) => {
                let was_published = self.endpoint.is_published(self.config.address);
                for event in self.endpoint.handle(now, event, rng, &mut fx) {
                    self.react(event, &mut fx);
                }
                if !was_published && self.endpoint.is_published(self.config.address) {
                    fx.say(Output::Notice(Notice::Registered));
                }
            }
            Input::Command(Command::Say { to, text }) => {
                let body = Body::Text(Text { body: text, quoted: None });
                self.send(now, Address::primary(to), body, rng, &mut fx);
            }
            Input::Shown { through } => self.shown(now, through, rng, &mut fx),
        }
        fx
    }

    fn wake_at(&self) -> Option<Time> {
        if self.started { self.endpoint.wake_at() } else { Some(Time::EPOCH) }
    }

    fn wake(&mut self, now: Time, rng: &mut Rng) -> Fx {
        let mut fx = Fx::none();
        if !self.started {
            self.started = true;
            self.endpoint.open_account(self.config.address, rng, &mut fx);
            self.inbox.unshown().for_each(|message| fx.say(Output::Show(message.clone())));
        }
        for event in self.endpoint.expire(now, &mut fx) {
            self.react(event, &mut fx);
        }
        fx
    }
}

impl Consumer {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn react(&mut self, event: Event, fx: &mut Fx) {
        match event {
            Event::Received { from, content, .. } => match content.body {
                Body::Text(text) => {
                    let message = Shown {
                        sequence: self.inbox.next_sequence(),
                        from,
                        message_id: content.message_id,
                        text: text.body,
                    };
                    self.inbox.append(message.clone(), &mut fx.transaction);
                    fx.say(Output::Show(message));
                }
                Body::Read(ids) => {
                    ids.into_iter().for_each(|message_id| {
                        fx.say(Output::Status { message_id, sent: Sent::Read });
                    });
                }
            },
            Event::Accepted { message_id, .. } => fx.say(Output::Status { message_id, sent: Sent::Accepted }),
            Event::Delivered { message_id, .. } => {
                fx.say(Output::Status { message_id, sent: Sent::Delivered })
            }
            Event::Failed { message_id, failure, .. } => {
                fx.say(Output::Status { message_id, sent: Sent::Failed(failure) });
            }
            Event::Online => fx.say(Output::Notice(Notice::Online)),
            Event::Offline => fx.say(Output::Notice(Notice::Offline)),
            Event::Rejected(code) => fx.say(Output::Notice(Notice::Rejected(code))),
            Event::Unreadable(unreadable) => fx.say(Output::Notice(Notice::Unreadable(unreadable))),
            // The relay has nothing to bill a consumer for.
            Event::Metering(_) => {}
        }
    }

    /// The person has seen messages: tells their senders, and answers if the app does that by itself.
    fn shown(&mut self, now: Time, through: u64, rng: &mut Rng, fx: &mut Fx) {
        for message in self.inbox.shown(through, &mut fx.transaction) {
            if self.config.read_receipts {
                let body = Body::Read(vec![message.message_id.clone()]);
                self.send_quietly(now, message.from, body, rng, fx);
            }
            let text = match &self.config.reply {
                Reply::None => continue,
                Reply::Echo => message.text,
                Reply::Text(text) => text.clone(),
            };
            let body = Body::Text(Text { body: text, quoted: Some(message.message_id) });
            self.send(now, message.from, body, rng, fx);
        }
    }

    fn send(&mut self, now: Time, to: Address, body: Body, rng: &mut Rng, fx: &mut Fx) {
        match self.submit(now, to, body, rng, fx) {
            Ok(message_id) => fx.say(Output::Status { message_id, sent: Sent::Pending }),
            Err(error) => fx.say(Output::Notice(Notice::NotSent(error))),
        }
    }

    /// Like `send`, for what the person has not written and needn't follow.
    fn send_quietly(&mut self, now: Time, to: Address, body: Body, rng: &mut Rng, fx: &mut Fx) {
        if let Err(error) = self.submit(now, to, body, rng, fx) {
            fx.say(Output::Notice(Notice::NotSent(error)));
        }
    }

    fn submit(
        &mut self,
        now: Time,
        to: Address,
        body: Body,
        rng: &mut Rng,
        fx: &mut Fx,
    ) -> Result<MessageId, SendError> {
        let message_id = MessageId::from_random(&rng.bytes::<10>());
        let content = Content { message_id: message_id.clone(), sent_at_s: now.as_secs(), body };
        let pair = (self.config.address, to);
        self.endpoint.send(now, pair, &content, BillingClass::Service, rng, fx)?;
        Ok(message_id)
    }
}

impl From<Outgoing<ToRelay>> for Output {
    fn from(outgoing: Outgoing<ToRelay>) -> Self {
        Self::Send(outgoing)
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Say(…)")
    }
}
