//! Two people with the app, the relay between them, and what each of them got to see.

use consumer::{Command, Consumer, ConsumerConfig, Habits, Input, Notice, Output, Refusal, Sent, Shown};
use content::{Body, Content};
use endpoint::{Endpoint, Event, Policy};
use kernel::{Effects, Machine, RestoreError, Rng, Row, Seed, Time};
use relay::{Relay, RelayConfig};
use std::collections::VecDeque;
use store::Shadow;
use wire::{
    Address, BillingClass, ConnectionId, InboxItem, LinkEvent, LinkKey, Number, Outgoing, ToEndpoint, ToRelay,
};

pub(crate) const START: Time = Time::from_secs(1_790_000_000);
pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
/// A business, which sends what no person's app does.
pub(crate) const SHOP: usize = 2;

/// A machine's step, the one place where these tests make one: an input, or the alarm without.
fn step<M: Machine>(
    machine: &mut M,
    now: Time,
    rng: &mut Rng,
    input: Option<M::Input>,
) -> Effects<M::Output> {
    match input {
        Some(input) => machine.handle(now, input, rng),
        None => machine.wake(now, rng),
    }
}

pub(crate) fn number(person: usize) -> Number {
    Number::from_integer(4_915_110_000_000 + person as u64).unwrap()
}

pub(crate) fn address(person: usize) -> Address {
    Address::primary(number(person))
}

pub(crate) fn config(person: usize) -> ConsumerConfig {
    ConsumerConfig {
        address: address(person),
        habits: Habits::default(),
        // More than the relay calls low, so that it asks for more only when they are used up.
        policy: Policy { one_time_prekeys: 8, ..Policy::default() },
    }
}

/// One person's app and what it has put on disk.
pub(crate) struct App {
    pub(crate) machine: Consumer,
    pub(crate) disk: Shadow,
    pub(crate) config: ConsumerConfig,
    connection: Option<ConnectionId>,
    /// What the screen got.
    pub(crate) seen: Vec<Output>,
    /// What went to the relay.
    pub(crate) said: Vec<ToRelay>,
}

pub(crate) struct Stage {
    pub(crate) apps: Vec<App>,
    pub(crate) now: Time,
    /// While it is off, what the screens get is not confirmed.
    pub(crate) screens_on: bool,
    shop: Option<Shop>,
    relay: Relay,
    rng: Rng,
    connections: u64,
    on_the_way: VecDeque<Outgoing<ToRelay>>,
}

/// The endpoint of a business, without an API around it.
struct Shop {
    endpoint: Endpoint,
    connection: ConnectionId,
    heard: Vec<Content>,
}

impl Stage {
    /// Both are there, connected and registered.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// As [`Stage::new`], after somebody changed the settings of both.
    pub(crate) fn with(change: impl Fn(&mut ConsumerConfig)) -> Self {
        let mut stage = Self::asleep(change);
        for person in [ALICE, BOB] {
            stage.wake(person);
            stage.connect(person);
        }
        stage
    }

    /// Nothing has happened yet.
    pub(crate) fn asleep(change: impl Fn(&mut ConsumerConfig)) -> Self {
        let app = |person| {
            let mut config = config(person);
            change(&mut config);
            let machine = Consumer::restore(config.clone(), Vec::new()).unwrap();
            App {
                machine,
                disk: Shadow::default(),
                config,
                connection: None,
                seen: Vec::new(),
                said: Vec::new(),
            }
        };
        Self {
            apps: [ALICE, BOB].map(app).into(),
            now: START,
            screens_on: true,
            shop: None,
            relay: Relay::restore(RelayConfig::default(), Vec::new()).unwrap(),
            rng: Rng::for_entity(&Seed::from_number(5), "stage"),
            connections: 0,
            on_the_way: VecDeque::new(),
        }
    }

