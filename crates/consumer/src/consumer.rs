//! The app as a machine: what a frame, a command of the person's, or a confirmation of the screen changes in it, and what
//! it then says to the relay and to the person. Keys and sessions are the [`Endpoint`]'s, what was not seen yet is in the
//! inbox; here is when something is shown, receipted and answered.

use crate::command::{Command, Messages, Refusal, check};
use crate::habits::{ConsumerConfig, Habits, Reading};
use crate::inbox::{Inbox, SHOWN, Shown, UNSHOWN};
use crate::offers::Offers;
use crate::output::{Notice, Output, Sent};
use crate::typing::Typing;
use crate::unread::{UNREAD, Unread};
use content::{Body, Content, Context, MessageId};
use endpoint::generic::Endpoint;
use endpoint::{Event, IdentityKey, Provider};
use kernel::{Machine, RestoreError, Row, Table, Time};
use std::collections::BTreeMap;
use wire::{Address, BillingClass, LinkEvent, Number, ToEndpoint};

/// Messages that one read receipt names: as many as fit the smallest bucket, so that a receipt is as long as any other.
const PER_RECEIPT: usize = 8;

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

/// One person's app.
pub struct Consumer<P: Provider> {
    config: ConsumerConfig,
    endpoint: Endpoint<P>,
    inbox: Inbox,
    unread: Unread,
    offers: Offers,
    typing: Typing,
    /// Identities that the policy has refused since the app was started, until the person trusts them: so many at most.
    refused: BTreeMap<Number, IdentityKey>,
    started: bool,
}

/// Identities that wait for the person's word. Of more the person hears too, and can trust them when there is room.
const MAX_REFUSED: usize = 256;

type Step<'a> = kernel::Step<'a, Output>;

const TABLES: [Table; 9] = {
    let [accounts, prekeys, sessions, post, outbox, unconfirmed] = endpoint::TABLES;
    [accounts, prekeys, sessions, post, outbox, unconfirmed, UNSHOWN, SHOWN, UNREAD]
};

impl<P: Provider> Machine for Consumer<P> {
    const TABLES: &'static [Table] = &TABLES;
    type Config = ConsumerConfig;
    type Input = Input;
    type Output = Output;

    fn restore(config: ConsumerConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        let (endpoint, rows) = Endpoint::restore(config.policy.clone(), rows)?;
        let (mut inbox, mut unread, mut offers) = (Inbox::default(), Unread::default(), Offers::default());
        rows.iter().try_for_each(|row| match row.table {
            UNREAD => unread.restore(row),
            _ => inbox.restore(row),
        })?;
        inbox.unshown().for_each(|message| offers.note(message.from, &message.content));
        let (typing, refused) = (Typing::default(), BTreeMap::new());
        Ok(Self { config, endpoint, inbox, unread, offers, typing, refused, started: false })
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
        if !self.started {
            return Some(Time::EPOCH);
        }
        [self.endpoint.wake_at(), self.typing.wake_at()].into_iter().flatten().min()
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        self.start(step);
        for event in step.part(|step| self.endpoint.expire(step)) {
            self.on_event(event, step);
        }
        for from in self.typing.over(step.now) {
            step.say(Output::Typing { from, typing: false });
        }
    }
}

impl<P: Provider> Consumer<P> {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint<P> {
        &self.endpoint
    }

