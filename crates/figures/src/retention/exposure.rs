//! One message that waits at a node, and a thief who looks after every change.

use crate::Error;
use crate::error::OrFailed;
use crate::net::{Event, Net, Party};
use crate::retention::RETRY;
use cloud::{
    AccessToken, ApiRequest, App, BusinessAccount, BusinessNumber, Callback, Node, NodeConfig, Portfolio,
    ReplyId, RetrySchedule, Tenant, WebhookOutcome,
};
use consumer::{Command, Consumer, ConsumerConfig, Habits};
use endpoint::Policy;
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use lab::loot;
use ratchet::adversary::{Attacker, Recording};
use ratchet::{Ciphertext, IdentityKey, MessageKind};
use std::collections::VecDeque;
use std::time::Duration;
use store::{Partition, Store};
use wire::{Address, EnvelopeKind, LinkEvent, Number, ToEndpoint, ToRelay};

const NODE: Party = 1;
const PHONE: Party = 2;
const DELAY: Duration = Duration::from_millis(20);
const SHOP: u64 = 15_550_783_881;
const PERSON: u64 = 16_505_551_234;
const PHONE_NUMBER_ID: &str = "106540352242922";
const TOKEN: &str = "token-of-the-shop";
/// What the thief looks for.
pub(super) const CONTENT: &str = "meet me at seven, the code is 4711";
/// Everything that is under way arrives.
const SETTLE: Duration = Duration::from_secs(30);

/// Which way the message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From a consumer, while the webhook is down.
    In,
    /// From the business, while the consumer is offline.
    Out,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) way: Way,
    pub(super) outage: Duration,
    pub(super) retention: Duration,
}

/// What the thief could read.
pub(super) struct Exposure {
    /// From the first moment to the last.
    pub(super) window: Duration,
    /// Messages that can still be read when all is over.
    pub(super) readable_at_the_end: u32,
}

/// A node in the middle of a case; [`disk`](super::disk) stops in it.
pub(super) struct Scene {
    net: Net,
    node: Node,
    node_rng: Rng,
    phone: Consumer,
    phone_rng: Rng,
    pub(super) rows: Partition,
    webhook_up: bool,
    inputs: VecDeque<cloud::Input>,
    /// The shop's and the person's, once they are made.
    identities: Option<[IdentityKey; 2]>,
    recording: Recording,
    /// When the content could first and last be read, and whether it can now.
    seen: Option<(Time, Time, bool)>,
    way: Way,
}

impl Way {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::In => "incoming messages",
            Self::Out => "outgoing messages",
        }
    }
}

/// Runs a case to its end.
pub(super) fn of(seed: u64, case: &Case) -> Result<Exposure, Error> {
    let store = Store::in_memory();
    let mut scene = Scene::new(seed, case, store.partition("node"))?;
    scene.interrupt()?;
    scene.send()?;
    scene.pass(case.outage)?;
    scene.resume()?;
    scene.pass(case.retention + RETRY + SETTLE)?;
    scene.exposure()
}

impl Scene {
    /// Both ends are registered, and nothing was said yet.
    pub(super) fn new(seed: u64, case: &Case, rows: Partition) -> Result<Self, Error> {
        let rng = |part: &str| Rng::for_entity(&Seed::from_number(seed), &format!("{case:?}/{part}"));
        let now = Time::from_secs(crate::pair::START_S);
        rows.load(Node::TABLES).or_failed("opening the node's store")?;
        let person = ConsumerConfig {
            address: address(PERSON)?,
            habits: Habits { read_receipts: false, ..Habits::default() },
            policy: Policy { one_time_prekeys: 2, ..Policy::default() },
        };
        let mut scene = Self {
            net: Net::new(relay::RelayConfig::default(), now, DELAY, rng("relay"))?,
            node: Node::restore(config(case)?, Vec::new()).or_failed("starting the node")?,
            node_rng: rng("node"),
            phone: Consumer::restore(person, Vec::new()).or_failed("starting the app")?,
            phone_rng: rng("phone"),
            rows,
            webhook_up: true,
            inputs: VecDeque::new(),
            identities: None,
            recording: Recording::default(),
            seen: None,
            way: case.way,
        };
        let effects = scene.node.wake(now, &mut scene.node_rng);
        scene.carry_node(effects)?;
        let effects = scene.phone.wake(now, &mut scene.phone_rng);
        scene.carry_phone(effects)?;
        let none = || Error::missing("reading an identity");
        let shop = scene.node.endpoint().identity(address(SHOP)?).ok_or_else(none)?;
        let person = scene.phone.endpoint().identity(address(PERSON)?).ok_or_else(none)?;
        scene.identities = Some([shop, person]);
        scene.net.connect(NODE);
        scene.net.connect(PHONE);
        scene.pass(SETTLE)?;
        Ok(scene)
    }

