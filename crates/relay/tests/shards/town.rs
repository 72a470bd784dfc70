//! A relay of several shards, each with a disk of its own, the endpoints of a script, and whatever can go wrong between
//! them.

use crate::person::Person;
use crate::script::{Fate, INBOX_TTL, Role, Script};
use kernel::{Effects, Machine as _, Rng, Row, Seed, Time, Transaction};
use relay::{Input, Mail, MailItem, Notice, Output, Relay, Shard, Shards};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use store::Shadow;
use wire::{ConnectionId, LinkEvent, LinkKey, Outgoing, ToRelay};

/// What a courier can carry; of more, some is lost.
const BAG: usize = 60;

/// Who carries letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Courier {
    /// Loses, repeats and delays them, and takes them out of order.
    Careless,
    /// Says that a letter is taken when it only has it.
    Hasty,
    /// Puts a new number on a letter that it brings again.
    Copyist,
}

pub(crate) struct Town<'a> {
    pub(crate) script: &'a Script,
    count: NonZeroU32,
    /// A shard that takes itself for the whole relay.
    pub(crate) proud: Option<Shard>,
    courier: Courier,
    shards: BTreeMap<Shard, Host>,
    pub(crate) people: Vec<Person>,
    mail: Vec<Mail>,
    pub(crate) fate: Fate,
    pub(crate) now: Time,
    rng: Rng,
    connections: u64,
    /// Nothing goes wrong any more.
    calm: bool,
    pub(crate) failures: u32,
    /// A shard that no mail gets to.
    pub(crate) away: Option<Shard>,
    /// Who found out that another shard has another past.
    pub(crate) misfits: Vec<(Shard, Shard)>,
    /// Sees what becomes durable.
    pub(crate) look: Box<dyn FnMut(&Transaction) + 'a>,
}

struct Host {
    relay: Relay,
    disk: Shadow,
    rng: Rng,
}

impl<'a> Town<'a> {
    pub(crate) fn new(script: &'a Script, count: NonZeroU32, courier: Courier, seed: u64) -> Self {
        let people = script.people.iter().zip(&script.submissions).enumerate();
        Self {
            script,
            count,
            proud: None,
            courier,
            shards: BTreeMap::new(),
            people: people
                .map(|(place, (role, submissions))| Person::new(place, role, submissions))
                .collect(),
            mail: Vec::new(),
            fate: Fate::default(),
            now: Time::from_secs(1_790_000_000),
            rng: Rng::for_entity(&Seed::from_number(seed), "town"),
            connections: 0,
            calm: false,
            failures: 0,
            away: None,
            misfits: Vec::new(),
            look: Box::new(|_| {}),
        }
    }

    /// Everybody registers, but for the thief; everybody writes to everybody while everything goes wrong; and then
    /// nothing goes wrong any more until all is said. What they have then; an error if it never is.
    pub(crate) fn live(&mut self) -> Result<Fate, String> {
        self.register()?;
        for _ in 0..2_500 {
            self.anything(|role| !role.absent, true);
        }
        self.end()
    }

    /// Everybody but the thief registers, while everything goes wrong, and then until they have.
    pub(crate) fn register(&mut self) -> Result<(), String> {
        let honest = |role: &Role| role.steals.is_none();
        for _ in 0..1_000 {
            self.anything(honest, false);
        }
        for _ in 0..5_000 {
            let mut people = self.people.iter().zip(&self.script.people);
            if people.all(|(person, role)| person.is_registered() || !honest(role)) {
                let absent = (0..self.people.len()).filter(|who| self.script.people[*who].absent);
                absent.collect::<Vec<_>>().into_iter().for_each(|who| self.disconnect(who));
                return Ok(());
            }
            self.calmly(honest, false);
        }
        Err("somebody can't register".to_owned())
    }

    /// Rows that say that something is still to be done.
    pub(crate) fn left(&mut self) -> usize {
        let shards: Vec<_> = self.shards.keys().copied().collect();
        let rows = shards.into_iter().flat_map(|shard| self.rows(shard));
        rows.filter(|row| ["inbox", "letters"].contains(&row.table.name())).count()
    }

    /// How many letters wait in the longest of all queues.
    pub(crate) fn longest_queue(&mut self) -> usize {
        let shards: Vec<_> = self.shards.keys().copied().collect();
        let mut queues = BTreeMap::new();
        for shard in shards {
            for row in self.rows(shard).into_iter().filter(|row| row.table.name() == "letters") {
                *queues.entry((shard, row.key)).or_insert(0) += 1;
            }
        }
        queues.into_values().max().unwrap_or(0)
    }

    /// What a shard holds.
    pub(crate) fn rows(&mut self, shard: Shard) -> Vec<Row> {
        self.host(shard).disk.load(Relay::TABLES).unwrap()
    }