    /// What an app makes of an input, or of its alarm: durable first, then carried to the screen and to the relay.
    /// True if there was anything.
    fn take(&mut self, person: usize, input: Option<Input>) -> bool {
        let app = &mut self.apps[person];
        let effects = step(&mut app.machine, self.now, &mut self.rng, input);
        let anything = !effects.is_empty();
        app.disk.apply(effects.transaction).unwrap();
        let mut through = None;
        for output in effects.outputs {
            match output {
                Output::Send(outgoing) => {
                    app.said.push(outgoing.frame.clone());
                    self.on_the_way.push_back(outgoing);
                }
                output => {
                    if let Output::Show(message) = &output {
                        through = Some(message.sequence);
                    }
                    app.seen.push(output);
                }
            }
        }
        if let Some(through) = through.filter(|_| self.screens_on) {
            self.take(person, Some(Input::Shown { through }));
        }
        anything
    }

    /// One input, and all that follows from it. True if the app made anything of it.
    pub(crate) fn handle(&mut self, person: usize, input: Input) -> bool {
        let anything = self.take(person, Some(input));
        self.carry();
        anything
    }

    pub(crate) fn wake(&mut self, person: usize) -> bool {
        let anything = self.take(person, None);
        self.carry();
        anything
    }

    pub(crate) fn say(&mut self, from: usize, to: usize, text: &str) {
        self.command(from, Command::say(number(to), text));
    }

    pub(crate) fn send(&mut self, from: usize, to: usize, body: Body) {
        self.command(from, Command::send(number(to), body));
    }

    pub(crate) fn command(&mut self, person: usize, command: Command) {
        self.handle(person, Input::Command(command));
    }

    /// A business sends something to somebody.
    pub(crate) fn shop_sends(&mut self, to: usize, content: &Content) {
        if self.shop.is_none() {
            self.open_shop();
        }
        let pair = (address(SHOP), address(to));
        self.at_shop(|endpoint, step| {
            endpoint.send(pair, content, BillingClass::Service, step).unwrap();
            Vec::new()
        });
        self.carry();
    }

    /// What the business got of people's.
    pub(crate) fn shop_heard(&self) -> &[Content] {
        self.shop.as_ref().map_or(&[], |shop| &shop.heard)
    }

    fn open_shop(&mut self) {
        self.connections += 1;
        let (connection, peer) = (ConnectionId(self.connections), LinkKey([7; 32]));
        let up = relay::Input::Link(LinkEvent::Up { connection, peer });
        let _ = step(&mut self.relay, self.now, &mut self.rng, Some(up));
        let endpoint = Endpoint::restore(config(SHOP).policy, Vec::new()).unwrap().0;
        self.shop = Some(Shop { endpoint, connection, heard: Vec::new() });
        self.at_shop(|endpoint, step| {
            endpoint.open_account(address(SHOP), step);
            endpoint.on_link(LinkEvent::Up { connection, peer: LinkKey([9; 32]) }, step)
        });
        self.carry();
    }

    fn at_shop(&mut self, act: impl FnOnce(&mut Endpoint, &mut endpoint::Step<'_>) -> Vec<Event>) {
        let shop = self.shop.as_mut().unwrap();
        let mut events = Vec::new();
        let effects = Effects::of(self.now, &mut self.rng, |step| events = act(&mut shop.endpoint, step));
        self.on_the_way.extend(effects.outputs);
        shop.heard.extend(events.into_iter().filter_map(|event| match event {
            Event::Received { content, .. } => Some(content),
            _ => None,
        }));
    }

    pub(crate) fn shown(&mut self, person: usize, through: u64) -> bool {
        self.handle(person, Input::Shown { through })
    }

    pub(crate) fn connect(&mut self, person: usize) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let peer = LinkKey([u8::try_from(person).unwrap(); 32]);
        let up = relay::Input::Link(LinkEvent::Up { connection, peer });
        let _ = step(&mut self.relay, self.now, &mut self.rng, Some(up));
        self.apps[person].connection = Some(connection);
        self.handle(person, Input::Link(LinkEvent::Up { connection, peer: LinkKey([9; 32]) }));
    }