    /// The other end is away from now on.
    pub(super) fn interrupt(&mut self) -> Result<(), Error> {
        match self.way {
            Way::In => self.webhook_up = false,
            Way::Out => self.net.disconnect(PHONE),
        }
        self.pass(Duration::ZERO)
    }

    /// The other end is back.
    pub(super) fn resume(&mut self) -> Result<(), Error> {
        match self.way {
            Way::In => self.webhook_up = true,
            Way::Out => self.net.connect(PHONE),
        }
        self.pass(Duration::ZERO)
    }

    /// The message.
    pub(super) fn send(&mut self) -> Result<(), Error> {
        match self.way {
            Way::In => {
                let to = Number::from_integer(SHOP).or_failed("naming the shop")?;
                let say = consumer::Input::Command(Command::say(to, CONTENT));
                let effects = self.phone.handle(self.net.now, say, &mut self.phone_rng);
                self.carry_phone(effects)
            }
            Way::Out => {
                let path = format!("/v23.0/{PHONE_NUMBER_ID}/messages");
                let body = format!(
                    r#"{{"messaging_product":"whatsapp","to":"{PERSON}","text":{{"body":"{CONTENT}"}}}}"#
                );
                let request = ApiRequest::post(path, TOKEN, body);
                self.inputs.push_back(cloud::Input::Api { reply: ReplyId(1), request });
                self.run_node()
            }
        }
    }

    /// Time passes, and everybody does what they do.
    pub(super) fn pass(&mut self, span: Duration) -> Result<(), Error> {
        let end = self.net.now + span;
        loop {
            self.run_node()?;
            let wake = self.node.wake_at().map(|at| at.max(self.net.now)).filter(|at| *at <= end);
            match self.net.next(wake.unwrap_or(end)) {
                Some((party, event)) => self.arrives(party, event)?,
                None if wake.is_some() => {
                    let effects = self.node.wake(self.net.now, &mut self.node_rng);
                    self.carry_node(effects)?;
                }
                None => return Ok(()),
            }
        }
    }

    /// What the thief could read so far.
    pub(super) fn exposure(&self) -> Result<Exposure, Error> {
        let (first, last, readable) =
            self.seen.ok_or_else(|| Error::missing("finding the content at the node"))?;
        Ok(Exposure { window: last.since(first), readable_at_the_end: u32::from(readable) })
    }

    fn arrives(&mut self, party: Party, event: Event) -> Result<(), Error> {
        if let LinkEvent::Frame { frame: ToEndpoint::Bundle(bundle), .. } = &event
            && let Some(bundle) = &bundle.bundle
        {
            self.recording.published(&loot::read_bundle(bundle)?);
        }
        if party == NODE {
            self.inputs.push_back(cloud::Input::Link(event));
            return self.run_node();
        }
        let effects = self.phone.handle(self.net.now, consumer::Input::Link(event), &mut self.phone_rng);
        self.carry_phone(effects)
    }

    fn run_node(&mut self) -> Result<(), Error> {
        while let Some(input) = self.inputs.pop_front() {
            let effects = self.node.handle(self.net.now, input, &mut self.node_rng);
            self.carry_node(effects)?;
        }
        Ok(())
    }

