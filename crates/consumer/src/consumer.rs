//! The app as a machine: what a frame, a command of the person's, or a confirmation of the screen changes in it, and what
//! it then says to the relay and to the person. Keys and sessions are the [`Endpoint`]'s, what was not seen yet is in the
//! inbox; here is when something is shown, receipted and answered.

use crate::inbox::{Inbox, SHOWN, Shown, UNSHOWN};
use content::{Body, Content, Context, MessageId};
use endpoint::generic::Endpoint;
use endpoint::{Event, Failure, IdentityKey, Policy, Provider, SendError, Unreadable};
use kernel::{Machine, RestoreError, Row, Table, Time};
use std::collections::BTreeMap;
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
    /// To trust the identity that somebody has now, where the policy refused it.
    Trust {
        /// Whose.
        number: Number,
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
    /// App and relay did not have the same past, and have started over: messages that had not arrived are sent again.
    StartedOver,
    /// The relay is not connected; messages wait.
    Offline,
    /// The relay refused something.
    Rejected(RejectCode),
    /// Something arrived that can't be read.
    Unreadable(Unreadable),
    /// Somebody has another identity key than before, and as the policy says that is theirs from now on, or not.
    IdentityChanged {
        /// Whose key it is.
        number: Number,
        /// It is theirs from now on. If not, nothing goes to them and nothing of theirs is shown.
        trusted: bool,
    },
    /// A command can't be carried out.
    NotSent(SendError),
    /// No identity of theirs was refused since the app was started.
    NothingToTrust {
        /// Whose.
        number: Number,
    },
}

/// One person's app.
pub struct Consumer<P: Provider> {
    config: ConsumerConfig,
    endpoint: Endpoint<P>,
    inbox: Inbox,
    /// Identities that the policy has refused since the app was started, until the person trusts them: so many at most.
    refused: BTreeMap<Number, IdentityKey>,
    started: bool,
}

/// Identities that wait for the person's word. Of more the person hears too, and can trust them when there is room.
const MAX_REFUSED: usize = 256;

type Step<'a> = kernel::Step<'a, Output>;

const TABLES: [Table; 8] = {
    let [accounts, prekeys, sessions, post, outbox, unconfirmed] = endpoint::TABLES;
    [accounts, prekeys, sessions, post, outbox, unconfirmed, UNSHOWN, SHOWN]
};

impl<P: Provider> Machine for Consumer<P> {
    const TABLES: &'static [Table] = &TABLES;
    type Config = ConsumerConfig;
    type Input = Input;
    type Output = Output;

    fn restore(config: ConsumerConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        let (endpoint, rows) = Endpoint::restore(config.policy.clone(), rows)?;
        let mut inbox = Inbox::default();
        rows.iter().try_for_each(|row| inbox.restore(row))?;
        Ok(Self { config, endpoint, inbox, refused: BTreeMap::new(), started: false })
    }

    fn on_input(&mut self, input: Input, step: &mut Step<'_>) {
        self.start(step);
        match input {
            Input::Link(event) => self.on_link(event, step),
            Input::Command(command) => self.on_command(command, step),
            Input::Shown { through } => self.on_shown(through, step),
        }
    }

    fn wake_at(&self) -> Option<Time> {
        if self.started { self.endpoint.wake_at() } else { Some(Time::EPOCH) }
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        self.start(step);
        for event in step.part(|step| self.endpoint.expire(step)) {
            self.on_event(event, step);
        }
    }
}

impl<P: Provider> Consumer<P> {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint<P> {
        &self.endpoint
    }

    /// The number of the last message that has arrived; 0 if none has.
    pub fn last_arrived(&self) -> u64 {
        self.inbox.next_sequence() - 1
    }

    /// Opens the account and shows what was not seen, once, before anything else: a line may be typed before the first wake.
    fn start(&mut self, step: &mut Step<'_>) {
        if !self.started {
            self.started = true;
            step.part(|step| self.endpoint.open_account(self.config.address, step));
            self.inbox.unshown().for_each(|message| step.say(Output::Show(message.clone())));
        }
    }

    fn on_link(&mut self, event: LinkEvent<ToEndpoint>, step: &mut Step<'_>) {
        let was_published = self.endpoint.is_published(self.config.address);
        for event in step.part(|step| self.endpoint.on_link(event, step)) {
            self.on_event(event, step);
        }
        if !was_published && self.endpoint.is_published(self.config.address) {
            step.say(Output::Notice(Notice::Registered));
        }
    }