    /// What the app does by itself now.
    pub fn habits(&self) -> &Habits {
        &self.config.habits
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
                Body::Read(ids) => {
                    ids.into_iter().for_each(|message_id| {
                        step.say(Output::Status { message_id, sent: Sent::Read });
                    });
                }
                Body::Typing => {
                    if self.typing.begin(from.number, content.sent_at_s, step.now) {
                        step.say(Output::Typing { from: from.number, typing: true });
                    }
                }
                _ => {
                    if self.typing.end(from.number) {
                        step.say(Output::Typing { from: from.number, typing: false });
                    }
                    self.show(from, content, step);
                }
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

    fn show(&mut self, from: Address, content: Content, step: &mut Step<'_>) {
        let message = Shown { sequence: self.inbox.next_sequence(), from, content };
        if self.inbox.append(message.clone(), step.transaction) {
            self.offers.note(from, &message.content);
            step.say(Output::Show(message));
        }
    }

    fn on_command(&mut self, command: Command, step: &mut Step<'_>) {
        match command {
            Command::Send { name, to, context, body } => {
                let message_id = name.unwrap_or_else(|| new_name(step));
                let content = Content { message_id, sent_at_s: step.now.as_secs(), context, body };
                self.on_send(Address::primary(to), content, step);
            }
            Command::Read(which) => self.on_read(&which, step),
            // A note to oneself nobody waits for.
            Command::Typing { to } if Address::primary(to) == self.config.address => {}
            Command::Typing { to } => self.send_quietly(Address::primary(to), Body::Typing, step),
            Command::Trust { number } => self.trust(number, step),
            Command::Change(habits) => self.config.habits = habits,
        }
    }

    /// The person sends a message; it is taken, or the person hears why not.
    fn on_send(&mut self, to: Address, content: Content, step: &mut Step<'_>) {
        let checked = match &content.body {
            Body::Answer(answer) if !self.offers.allow(to, content.context.quoted.as_ref(), answer) => {
                Err(Refusal::NotOffered)
            }
            body => check(body),
        };
        match checked {
            Err(why) => step.say(Output::NotSent { message_id: content.message_id, why }),
            Ok(()) if to == self.config.address => self.note(content, step),
            Ok(()) => self.send(to, content, step),
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
    fn note(&mut self, content: Content, step: &mut Step<'_>) {
        let message_id = content.message_id.clone();
        // As long as any message may be, and no longer.
        if let Err(error) = content.to_padded(self.config.policy.padding) {
            return step.say(Output::NotSent { message_id, why: Refusal::Endpoint(error.into()) });
        }
        for sent in [Sent::Pending, Sent::Delivered] {
            step.say(Output::Status { message_id: message_id.clone(), sent });
        }
        self.show(self.config.address, content, step);
    }

    /// The screen has shown messages: where the person has read them with that, their senders hear it; and the app answers if it
    /// does that by itself.
    fn on_shown(&mut self, through: u64, step: &mut Step<'_>) {
        for Shown { sequence, from, content } in self.inbox.shown(through, step.transaction) {
            let Content { message_id, body, .. } = content;
            if from == self.config.address {
                step.say(Output::Status { message_id, sent: Sent::Read });
                continue;
            }
            // A reaction is seen on its message, and nobody hears of that.
            if !matches!(body, Body::Reaction(_)) {
                match self.config.habits.reading {
                    Reading::AtOnce => self.tell_read(from, vec![message_id.clone()], step),
                    Reading::WhenTold => {
                        self.unread.add(sequence, from, message_id.clone(), step.transaction);
                    }
                }
            }
            if let Some(body) = self.config.habits.reply.to(&body) {
                let context = Context::answering(message_id);
                let (message_id, sent_at_s) = (new_name(step), step.now.as_secs());
                self.send(from, Content { message_id, sent_at_s, context, body }, step);
            }
        }
    }

    fn on_read(&mut self, which: &Messages, step: &mut Step<'_>) {
        for (from, ids) in self.unread.read(which, step.transaction) {
            ids.chunks(PER_RECEIPT).for_each(|ids| self.tell_read(from, ids.to_vec(), step));
        }
    }

    fn tell_read(&mut self, sender: Address, ids: Vec<MessageId>, step: &mut Step<'_>) {
        if self.config.habits.read_receipts {
            self.send_quietly(sender, Body::Read(ids), step);
        }
    }

    fn send(&mut self, to: Address, mut content: Content, step: &mut Step<'_>) {
        content.context.sender_name = self.config.habits.name.clone();
        let message_id = content.message_id.clone();
        let said = match self.submit(to, &content, step) {
            Ok(()) => Output::Status { message_id, sent: Sent::Pending },
            Err(why) => Output::NotSent { message_id, why },
        };
        step.say(said);
    }

    /// Like `send`, for what the person has not written and needn't follow.
    fn send_quietly(&mut self, to: Address, body: Body, step: &mut Step<'_>) {
        let content = Content::new(new_name(step), step.now.as_secs(), body);
        if let Err(why) = self.submit(to, &content, step) {
            step.say(Output::NotSent { message_id: content.message_id, why });
        }
    }

    fn submit(&mut self, to: Address, content: &Content, step: &mut Step<'_>) -> Result<(), Refusal> {
        let pair = (self.config.address, to);
        Ok(step.part(|step| self.endpoint.send(pair, content, BillingClass::Service, step))?)
    }
}

fn new_name(step: &mut Step<'_>) -> MessageId {
    MessageId::from_random(&step.rng.bytes::<10>())
}