    /// Anything may happen, to those who take part.
    fn anything(&mut self, takes_part: impl Fn(&Role) -> bool, write: bool) {
        let who = self.below(self.people.len());
        if !takes_part(&self.script.people[who]) {
            return;
        }
        match self.below(100) {
            0..2 => self.disconnect(who),
            2..10 if self.people[who].connection.is_none() => self.connect(who),
            10..14 if write => self.people[who].write(),
            14..16 => {
                let numbers: Vec<_> = self.script.numbers().collect();
                let address = numbers[self.below(numbers.len())];
                self.people[who].fetch(address);
            }
            16..40 => self.speak(who),
            40..60 => self.people[who].hear(&mut self.fate),
            60..90 => self.carry(),
            90..98 => self.wake_all(),
            _ => self.now = self.now + Duration::from_millis(100),
        }
    }

    /// Nothing goes wrong any more. Everybody who is not absent says all that they have to say and hears all that there
    /// is to hear; then what the absent never fetched expires.
    pub(crate) fn end(&mut self) -> Result<Fate, String> {
        for _ in 0..5_000 {
            self.round();
            let mut people = self.people.iter().zip(&self.script.people);
            let idle = people.all(|(person, role)| role.absent || person.is_done()) && self.mail.is_empty();
            let due = self.shards.values().filter_map(|host| host.relay.wake_at()).min();
            match due.filter(|due| *due < self.now + INBOX_TTL / 2) {
                Some(due) if idle => self.now = self.now.max(due),
                None if idle => {
                    self.calm = true;
                    self.now = self.now + INBOX_TTL;
                    self.wake_all();
                    return Ok(self.fate());
                }
                _ => {}
            }
        }
        Err("it never comes to an end".to_owned())
    }

    /// Everybody who is not absent, and the courier, does what there is to do, and nothing goes wrong.
    pub(crate) fn round(&mut self) {
        self.calmly(|role| !role.absent, true);
    }

    fn calmly(&mut self, takes_part: impl Fn(&Role) -> bool, write: bool) {
        self.calm = true;
        for who in 0..self.people.len() {
            if !takes_part(&self.script.people[who]) {
                continue;
            }
            if self.people[who].connection.is_none() {
                self.connect(who);
            }
            if write {
                self.people[who].write();
            }
            while !self.people[who].to_relay.is_empty() {
                self.speak(who);
            }
            while !self.people[who].from_relay.is_empty() {
                self.people[who].hear(&mut self.fate);
            }
        }
        for _ in 0..self.mail.len() {
            self.carry();
        }
        self.wake_all();
        self.now = self.now + Duration::from_millis(100);
        self.calm = false;
    }

    fn fate(&mut self) -> Fate {
        let mut fate = std::mem::take(&mut self.fate);
        for gateway in self.script.people.iter().filter(|role| role.gateway) {
            let relay = &self.host(self.shard_of(gateway.key)).relay;
            let readings = gateway.numbers.iter().flat_map(|business| relay.metering(business.number));
            readings.for_each(|reading| fate.count(reading));
        }
        fate
    }