    pub(crate) fn disconnect(&mut self, person: usize) {
        let connection = self.apps[person].connection.take().unwrap();
        let down = relay::Input::Link(LinkEvent::Down { connection });
        let _ = step(&mut self.relay, self.now, &mut self.rng, Some(down));
        self.handle(person, Input::Link(LinkEvent::Down { connection }));
    }

    /// The app ends, whatever it was doing, and is started again from its disk; it is not connected then.
    pub(crate) fn restart(&mut self, person: usize) {
        if let Some(connection) = self.apps[person].connection.take() {
            let down = relay::Input::Link(LinkEvent::Down { connection });
            let _ = step(&mut self.relay, self.now, &mut self.rng, Some(down));
        }
        let rows = self.rows(person);
        self.apps[person].machine = self.restored(person, rows).unwrap();
        self.wake(person);
    }

    /// The device is lost: another one with nothing on it takes its place, under the same link key.
    pub(crate) fn replace_device(&mut self, person: usize) {
        self.disconnect(person);
        self.apps[person].disk = Shadow::default();
        self.restart(person);
        self.connect(person);
    }

    pub(crate) fn rows(&mut self, person: usize) -> Vec<Row> {
        self.apps[person].disk.load(Consumer::TABLES).unwrap()
    }

    /// An app from these rows, which is nobody's yet.
    pub(crate) fn restored(&self, person: usize, rows: Vec<Row>) -> Result<Consumer, RestoreError> {
        Consumer::restore(self.apps[person].config.clone(), rows)
    }

    /// A frame that the relay would not send, or not now.
    pub(crate) fn push(&mut self, person: usize, frame: ToEndpoint) {
        let connection = self.apps[person].connection.unwrap();
        self.handle(person, Input::Link(LinkEvent::Frame { connection, frame }));
    }

    pub(crate) fn deliver(&mut self, person: usize, sequence: u64, item: InboxItem) {
        self.push(person, ToEndpoint::Delivery { sequence, name: sequence, item });
    }

    fn carry(&mut self) {
        while let Some(Outgoing { connection, frame }) = self.on_the_way.pop_front() {
            let frame = relay::Input::Link(LinkEvent::Frame { connection, frame });
            let effects = step(&mut self.relay, self.now, &mut self.rng, Some(frame));
            for output in effects.outputs {
                let relay::Output::Send(Outgoing { connection, frame }) = output else { continue };
                let person = self.apps.iter().position(|app| app.connection == Some(connection));
                if let Some(person) = person {
                    self.take(person, Some(Input::Link(LinkEvent::Frame { connection, frame })));
                } else if self.shop.as_ref().is_some_and(|shop| shop.connection == connection) {
                    self.at_shop(|shop, step| shop.on_link(LinkEvent::Frame { connection, frame }, step));
                }
            }
        }
    }
}

impl App {
    /// All messages that were put on the screen, repetitions included.
    pub(crate) fn messages(&self) -> Vec<&Shown> {
        let messages = self.seen.iter().filter_map(|output| match output {
            Output::Show(message) => Some(message),
            _ => None,
        });
        messages.collect()
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.messages().into_iter().filter_map(|message| message.content.body.as_text()).collect()
    }

    /// Why messages of the person's were not taken.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let refusals = self.seen.iter().filter_map(|output| match output {
            Output::NotSent { why, .. } => Some(*why),
            _ => None,
        });
        refusals.collect()
    }

    /// What became of the person's own messages.
    pub(crate) fn statuses(&self) -> Vec<Sent> {
        let statuses = self.seen.iter().filter_map(|output| match output {
            Output::Status { sent, .. } => Some(*sent),
            _ => None,
        });
        statuses.collect()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        let notices = self.seen.iter().filter_map(|output| match output {
            Output::Notice(notice) => Some(*notice),
            _ => None,
        });
        notices.collect()
    }

    /// How many frames of a kind it has sent to the relay.
    pub(crate) fn count(&self, is: impl Fn(&ToRelay) -> bool) -> usize {
        self.said.iter().filter(|frame| is(frame)).count()
    }
}
