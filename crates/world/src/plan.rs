//! A scenario and a seed, worked out: who is who, where each party's lane is, and what goes wrong when.

use crate::calamity::Calamities;
use crate::conditions::Disk;
use crate::costs::Costs;
use crate::draws::{Draws, Origin, Purpose};
use crate::link::LinkModel;
use crate::options::Options;
use crate::record::{Kind, Who};
use crate::variation::{Audit, Secret, Variation};
use kernel::{Seed, Time};
use scenario::{Adversary, Bytes, Online, Probability, ReplayRow, Reply, Sampler, Scenario, Turns};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use wire::{LinkKey, Number};

/// Consumers are dealt over so many lanes at most: a few for each core of any machine, and little to look through in
/// each round.
const CONSUMER_LANES: u32 = 16;

/// So many recipients are drawn before a sender is taken to have none on its relay.
const ATTEMPTS: u32 = 16;

/// The numbers of businesses begin here.
const FIRST_BUSINESS: u64 = 15_550_000_000;

/// What a run is a function of, worked out.
pub(crate) struct Plan {
    scenario: Scenario,
    seed: Seed,
    origin: Origin,
    costs: Costs,
    start: Time,
    consumers: Vec<Range<u32>>,
    businesses: Vec<Range<u32>>,
    /// By population.
    consumers_answer: Vec<Answering>,
    businesses_answer: Vec<Answering>,
    streams: Vec<Stream>,
    consumer_link: LinkModel,
    node_link: LinkModel,
    business_link: LinkModel,
    relay_commit: Arc<Sampler<scenario::Duration>>,
    node_commit: Arc<Sampler<scenario::Duration>>,
    device_commit: Arc<Sampler<scenario::Duration>>,
    /// By population of consumers: the first number of its country.
    first_numbers: Vec<u64>,
    calamities: Calamities,
    audit: Option<Audit>,
}

/// An entry of the scenario's traffic.
pub(crate) struct Stream {
    pub(crate) index: u16,
    pub(crate) from_kind: Kind,
    pub(crate) to_kind: Kind,
    from: Range<u32>,
    to: Range<u32>,
    pub(crate) volume: Volume,
    /// The weight of each hour of the day, and the highest.
    weights: [f64; 24],
    peak: f64,
    utc_offset_minutes: i64,
    contacts: u32,
    turns: Turns,
    pub(crate) gap: Sampler<scenario::Duration>,
    pub(crate) size: Sampler<Bytes>,
}

/// How the members of a population answer texts.
pub(crate) struct Answering {
    pub(crate) probability: Probability,
    pub(crate) delay: Sampler<scenario::Duration>,
    pub(crate) size: Sampler<Bytes>,
}

/// How much traffic there is.
pub(crate) enum Volume {
    /// Conversations begin at random, all senders together so often in a second on average.
    Poisson { per_second: f64 },
    /// Each recipient hears once in each burst.
    Bursts { every: Duration, at: Duration, within: Duration },
    /// As it was recorded.
    Replay(Vec<ReplayRow>),
}

impl Plan {
    pub(crate) fn new(scenario: Scenario, seed: u64, options: &Options) -> Self {
        let seed = Seed::from_number(seed);
        let origin = Origin::of(&seed);
        let start = Time::from_secs(u64::try_from(scenario.start.unix_seconds()).unwrap_or(0));
        let consumers = ranges(scenario.consumers.iter().map(|population| population.count));
        let businesses = ranges(scenario.businesses.iter().map(|population| population.count));
        let link = |link: &scenario::Link| LinkModel {
            latency: link.latency.sampler(),
            bandwidth: link.bandwidth,
            loss: link.loss,
            reorder: link.reorder,
        };
        let mut plan = Self {
            seed,
            origin,
            costs: options.costs.clone(),
            start,
            first_numbers: scenario.consumers.iter().filter_map(|p| p.country.number(0)).collect(),
            consumer_link: link(&scenario.network.consumer),
            node_link: link(&scenario.network.node),
            business_link: link(&scenario.network.business),
            relay_commit: Arc::new(scenario.relay.commit.sampler()),
            node_commit: Arc::new(scenario.node.commit.sampler()),
            device_commit: Arc::new(scenario.device.commit.sampler()),
            consumers_answer: scenario.consumers.iter().map(|p| Answering::of(&p.reply)).collect(),
            businesses_answer: scenario.businesses.iter().map(|p| Answering::of(&p.reply)).collect(),
            streams: Vec::new(),
            calamities: Calamities::default(),
            audit: options.audit,
            consumers,
            businesses,
            scenario,
        };
        plan.streams = plan.make_streams();
        plan
    }

