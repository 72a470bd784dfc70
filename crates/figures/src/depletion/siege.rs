//! A phone, people who write to it for the first time, and an attacker who takes its prekeys away.

use crate::Error;
use crate::draw::exponential;
use crate::error::OrFailed;
use crate::net::{Event, Net, Party};
use consumer::{Command, Consumer, ConsumerConfig, Input, Output, Reply};
use content::{Body, Content};
use endpoint::Policy;
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use lab::loot;
use ratchet::adversary::{Attacker, Recording};
use ratchet::{Ciphertext, IdentityKey, MessageKind, PrekeyMessage};
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
    pub(super) delay: Duration,
}

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
    recording: Recording,
    rows: Vec<kernel::Row>,
}

struct Running {
    net: Net,
    phone: Phone,
    strangers: BTreeMap<Party, (Phone, String)>,
    identity: IdentityKey,
    online: bool,
    firsts: Vec<First>,
    recording: Recording,
}

/// An app with its store.
struct Phone {
    machine: Consumer,
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
    pub(super) fn run(seed: u64, terms: &Terms) -> Result<Self, Error> {
        let rng = |part: &str| Rng::for_entity(&Seed::from_number(seed), &format!("{}/{part}", terms.name));
        let start = Time::from_secs(crate::pair::START_S);
        let store = Store::in_memory();
        let partition = store.partition("phone");
        partition.load(Consumer::TABLES).or_failed("opening the phone's store")?;
        let phone = Phone::new(NUMBERS, Policy::default(), rng("phone"), Some(partition.clone()))?;
        let identity = phone.machine.endpoint().identity(address(NUMBERS)?);
        let mut running = Running {
            net: Net::new(start, terms.delay, rng("relay"))?,
            phone,
            strangers: BTreeMap::new(),
            identity: identity.ok_or_else(|| Error::missing("reading the phone's identity"))?,
            online: true,
            firsts: Vec::new(),
            recording: Recording::default(),
        };
        running.begin()?;
        let mut draws = rng("times");
        for (at, act) in terms.agenda(running.net.now, &mut draws) {
            running.until(at)?;
            running.act(act, &rng)?;
        }
        running.until(running.net.now + REST)?;
        let rows = partition.load(Consumer::TABLES).or_failed("seizing the phone's rows")?;
        Ok(Self { firsts: running.firsts, recording: running.recording, rows })
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

impl Running {
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
                self.online = false;
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
                let say = Input::Command(Command::Say { to, text: text.clone() });
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
        let now = self.net.now;
        if party == PHONE {
            let frames = self.phone.handle(now, Input::Link(event));
            frames.into_iter().for_each(|frame| self.net.say(PHONE, frame));
            return Ok(());
        }
        let Some((stranger, text)) = self.strangers.get_mut(&party) else { return Ok(()) };
        // What somebody sees who listens at the relay.
        if let LinkEvent::Frame { frame: ToEndpoint::Bundle(bundle), .. } = &event
            && let Some(bundle) = &bundle.bundle
        {
            self.recording.published(&loot::read_bundle(bundle)?);
        }
        for frame in stranger.handle(now, Input::Link(event)) {
            if let ToRelay::Submit { envelope, .. } = &frame
                && envelope.kind == EnvelopeKind::Prekey
            {
                let first =
                    PrekeyMessage::parse(&envelope.ciphertext).or_failed("reading a first message")?;
                let bytes = envelope.ciphertext.to_vec();
                let message = Ciphertext { kind: MessageKind::Prekey, bytes };
                let at = self.recording.sent(first.identity(), self.identity, &message);
                let bare = first.one_time_prekey().is_none();
                self.firsts.push(First { online: self.online, bare, text: text.clone(), at });
            }
            self.net.say(party, frame);
        }
        Ok(())
    }
}

impl Phone {
    fn new(number: u64, policy: Policy, rng: Rng, rows: Option<Partition>) -> Result<Self, Error> {
        let config =
            ConsumerConfig { address: address(number)?, reply: Reply::None, read_receipts: false, policy };
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