    fn carry_node(&mut self, effects: Effects<cloud::Output>) -> Result<(), Error> {
        let changed = !effects.transaction.is_empty();
        self.rows.commit(effects.transaction).wait().or_failed("writing the node's rows")?;
        for output in effects.outputs {
            match output {
                cloud::Output::Send(outgoing) => self.say(NODE, outgoing.frame),
                cloud::Output::PostWebhook(post) => {
                    let outcome = WebhookOutcome::Answered(if self.webhook_up { 200 } else { 503 });
                    self.inputs.push_back(cloud::Input::WebhookAnswered { delivery: post.delivery, outcome });
                }
                cloud::Output::Respond { response, .. } if response.status != 200 => {
                    let reason = String::from_utf8_lossy(&response.body).into_owned();
                    return Err(Error::Step { step: "sending through the API", reason });
                }
                _ => {}
            }
        }
        if changed { self.seize() } else { Ok(()) }
    }

    fn carry_phone(&mut self, effects: Effects<consumer::Output>) -> Result<(), Error> {
        for output in effects.outputs {
            if let consumer::Output::Send(outgoing) = output {
                self.say(PHONE, outgoing.frame);
            }
        }
        Ok(())
    }

    fn say(&mut self, party: Party, frame: ToRelay) {
        if let (ToRelay::Submit { envelope, .. }, Some([shop, person])) = (&frame, self.identities) {
            let kind = match envelope.kind {
                EnvelopeKind::Prekey => MessageKind::Prekey,
                _ => MessageKind::Ratchet,
            };
            let message = Ciphertext { kind, bytes: envelope.ciphertext.to_vec() };
            let (from, to) = if party == NODE { (shop, person) } else { (person, shop) };
            self.recording.sent(from, to, &message);
        }
        self.net.say(party, frame);
    }

    /// The thief takes the rows as they are now.
    fn seize(&mut self) -> Result<(), Error> {
        let rows = self.rows.load(Node::TABLES).or_failed("seizing the node's rows")?;
        let content = CONTENT.as_bytes();
        let mut readable = loot::shows(&rows, content);
        if !readable {
            let stolen = loot::snapshot(&rows)?;
            let readings = Attacker::default().with_snapshot(&stolen).reads(&self.recording);
            let shows = |plaintext: &[u8]| plaintext.windows(content.len()).any(|window| window == content);
            readable = readings.iter().flatten().any(|plaintext| shows(plaintext));
        }
        let now = self.net.now;
        self.seen = match self.seen {
            None => readable.then_some((now, now, true)),
            // It could be read up to the change that ended it.
            Some((first, last, was)) => Some((first, if was { now } else { last }, readable)),
        };
        Ok(())
    }
}

/// One business with one number.
fn config(case: &Case) -> Result<NodeConfig, Error> {
    const STEP: &str = "setting up the node";
    let tenant = Tenant {
        portfolio: Portfolio { id: 600_000_000_000_001.into(), name: "Shop".into() },
        app: App {
            id: "700000000000001".parse().or_failed(STEP)?,
            name: "Shop".into(),
            secret: "secret-of-the-shop".into(),
            callback: Some(Callback { url: "http://shop.test/hook".into(), verify_token: "verify".into() }),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: "102290129340398".parse().or_failed(STEP)?,
            name: "Shop".into(),
            subscribed: true,
            numbers: vec![BusinessNumber {
                id: PHONE_NUMBER_ID.parse().or_failed(STEP)?,
                number: Number::from_integer(SHOP).or_failed(STEP)?,
                display_name: "Shop".into(),
                identity_key_check: false,
            }],
        }],
        tokens: vec![AccessToken::of_system_user(TOKEN.into())],
    };
    let mut config = NodeConfig::new(vec![tenant]).or_failed(STEP)?;
    config.endpoint = Policy { one_time_prekeys: 2, gateway: true, ..Policy::default() };
    match case.way {
        Way::In => config.webhooks.retry = RetrySchedule::new(vec![RETRY], case.retention),
        Way::Out => config.endpoint.retention = case.retention,
    }
    Ok(config)
}

fn address(number: u64) -> Result<Address, Error> {
    Ok(Address::primary(Number::from_integer(number).or_failed("naming somebody")?))
}