    /// The same with what goes wrong in it.
    pub(crate) fn suffering(self, calamities: Calamities) -> Self {
        Self { calamities, ..self }
    }

    pub(crate) const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub(crate) const fn seed(&self) -> &Seed {
        &self.seed
    }

    pub(crate) const fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) const fn costs(&self) -> &Costs {
        &self.costs
    }

    /// A party's disk, which has not written yet.
    pub(crate) fn disk(&self, who: Who) -> Disk {
        let commit = match who.kind() {
            Kind::Relay => &self.relay_commit,
            Kind::Node => &self.node_commit,
            Kind::Business | Kind::Consumer => &self.device_commit,
        };
        Disk::new(Arc::clone(commit), self.origin.draws(Purpose::Disk, u64::from(who.as_u32())))
    }

    pub(crate) const fn calamities(&self) -> &Calamities {
        &self.calamities
    }

    /// Whether a quantum computer is to know the keys that are drawn.
    pub(crate) fn is_tapped(&self) -> bool {
        self.scenario.adversaries.iter().any(|who| matches!(who, Adversary::QuantumComputer { .. }))
    }

    /// Whether what parties see is looked at.
    pub(crate) const fn is_audited(&self) -> bool {
        self.audit.is_some()
    }

    /// What is different with somebody's secret, if it is that.
    pub(crate) fn variation(&self, who: Who, secret: Secret) -> Option<&Variation> {
        let variation = self.audit.as_ref()?.variation.as_ref()?;
        (variation.who == who && variation.secret == secret).then_some(variation)
    }

    /// What somebody writes instead of a text, if that is different.
    pub(crate) fn written(&self, who: Who, text: String) -> String {
        match self.variation(who, Secret::Text).or_else(|| self.variation(who, Secret::Length)) {
            Some(variation) => variation.text(text),
            None => text,
        }
    }

    /// Whom somebody writes to instead, if that is different.
    pub(crate) fn addressee(&self, from: Who, to: Who) -> Who {
        match self.variation(from, Secret::Recipient) {
            Some(_) => Who::new(to.kind(), to.index() ^ 1),
            None => to,
        }
    }

    // When.

    pub(crate) const fn start(&self) -> Time {
        self.start
    }

    /// Everybody has registered by then, unless the scenario has them come later.
    pub(crate) fn traffic_begins(&self) -> Time {
        self.start + self.scenario.warm_up.to_std()
    }

    pub(crate) fn traffic_ends(&self) -> Time {
        self.traffic_begins() + self.scenario.duration.to_std()
    }

    pub(crate) fn end(&self) -> Time {
        self.traffic_ends() + self.scenario.drain.to_std()
    }

    pub(crate) fn measure_every(&self) -> Duration {
        self.scenario.measurements.every.to_std()
    }

    /// When a consumer's app is first started.
    pub(crate) fn registers(&self, who: Who) -> Time {
        let (Some(population), Some(range)) = (self.population(who.index()), self.range_of(who.index()))
        else {
            return self.start;
        };
        let over = population.registers.over.to_std();
        let place = who.index() - range.start;
        let count = range.end - range.start;
        // Spread evenly; all at once would be a thundering herd that no network has.
        let over = over.max(Duration::from_secs(1));
        self.start + over.mul_f64(f64::from(place) / f64::from(count.max(1)))
    }

    /// Seconds of local time since the epoch, where a consumer lives.
    pub(crate) fn local_seconds(&self, consumer: u32, now: Time) -> u64 {
        let minutes = self.population(consumer).map_or(0, |p| i64::from(p.country.utc_offset_minutes()));
        now.as_secs().saturating_add_signed(minutes * 60)
    }

    // Who.

    pub(crate) const fn relays(&self) -> u32 {
        self.scenario.relay.count
    }

    pub(crate) const fn nodes(&self) -> u32 {
        self.scenario.node.count
    }

    pub(crate) fn consumers(&self) -> u32 {
        self.consumers.last().map_or(0, |range| range.end)
    }

    pub(crate) fn businesses(&self) -> u32 {
        self.businesses.last().map_or(0, |range| range.end)
    }

    fn consumer_lanes(&self) -> u32 {
        self.consumers().min(CONSUMER_LANES)
    }

    /// Relays come first, then nodes with their businesses, then consumers.
    pub(crate) fn lanes(&self) -> u32 {
        self.relays() + self.nodes() + self.consumer_lanes()
    }

    /// The lane of a party.
    pub(crate) fn lane_of(&self, who: Who) -> u32 {
        match who.kind() {
            Kind::Relay => who.index(),
            Kind::Node => self.relays() + who.index(),
            Kind::Business => self.lane_of(self.node_of(who)),
            Kind::Consumer => self.relays() + self.nodes() + who.index() % self.consumer_lanes().max(1),
        }
    }

    /// The consumers of a lane, ascending.
    pub(crate) fn consumers_of_lane(&self, lane: u32) -> impl Iterator<Item = u32> + use<> {
        let (lanes, all) = (self.consumer_lanes().max(1), self.consumers());
        let first = lane.checked_sub(self.relays() + self.nodes());
        let first = first.filter(|first| *first < lanes).unwrap_or(all);
        (first..all).step_by(usize::try_from(lanes).unwrap_or(1))
    }

    /// Where a consumer is among those of its lane.
    pub(crate) fn place_in_lane(&self, who: Who) -> usize {
        usize::try_from(who.index() / self.consumer_lanes().max(1)).unwrap_or(usize::MAX)
    }

    /// Business numbers are dealt over nodes.
    pub(crate) fn node_of(&self, business: Who) -> Who {
        Who::node(business.index() % self.nodes())
    }

    pub(crate) fn businesses_of(&self, node: u32) -> impl Iterator<Item = u32> + use<> {
        (node..self.businesses()).step_by(usize::try_from(self.nodes()).unwrap_or(1))
    }

    /// Nodes and consumers are dealt over relays; nobody writes from one relay to another.
    pub(crate) fn relay_of(&self, who: Who) -> Who {
        match who.kind() {
            Kind::Relay => who,
            Kind::Business => self.relay_of(self.node_of(who)),
            Kind::Node | Kind::Consumer => Who::relay(who.index() % self.relays()),
        }
    }

    /// Nodes and consumers that could be at a relay, each at its [place](Self::place_at_relay); a node may not exist.
    pub(crate) fn endpoints_of(&self, relay: Who) -> impl Iterator<Item = Who> + use<> {
        let (first, relays) = (relay.index(), self.relays());
        let nodes = (0..self.nodes().div_ceil(relays)).map(move |place| Who::node(place * relays + first));
        let consumers = 0..self.consumers().div_ceil(relays);
        nodes.chain(consumers.map(move |place| Who::consumer(place * relays + first)))
    }

    /// Where a node or consumer is among the endpoints of its relay.
    pub(crate) fn place_at_relay(&self, who: Who) -> usize {
        let nodes = self.nodes().div_ceil(self.relays());
        let place = match who.kind() {
            Kind::Consumer => nodes + who.index() / self.relays(),
            _ => who.index() / self.relays(),
        };
        usize::try_from(place).unwrap_or(usize::MAX)
    }

    pub(crate) fn number(&self, who: Who) -> Number {
        let first = match who.kind() {
            Kind::Consumer => self.first_numbers.get(population_of(&self.consumers, who.index())).copied(),
            _ => None,
        };
        let number = match first {
            Some(first) => first + place(who.index(), self.audit.as_ref()),
            None => FIRST_BUSINESS + u64::from(who.index()) * apart(self.audit.as_ref()),
        };
        Number::from_integer(number).unwrap_or(FALLBACK)
    }

    /// Whose number it is.
    pub(crate) fn who(&self, number: Number) -> Option<Who> {
        let apart = apart(self.audit.as_ref());
        let index_from = |first: u64| u32::try_from(number.as_integer().checked_sub(first)? / apart).ok();
        let mut consumers = self.consumers.iter().zip(&self.first_numbers).filter_map(|(range, first)| {
            index_from(*first).filter(|index| range.contains(index)).map(Who::consumer)
        });
        let is_theirs = |who: &Who| self.number(*who) == number;
        consumers.find(is_theirs).or_else(|| {
            let index = index_from(FIRST_BUSINESS).filter(|index| *index < self.businesses());
            index.map(Who::business).filter(is_theirs)
        })
    }

    pub(crate) fn population(&self, consumer: u32) -> Option<&scenario::Consumers> {
        self.scenario.consumers.get(population_of(&self.consumers, consumer))
    }

    fn range_of(&self, consumer: u32) -> Option<&Range<u32>> {
        self.consumers.get(population_of(&self.consumers, consumer))
    }

    pub(crate) fn business_population(&self, business: u32) -> Option<&scenario::Businesses> {
        self.scenario.businesses.get(population_of(&self.businesses, business))
    }

    /// The members of a population of either kind.
    pub(crate) fn members(&self, name: &str) -> Option<(Kind, Range<u32>)> {
        let consumers = self.scenario.consumers.iter().map(|p| &p.name).zip(&self.consumers);
        let businesses = self.scenario.businesses.iter().map(|p| &p.name).zip(&self.businesses);
        let named = |(_, range): (&String, &Range<u32>)| range.clone();
        let consumers = consumers.filter(|(other, _)| *other == name).map(named).next();
        let businesses = businesses.filter(|(other, _)| *other == name).map(named).next();
        consumers.map(|range| (Kind::Consumer, range)).or(businesses.map(|range| (Kind::Business, range)))
    }

    /// How somebody answers texts.
    pub(crate) fn answer(&self, who: Who) -> Option<&Answering> {
        let (ranges, answers) = match who.kind() {
            Kind::Consumer => (&self.consumers, &self.consumers_answer),
            Kind::Business => (&self.businesses, &self.businesses_answer),
            Kind::Relay | Kind::Node => return None,
        };
        answers.get(population_of(ranges, who.index()))
    }

    pub(crate) fn online(&self, consumer: u32) -> &Online {
        self.population(consumer).map_or(&Online::Always, |population| &population.online)
    }

    /// The key that the modelled link proves a party to have.
    pub(crate) fn link_key(&self, who: Who) -> LinkKey {
        let mut key = [0; 32];
        key.iter_mut().zip(who.as_u32().to_be_bytes()).for_each(|(to, from)| *to = from);
        LinkKey(key)
    }

    // Over which links.

    /// The link between an endpoint and its relay.
    pub(crate) const fn link(&self, endpoint: Who) -> &LinkModel {
        match endpoint.kind() {
            Kind::Consumer => &self.consumer_link,
            _ => &self.node_link,
        }
    }

    /// The link between a business's server and its node.
    pub(crate) const fn business_link(&self) -> &LinkModel {
        &self.business_link
    }

    /// The shortest time that anything takes from one lane to another.
    pub(crate) fn lookahead(&self) -> Duration {
        let shortest = self.consumer_link.latency.shortest().min(self.node_link.latency.shortest());
        shortest.max(Duration::from_micros(100))
    }

    /// Until when an endpoint's link to its relay is cut, if it is.
    pub(crate) fn cut(&self, endpoint: Who, now: Time) -> Option<Time> {
        self.calamities.cut(endpoint, now).max(self.calamities.cut(self.relay_of(endpoint), now))
    }

    /// How long a party that stops now has no power, if the scenario says.
    pub(crate) fn down_time(&self, who: Who, now: Time) -> Option<Duration> {
        self.calamities.down_time(who, now)
    }

    /// Whether a business's server fails at webhooks.
    pub(crate) fn webhooks_are_down(&self, business: u32, now: Time) -> bool {
        self.calamities.webhooks_are_down(business, now)
    }

    // What about.

    pub(crate) fn streams(&self) -> &[Stream] {
        &self.streams
    }

    pub(crate) fn stream(&self, index: u16) -> Option<&Stream> {
        self.streams.get(usize::from(index))
    }

    fn make_streams(&self) -> Vec<Stream> {
        let streams = self.scenario.traffic.iter().enumerate().filter_map(|(index, traffic)| {
            let ((from_kind, from), (to_kind, to)) =
                (self.members(&traffic.from)?, self.members(&traffic.to)?);
            let audience = traffic.audience.of(to.end - to.start).max(1);
            let to = to.start..to.start + audience;
            let people = if to_kind == Kind::Consumer { &to } else { &from };
            let country = self.population(people.start).map(|population| population.country);
            let volume = match (&traffic.replay, &traffic.burst) {
                (Some(replay), _) => Volume::Replay(replay.rows.clone()),
                (None, Some(burst)) => Volume::Bursts {
                    every: burst.every.to_std(),
                    at: Duration::from_secs(u64::from(burst.at.minutes()) * 60),
                    within: burst.within.to_std(),
                },
                (None, None) => {
                    let rate = traffic.rate?;
                    let times = match rate.of {
                        scenario::Of::Total => 1,
                        scenario::Of::Business if from_kind == Kind::Business => from.end - from.start,
                        scenario::Of::Business => to.end - to.start,
                        scenario::Of::Consumer if to_kind == Kind::Consumer => audience,
                        scenario::Of::Consumer => from.end - from.start,
                    };
                    Volume::Poisson { per_second: rate.rate.per_second() * f64::from(times) }
                }
            };
            Some(Stream {
                index: u16::try_from(index).ok()?,
                from_kind,
                to_kind,
                from,
                to,
                volume,
                weights: traffic.day.weights(),
                peak: traffic.day.peak(),
                utc_offset_minutes: country.map_or(0, |country| i64::from(country.utc_offset_minutes())),
                contacts: traffic.contacts.max(1),
                turns: traffic.turns,
                gap: traffic.gap.sampler(),
                size: traffic.size.sampler(),
            })
        });
        streams.collect()
    }

    /// The senders of a stream in a lane, ascending.
    pub(crate) fn senders(&self, stream: &Stream, lane: u32) -> impl Iterator<Item = u32> + use<> {
        let range = stream.from.clone();
        let consumers = match stream.from_kind {
            Kind::Consumer => Some(self.consumers_of_lane(lane)),
            _ => None,
        };
        let node = lane.checked_sub(self.relays()).filter(|node| *node < self.nodes());
        let businesses = match stream.from_kind {
            Kind::Business => node.map(|node| self.businesses_of(node)),
            _ => None,
        };
        let members = consumers.into_iter().flatten().chain(businesses.into_iter().flatten());
        members.filter(move |index| range.contains(index))
    }

    /// How often candidates for a conversation come in a second, of so many senders, at the busiest hour.
    pub(crate) fn peak_rate(&self, stream: &Stream, senders: usize) -> f64 {
        let Volume::Poisson { per_second } = stream.volume else { return 0.0 };
        let all = f64::from(stream.from.end - stream.from.start).max(1.0);
        let senders = f64::from(u32::try_from(senders).unwrap_or(u32::MAX));
        per_second * senders / all * stream.peak
    }

    /// The hour of the day where a stream's people live.
    pub(crate) fn local_hour(&self, stream: &Stream, now: Time) -> usize {
        let seconds = now.as_secs().saturating_add_signed(stream.utc_offset_minutes * 60);
        usize::try_from(seconds / 3600 % 24).unwrap_or(0)
    }

    /// Somebody of a stream's audience whom the sender can reach and who is of its circle: each recipient hears from a few
    /// senders only, those whose places are its own and every so many relays further on.
    pub(crate) fn recipient(&self, stream: &Stream, from: Who, draws: &mut Draws) -> Option<Who> {
        let (senders, audience) = (stream.from.end - stream.from.start, stream.to.end - stream.to.start);
        let place = from.index() - stream.from.start;
        let circles = stream.contacts.min(senders);
        for _ in 0..ATTEMPTS * self.relays() {
            let back = draws.below(circles).wrapping_mul(self.relays()) % senders;
            let first = (place + senders - back) % senders;
            let rounds = audience.saturating_sub(first).div_ceil(senders).max(1);
            let index = (first + senders * draws.below(rounds)) % audience;
            let to = Who::new(stream.to_kind, stream.to.start + index);
            if to != from && self.relay_of(to) == self.relay_of(from) {
                return Some(to);
            }
        }
        None
    }

    /// How many recipients these senders have in each burst.
    pub(crate) fn recipients_of_burst(&self, stream: &Stream, senders: &[u32]) -> usize {
        let audience = u64::from(stream.to.end - stream.to.start);
        let all = u64::from(stream.from.end - stream.from.start).max(1);
        usize::try_from(audience * senders.len() as u64 / all).unwrap_or(0)
    }

    /// The recipient of a burst with this number among those of some senders, and who writes to it.
    pub(crate) fn recipient_of_burst(
        &self,
        stream: &Stream,
        number: usize,
        senders: &[u32],
    ) -> Option<(Who, Who)> {
        let sender = *senders.get(number % senders.len().max(1))?;
        let from = Who::new(stream.from_kind, sender);
        // Each sender has its own stretch of the audience, from its place among all senders on.
        let all = u64::from(stream.from.end - stream.from.start).max(1);
        let round = u64::try_from(number / senders.len().max(1)).ok()?;
        let place = u64::from(sender - stream.from.start) + round * all;
        let audience = u64::from(stream.to.end - stream.to.start);
        (0..u64::from(self.relays())).find_map(|shift| {
            let index = stream.to.start + u32::try_from((place + shift) % audience.max(1)).ok()?;
            let to = Who::new(stream.to_kind, index);
            (self.relay_of(to) == self.relay_of(from)).then_some((from, to))
        })
    }

    /// When a stream's burst begins, and how long it takes. Bursts come at a local time of day.
    pub(crate) fn burst(&self, stream: &Stream, number: u32) -> Option<(Time, Duration)> {
        let Volume::Bursts { every, at, within } = &stream.volume else { return None };
        let offset = stream.utc_offset_minutes * 60;
        let begins = self.traffic_begins();
        let local = begins.as_secs().saturating_add_signed(offset);
        let midnight = local - local % (24 * 3600);
        let first = (midnight + at.as_secs()).saturating_add_signed(-offset);
        let mut time = Time::from_secs(first) + every.checked_mul(number)?;
        if Time::from_secs(first) < begins {
            time = time + *every;
        }
        Some((time, *within))
    }

    /// Which party a row of a replay begins with.
    pub(crate) fn sender_of(&self, stream: &Stream, row: &ReplayRow) -> u32 {
        stream.from.start + row.from
    }
}

