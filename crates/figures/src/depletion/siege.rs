//! A phone, people who write to it for the first time, and an attacker who takes its prekeys away.

use crate::Error;
use crate::draw::exponential;
use crate::error::OrFailed;
use crate::net::{Event, Net, Party};
use consumer::generic::Consumer;
use consumer::{Command, ConsumerConfig, Habits, Input, Output};
use content::{Body, Content};
use endpoint::{Policy, Provider};
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use lab::loot;
use ratchet::adversary::{Attacker, Recording};
use ratchet::{Ciphertext, IdentityKey, MessageKind, PrekeyMessage};
use relay::RelayConfig;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Partition, Store};
use wire::{Address, EnvelopeKind, LinkEvent, Number, ToEndpoint, ToRelay};

const PHONE: Party = 1;
const ATTACKER: Party = 2;
const FIRST_STRANGER: Party = 3;
/// Numbers of people, from the phone's on.
const NUMBERS: u64 = 491_700_000_000;
/// After the last period everything that is under way arrives.
const REST: Duration = Duration::from_secs(60);

/// How a siege goes.
pub(super) struct Terms {
    pub(super) name: String,
    pub(super) attacks_per_s: f64,
    pub(super) first_messages_per_s: f64,
    /// The phone is offline for the last part of each period.
    pub(super) period: Duration,
    pub(super) offline: Duration,
    pub(super) periods: u32,
    /// How long the phone takes to make more prekeys once it was asked to.
    pub(super) refills_after: Duration,
    /// Whether somebody listens at the relay and robs the phone in the end: what can be read, not only counted.
    pub(super) recorded: bool,
}

/// Each way between relay and phone.
pub(super) const DELAY: Duration = Duration::from_millis(50);
/// What the app makes at a time: the paper's constant.
pub(super) const MADE: u32 = 812;
/// With so many left, or fewer, the app makes more: the paper's constant.
pub(super) const LEFT: usize = 10;

/// A first message.
pub(super) struct First {
    /// Whether the phone was online when it was sent.
    pub(super) online: bool,
    /// Whether it used no one-time prekey.
    bare: bool,
    text: String,
    /// Its place in the recording.
    at: usize,
}

/// What there was to see.
pub(super) struct Siege {
    firsts: Vec<First>,
    /// For each answer that the attacker got, whether it had no one-time prekey.
    attempts: Vec<bool>,
    recording: Recording,
    rows: Vec<kernel::Row>,
}

struct Running<'a, P: Provider> {
    terms: &'a Terms,
    net: Net,
    phone: Phone<P>,
    strangers: BTreeMap<Party, (Phone<P>, String)>,
    identity: IdentityKey,
    online: bool,
    /// The phone was asked for more prekeys and has not taken that up yet.
    asked: bool,
    firsts: Vec<First>,
    attempts: Vec<bool>,
    recording: Recording,
}

/// An app with its store.
struct Phone<P: Provider> {
    machine: Consumer<P>,
    rng: Rng,
    rows: Option<Partition>,
}

#[derive(Clone, Copy)]
enum Act {
    Attack,
    Write,
    Leave,
    Return,
}

impl Siege {
    /// A siege over a provider of primitives: real ones where something is to be read, modelled ones where prekeys are
    /// only counted.
    pub(super) fn run<P: Provider>(seed: u64, terms: &Terms) -> Result<Self, Error> {
        let rng = |part: &str| Rng::for_entity(&Seed::from_number(seed), &format!("{}/{part}", terms.name));
        let start = Time::from_secs(crate::pair::START_S);
        let store = Store::in_memory();
        let partition = terms.recorded.then(|| store.partition("phone"));
        let rows = |doing| match &partition {
            Some(partition) => partition.load(Consumer::<P>::TABLES).or_failed(doing),
            None => Ok(Vec::new()),
        };
        rows("opening the phone's store")?;
        let policy = Policy { one_time_prekeys: MADE, ..Policy::default() };
        let phone = Phone::<P>::new(NUMBERS, policy, rng("phone"), partition.clone())?;
        let identity = phone.machine.endpoint().identity(address(NUMBERS)?);
        let config = RelayConfig { low_prekeys: LEFT + 1, ..RelayConfig::default() };
        let mut running = Running {
            terms,
            net: Net::new(config, start, DELAY, rng("relay"))?,
            phone,
            strangers: BTreeMap::new(),
            identity: identity.ok_or_else(|| Error::missing("reading the phone's identity"))?,
            online: true,
            asked: false,
            firsts: Vec::new(),
            attempts: Vec::new(),
            recording: Recording::default(),
        };
        running.begin()?;
        let mut draws = rng("times");
        for (at, act) in terms.agenda(running.net.now, &mut draws) {
            running.until(at)?;
            running.act(act, &rng)?;
        }
        running.until(running.net.now + REST)?;
        let rows = rows("seizing the phone's rows")?;
        let Running { firsts, attempts, recording, .. } = running;
        Ok(Self { firsts, attempts, recording, rows })
    }