    /// What the endpoint says of a message or the connection is shown, or told.
    fn on_event(&mut self, event: Event, step: &mut Step<'_>) {
        match event {
            Event::Received { from, content, .. } => match content.body {
                Body::Text(text) => self.show(from, content.message_id, text.body, step),
                Body::Read(ids) => {
                    ids.into_iter().for_each(|message_id| {
                        step.say(Output::Status { message_id, sent: Sent::Read });
                    });
                }
                // No business of today sends one.
                _ => {}
            },
            Event::Accepted { message_id, .. } => {
                step.say(Output::Status { message_id, sent: Sent::Accepted })
            }
            Event::Delivered { message_id, .. } => {
                step.say(Output::Status { message_id, sent: Sent::Delivered })
            }
            Event::Failed { message_id, failure, .. } => {
                step.say(Output::Status { message_id, sent: Sent::Failed(failure) });
            }
            Event::IdentityChanged { peer, identity, trusted, .. } => {
                if !trusted && (self.refused.len() < MAX_REFUSED || self.refused.contains_key(&peer.number)) {
                    self.refused.insert(peer.number, identity);
                }
                step.say(Output::Notice(Notice::IdentityChanged { number: peer.number, trusted }));
            }
            Event::Online => step.say(Output::Notice(Notice::Online)),
            Event::StartedOver => step.say(Output::Notice(Notice::StartedOver)),
            Event::Offline => step.say(Output::Notice(Notice::Offline)),
            Event::Rejected(code) => step.say(Output::Notice(Notice::Rejected(code))),
            Event::Unreadable(unreadable) => step.say(Output::Notice(Notice::Unreadable(unreadable))),
            // The relay has nothing to bill a consumer for.
            Event::Metering(_) => {}
        }
    }

    fn show(&mut self, from: Address, message_id: MessageId, text: String, step: &mut Step<'_>) {
        let message = Shown { sequence: self.inbox.next_sequence(), from, message_id, text };
        if self.inbox.append(message.clone(), step.transaction) {
            step.say(Output::Show(message));
        }
    }

    fn on_command(&mut self, command: Command, step: &mut Step<'_>) {
        match command {
            Command::Say { to, text } if Address::primary(to) == self.config.address => self.note(text, step),
            Command::Say { to, text } => {
                self.send(Address::primary(to), Context::default(), Body::text(text), step);
            }
            Command::Trust { number } => self.trust(number, step),
        }
    }

    fn trust(&mut self, number: Number, step: &mut Step<'_>) {
        let notice = match self.refused.remove(&number) {
            Some(identity) => {
                let (account, peer) = (self.config.address, Address::primary(number));
                step.part(|step| self.endpoint.trust(account, peer, identity, step));
                Notice::IdentityChanged { number, trusted: true }
            }
            None => Notice::NothingToTrust { number },
        };
        step.say(Output::Notice(notice));
    }

    /// A note of the person's to themselves: it has arrived, and nobody else need carry it or know of it.
    fn note(&mut self, text: String, step: &mut Step<'_>) {
        let message_id = MessageId::from_random(&step.rng.bytes::<10>());
        let body = Body::text(text.clone());
        let content = Content::new(message_id.clone(), step.now.as_secs(), body);
        // As long as any message may be, and no longer.
        if let Err(error) = content.to_padded(self.config.policy.padding) {
            return step.say(Output::Notice(Notice::NotSent(error.into())));
        }
        for sent in [Sent::Pending, Sent::Delivered] {
            step.say(Output::Status { message_id: message_id.clone(), sent });
        }
        self.show(self.config.address, message_id, text, step);
    }

    /// The person has seen messages: tells their senders, and answers if the app does that by itself.
    fn on_shown(&mut self, through: u64, step: &mut Step<'_>) {
        for message in self.inbox.shown(through, step.transaction) {
            if message.from == self.config.address {
                step.say(Output::Status { message_id: message.message_id, sent: Sent::Read });
                continue;
            }
            if self.config.read_receipts {
                let body = Body::Read(vec![message.message_id.clone()]);
                self.send_quietly(message.from, body, step);
            }
            let text = match &self.config.reply {
                Reply::None => continue,
                Reply::Echo => message.text,
                Reply::Text(text) => text.clone(),
            };
            let context = Context::answering(message.message_id);
            self.send(message.from, context, Body::text(text), step);
        }
    }

    fn send(&mut self, to: Address, context: Context, body: Body, step: &mut Step<'_>) {
        match self.submit(to, context, body, step) {
            Ok(message_id) => step.say(Output::Status { message_id, sent: Sent::Pending }),
            Err(error) => step.say(Output::Notice(Notice::NotSent(error))),
        }
    }

    /// Like `send`, for what the person has not written and needn't follow.
    fn send_quietly(&mut self, to: Address, body: Body, step: &mut Step<'_>) {
        if let Err(error) = self.submit(to, Context::default(), body, step) {
            step.say(Output::Notice(Notice::NotSent(error)));
        }
    }

    fn submit(
        &mut self,
        to: Address,
        context: Context,
        body: Body,
        step: &mut Step<'_>,
    ) -> Result<MessageId, SendError> {
        let message_id = MessageId::from_random(&step.rng.bytes::<10>());
        let sent_at_s = step.now.as_secs();
        let content = Content { message_id: message_id.clone(), sent_at_s, context, body };
        let pair = (self.config.address, to);
        step.part(|step| self.endpoint.send(pair, &content, BillingClass::Service, step))?;
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
        f.write_str(match self {
            Self::Say { .. } => "Say(…)",
            Self::Trust { .. } => "Trust(…)",
        })
    }
}