impl Answering {
    fn of(reply: &Reply) -> Self {
        Self { probability: reply.probability, delay: reply.delay.sampler(), size: reply.size.sampler() }
    }
}

impl Stream {
    /// The share of candidates that happen at an hour of the day.
    pub(crate) fn day_weight(&self, hour: usize) -> Probability {
        let weight = self.weights.get(hour).copied().unwrap_or(1.0);
        Probability::clamped(weight / self.peak)
    }

    /// How many messages a conversation has.
    pub(crate) fn turns(&self, draws: &mut Draws) -> u32 {
        self.turns.sample(&mut || draws.next())
    }

    /// The party that a row of a replay names as its recipient.
    pub(crate) fn recipient_of(&self, row: &ReplayRow) -> Who {
        Who::new(self.to_kind, self.to.start + row.to)
    }
}

const FALLBACK: Number = match Number::from_integer(FIRST_BUSINESS) {
    Ok(number) => number,
    Err(_) => panic!("the first business has a number"),
};

/// The place of a consumer's number among those of its country.
fn place(consumer: u32, audit: Option<&Audit>) -> u64 {
    let place = u64::from(consumer) * apart(audit);
    let another = audit
        .and_then(|audit| audit.variation.as_ref())
        .filter(|variation| variation.secret == Secret::Number && variation.who == Who::consumer(consumer));
    place + another.map_or(0, |variation| 1 + variation.salt % 1000)
}

/// How far numbers are from each other: far enough in an audit that none is taken for its neighbour.
const fn apart(audit: Option<&Audit>) -> u64 {
    if audit.is_some() { 1_234_567 } else { 1 }
}

/// The population of a member.
fn population_of(ranges: &[Range<u32>], index: u32) -> usize {
    ranges.partition_point(|range| range.end <= index)
}

/// The members of each population, counted through all of them.
fn ranges(counts: impl Iterator<Item = u32>) -> Vec<Range<u32>> {
    let mut end: u32 = 0;
    counts
        .map(|count| {
            let start = end;
            end = end.saturating_add(count);
            start..end
        })
        .collect()
}