    /// The share of the attacker's attempts that found no one-time prekey.
    pub(super) fn attacker_success(&self) -> f64 {
        self.attempts.iter().filter(|bare| **bare).count() as f64 / self.attempts.len() as f64
    }

    /// How many prekeys the attacker took away before there was none.
    pub(super) fn taken_before_none(&self) -> f64 {
        self.attempts.iter().take_while(|bare| !**bare).count() as f64
    }

    /// Of these first messages the share that used no one-time prekey.
    pub(super) fn bare_share(&self, of: impl Fn(&First) -> bool) -> f64 {
        let firsts = || self.firsts.iter().filter(|first| of(first));
        firsts().filter(|first| first.bare).count() as f64 / firsts().count() as f64
    }

    /// What a thief of all the phone's rows reads afterwards: of those without a one-time prekey, and of the others.
    pub(super) fn read_by_a_later_thief(&self) -> Result<(f64, f64), Error> {
        let stolen = loot::snapshot(&self.rows)?;
        let readings = Attacker::default().with_snapshot(&stolen).reads(&self.recording);
        let mut counts = [(0.0, 0.0); 2];
        for first in &self.firsts {
            let Some(reading) = readings.get(first.at) else { continue };
            let [bare, other] = &mut counts;
            let count = if first.bare { bare } else { other };
            count.1 += 1.0;
            if let Ok(plaintext) = reading {
                let content = Content::from_plaintext(plaintext).or_failed("reading what was decrypted")?;
                if !matches!(content.body, Body::Text(text) if text.body == first.text) {
                    return Err(Error::missing("comparing what was decrypted"));
                }
                count.0 += 1.0;
            }
        }
        let [bare, other] = counts.map(|(read, all): (f64, f64)| read / all);
        Ok((bare, other))
    }
}

impl Terms {
    /// What happens from `start` on, in order.
    fn agenda(&self, start: Time, draws: &mut Rng) -> Vec<(Time, Act)> {
        let span = self.period.as_secs_f64() * f64::from(self.periods);
        let mut agenda = Vec::new();
        let mut at = 0.0;
        while self.attacks_per_s > 0.0 && at < span {
            agenda.push((start + Duration::from_secs_f64(at), Act::Attack));
            at += 1.0 / self.attacks_per_s;
        }
        at = exponential(draws, self.first_messages_per_s);
        while at < span {
            agenda.push((start + Duration::from_secs_f64(at), Act::Write));
            at += exponential(draws, self.first_messages_per_s);
        }
        for period in 0..self.periods {
            if self.offline > Duration::ZERO {
                agenda.push((start + self.period * (period + 1) - self.offline, Act::Leave));
                agenda.push((start + self.period * (period + 1), Act::Return));
            }
        }
        agenda.sort_by_key(|(at, _)| *at);
        agenda
    }
}