    fn connect(&mut self, who: usize) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let role = &self.script.people[who];
        let (peer, gateway) = (role.key, role.gateway);
        self.people[who].connect(connection, gateway);
        self.happens(self.shard_of(peer), Input::Link(LinkEvent::Up { connection, peer }));
    }

    fn disconnect(&mut self, who: usize) {
        if let Some(connection) = self.people[who].connection {
            self.people[who].disconnect();
            let shard = self.shard_of(self.script.people[who].key);
            self.happens(shard, Input::Link(LinkEvent::Down { connection }));
        }
    }

    fn speak(&mut self, who: usize) {
        let connection = self.people[who].connection;
        if let Some((connection, frame)) = connection.zip(self.people[who].to_relay.pop_front()) {
            let shard = self.shard_of(self.script.people[who].key);
            self.frame(shard, connection, frame);
        }
    }

    fn frame(&mut self, shard: Shard, connection: ConnectionId, frame: ToRelay) {
        self.happens(shard, Input::Link(LinkEvent::Frame { connection, frame }));
    }

    /// The courier takes any one, and does with it what couriers do.
    fn carry(&mut self) {
        if self.mail.is_empty() {
            return;
        }
        let place = if self.calm { 0 } else { self.below(self.mail.len()) };
        let mail = self.mail.remove(place);
        if self.away == Some(mail.to) {
            return;
        }
        let luck = if self.calm { 99 } else { self.below(100) };
        let taken = |through| Mail {
            from: mail.to,
            to: mail.from,
            item: MailItem::Taken { through, answers: self.now },
            ..mail
        };
        match (&mail.item, self.courier) {
            (MailItem::Letter { position, .. }, Courier::Hasty) => {
                let taken = taken(*position);
                self.happens(taken.to, Input::Mail(Box::new(taken)));
            }
            (MailItem::Letter { position, sent, letter }, Courier::Copyist) if luck < 40 => {
                let position = position.then_bytes(b"a copy");
                let item = MailItem::Letter { position, sent: *sent, letter: letter.clone() };
                self.mail.push(Mail { item, ..mail });
            }
            _ => {}
        }
        match luck {
            0..10 => return,
            10..25 => self.mail.push(mail.clone()),
            _ => {}
        }
        self.happens(mail.to, Input::Mail(Box::new(mail)));
    }

    fn wake_all(&mut self) {
        let due = |host: &Host| host.relay.wake_at().is_some_and(|at| at <= self.now);
        let due: Vec<_> = self.shards.iter().filter(|(_, host)| due(host)).map(|(shard, _)| *shard).collect();
        for shard in due {
            let now = self.now;
            let host = self.host(shard);
            let effects = host.relay.wake(now, &mut host.rng);
            self.follow(shard, effects);
        }
    }

    fn happens(&mut self, shard: Shard, input: Input) {
        let now = self.now;
        let host = self.host(shard);
        let effects = host.relay.handle(now, input, &mut host.rng);
        self.follow(shard, effects);
    }

    /// First it is durable, and then it is said; the power may fail before, between, or after some of it.
    fn follow(&mut self, shard: Shard, effects: Effects<Output>) {
        let Effects { transaction, mut outputs } = effects;
        let fails = !self.calm && self.below(100) < 3;
        if fails && self.below(3) == 0 {
            return self.restart(shard);
        }
        (self.look)(&transaction);
        self.host(shard).disk.apply(transaction).unwrap();
        if fails {
            let said = self.below(outputs.len() + 1);
            outputs.truncate(said);
        }
        outputs.into_iter().for_each(|output| self.carry_out(shard, output));
        if fails {
            self.restart(shard);
        }
    }

    fn carry_out(&mut self, shard: Shard, output: Output) {
        match output {
            Output::Send(Outgoing { connection, frame }) => {
                let to = self.people.iter_mut().find(|person| person.connection == Some(connection));
                to.into_iter().for_each(|person| person.from_relay.push_back(frame.clone()));
            }
            Output::Close(connection) => {
                let who = self.people.iter().position(|person| person.connection == Some(connection));
                who.into_iter().for_each(|who| self.people[who].disconnect());
            }
            Output::Mail(mail) => {
                if self.mail.len() >= BAG {
                    let lost = self.below(BAG);
                    self.mail.remove(lost);
                }
                self.mail.push(*mail);
            }
            // Nobody here has what is too large for a message.
            Output::Transfer { .. } | Output::DropBlob(_) => {}
            Output::Notice(Notice::AnotherPast(other)) => self.misfits.push((shard, other)),
            Output::Notice(_) => {}
        }
    }

    /// A copy of what a shard holds.
    pub(crate) fn copy(&mut self, shard: Shard) -> Shadow {
        self.host(shard).disk.clone()
    }

    /// A shard starts again from a copy.
    pub(crate) fn put_back(&mut self, shard: Shard, copy: Shadow) {
        self.host(shard).disk = copy;
        self.people.iter_mut().for_each(|person| person.may_misfit = true);
        self.restart(shard);
    }

    fn restart(&mut self, shard: Shard) {
        self.failures += 1;
        let config = self.script.config(self.shards_of(shard));
        let host = self.host(shard);
        let rows = host.disk.load(Relay::TABLES).unwrap();
        host.relay = Relay::restore(config, rows).unwrap();
        for who in 0..self.people.len() {
            if self.shard_of(self.script.people[who].key) == shard {
                self.people[who].disconnect();
            }
        }
    }

    fn host(&mut self, shard: Shard) -> &mut Host {
        let config = self.script.config(self.shards_of(shard));
        self.shards.entry(shard).or_insert_with(|| Host {
            relay: Relay::restore(config, Vec::new()).unwrap(),
            disk: Shadow::default(),
            rng: Rng::for_entity(&Seed::from_number(shard.0.into()), "shard"),
        })
    }

    fn shard_of(&self, key: LinkKey) -> Shard {
        Shards::new(Shard(0), self.count).unwrap().of_endpoint(key)
    }

    fn shards_of(&self, this: Shard) -> Shards {
        if self.proud == Some(this) { Shards::ONE } else { Shards::new(this, self.count).unwrap() }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.rng.below(u32::try_from(bound).unwrap()) as usize
    }
}