impl<P: Provider> Running<'_, P> {
    fn begin(&mut self) -> Result<(), Error> {
        self.net.connect(PHONE);
        self.net.connect(ATTACKER);
        self.net.say(ATTACKER, ToRelay::Hello { delivered: wire::Position::default(), gateway: false });
        self.until(self.net.now + REST)
    }

    fn act(&mut self, act: Act, rng: &dyn Fn(&str) -> Rng) -> Result<(), Error> {
        match act {
            Act::Attack => self.net.say(ATTACKER, ToRelay::FetchBundle(address(NUMBERS)?)),
            Act::Leave => {
                (self.online, self.asked) = (false, false);
                self.net.disconnect(PHONE);
            }
            Act::Return => {
                self.online = true;
                self.net.connect(PHONE);
            }
            Act::Write => {
                let party = FIRST_STRANGER + Party::try_from(self.strangers.len()).unwrap_or(0);
                let policy = Policy { one_time_prekeys: 0, ..Policy::default() };
                let number = NUMBERS + u64::from(party);
                let mut stranger = Phone::new(number, policy, rng(&format!("stranger/{party}")), None)?;
                let text = format!("first message of {party}");
                let to = Number::from_integer(NUMBERS).or_failed("naming the phone")?;
                let say = Input::Command(Command::say(to, text.clone()));
                drop(stranger.handle(self.net.now, say));
                self.strangers.insert(party, (stranger, text));
                self.net.connect(party);
            }
        }
        Ok(())
    }

    fn until(&mut self, end: Time) -> Result<(), Error> {
        while let Some((party, event)) = self.net.next(end) {
            self.arrives(party, event)?;
        }
        Ok(())
    }

    fn arrives(&mut self, party: Party, event: Event) -> Result<(), Error> {
        match party {
            PHONE => self.arrives_at_phone(event),
            ATTACKER => {
                if let LinkEvent::Frame { frame: ToEndpoint::Bundle(bundle), .. } = event {
                    self.attempts.extend(bundle.bundle.map(|bundle| bundle.one_time_prekey.is_none()));
                }
            }
            _ => self.arrives_at_stranger(party, event)?,
        }
        Ok(())
    }

    fn arrives_at_phone(&mut self, event: Event) {
        let asks = matches!(event, LinkEvent::Frame { frame: ToEndpoint::PrekeysLow { .. }, .. });
        // Asked once, it answers once: the relay does not ask again before.
        if asks && !std::mem::replace(&mut self.asked, false) && !self.terms.refills_after.is_zero() {
            self.asked = true;
            return self.net.postpone(PHONE, event, self.terms.refills_after);
        }
        let frames = self.phone.handle(self.net.now, Input::Link(event));
        frames.into_iter().for_each(|frame| self.net.say(PHONE, frame));
    }

    fn arrives_at_stranger(&mut self, party: Party, event: Event) -> Result<(), Error> {
        let now = self.net.now;
        let Some((stranger, text)) = self.strangers.get_mut(&party) else { return Ok(()) };
        let mut bare = false;
        // What somebody sees who listens at the relay.
        if let LinkEvent::Frame { frame: ToEndpoint::Bundle(bundle), .. } = &event
            && let Some(bundle) = &bundle.bundle
        {
            bare = bundle.one_time_prekey.is_none();
            if self.terms.recorded {
                self.recording.published(&loot::read_bundle(bundle)?);
            }
        }
        for frame in stranger.handle(now, Input::Link(event)) {
            if let ToRelay::Submit { envelope, .. } = &frame
                && envelope.kind == EnvelopeKind::Prekey
            {
                let mut at = 0;
                if self.terms.recorded {
                    let first =
                        PrekeyMessage::parse(&envelope.ciphertext).or_failed("reading a first message")?;
                    let bytes = envelope.ciphertext.to_vec();
                    let message = Ciphertext { kind: MessageKind::Prekey, bytes };
                    at = self.recording.sent(first.identity(), self.identity, &message);
                }
                self.firsts.push(First { online: self.online, bare, text: text.clone(), at });
            }
            self.net.say(party, frame);
        }
        Ok(())
    }
}

impl<P: Provider> Phone<P> {
    fn new(number: u64, policy: Policy, rng: Rng, rows: Option<Partition>) -> Result<Self, Error> {
        let habits = Habits { read_receipts: false, ..Habits::default() };
        let config = ConsumerConfig { address: address(number)?, habits, policy };
        let machine = Consumer::restore(config, Vec::new()).or_failed("starting an app")?;
        let mut phone = Self { machine, rng, rows };
        let effects = phone.machine.wake(Time::from_secs(crate::pair::START_S), &mut phone.rng);
        phone.carry(effects);
        Ok(phone)
    }

    /// What it says to the relay.
    fn handle(&mut self, now: Time, input: Input) -> Vec<ToRelay> {
        let effects = self.machine.handle(now, input, &mut self.rng);
        self.carry(effects)
    }

    fn carry(&mut self, effects: Effects<Output>) -> Vec<ToRelay> {
        if let Some(rows) = &self.rows {
            drop(rows.commit(effects.transaction));
        }
        let frame = |output| match output {
            Output::Send(outgoing) => Some(outgoing.frame),
            _ => None,
        };
        effects.outputs.into_iter().filter_map(frame).collect()
    }
}

fn address(number: u64) -> Result<Address, Error> {
    Ok(Address::primary(Number::from_integer(number).or_failed("naming a phone")?))
}
