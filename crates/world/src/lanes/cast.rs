//! Who plays in a run: the machines of all parties, configured as the scenario says.

use super::business::Business;
use super::host::Host;
use super::{ConsumersLane, Cryptography, NodeLane, PartyLane, RelayLane};
use crate::credentials::Credentials;
use crate::draws::Purpose;
use crate::notes::Notes;
use crate::options::Options;
use crate::plan::Plan;
use crate::record::Who;
use cloud::{
    AccessToken, App, BusinessAccount, BusinessNumber, Callback, ConfigError, NodeConfig, Portfolio, Tenant,
};
use consumer::{ConsumerConfig, Habits};
use ratchet::Suites;
use relay::RelayConfig;
use scenario::{Padding, Suite};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::Address;

/// All lanes of a run.
///
/// # Errors
/// A node's tenants can't be.
pub(crate) fn cast<P: Cryptography>(
    plan: &Arc<Plan>,
    options: &Options,
) -> Result<Vec<PartyLane<P>>, ConfigError> {
    let notes = || Notes::new(options.keep, P::HAS_BYTES);
    let mut lanes = Vec::new();
    for relay in 0..plan.relays() {
        lanes.push(PartyLane::Relay(Box::new(relay_lane(plan, relay, notes()))));
    }
    for node in 0..plan.nodes() {
        lanes.push(PartyLane::Node(Box::new(node_lane(plan, node, notes())?)));
    }
    for lane in plan.relays() + plan.nodes()..plan.lanes() {
        lanes.push(PartyLane::Consumers(Box::new(consumers_lane(plan, lane, &options.apps_answer, notes()))));
    }
    Ok(lanes)
}

fn relay_lane(plan: &Arc<Plan>, index: u32, notes: Notes) -> RelayLane {
    let who = Who::relay(index);
    let nodes = (0..plan.nodes()).map(Who::node).filter(|node| plan.relay_of(*node) == who);
    let config = RelayConfig {
        gateways: nodes.map(|node| plan.link_key(node)).collect(),
        enrol_first_gateway: false,
        inbox_ttl: plan.scenario().relay.retention.to_std(),
        ..RelayConfig::default()
    };
    let host = Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who));
    RelayLane::new(Arc::clone(plan), host, notes)
}

fn node_lane<P: Cryptography>(
    plan: &Arc<Plan>,
    index: u32,
    notes: Notes,
) -> Result<NodeLane<P>, ConfigError> {
    let who = Who::node(index);
    let mut businesses = BTreeMap::new();
    let mut tenants = Vec::new();
    let mut spoken = Vec::new();
    for business in plan.businesses_of(index) {
        tenants.extend(tenant(plan, business));
        businesses.insert(business, server(plan, business));
        if let Some(population) = plan.business_population(business) {
            spoken.push(suite(population.suite));
        }
    }
    let suites = Suites {
        newest: spoken.iter().max().copied().unwrap_or(ratchet::Suite::Triple),
        oldest: spoken.iter().min().copied().unwrap_or(ratchet::Suite::Triple),
    };
    let mut config = NodeConfig::new(tenants)?;
    let retention = plan.scenario().node.retention.to_std();
    config.retention = retention;
    let padding = padding(plan.scenario().node.padding);
    config.endpoint = endpoint::Policy {
        gateway: true,
        retention,
        suites,
        padding,
        key_rotation: plan.scenario().node.key_rotation.to_std(),
        ..endpoint::Policy::default()
    };
    let host = Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who));
    Ok(NodeLane::new(Arc::clone(plan), plan.lane_of(who), host, businesses, notes))
}

fn consumers_lane<P: Cryptography>(
    plan: &Arc<Plan>,
    lane: u32,
    answers: &consumer::Reply,
    notes: Notes,
) -> ConsumersLane<P> {
    let hosts = plan.consumers_of_lane(lane).filter_map(|index| {
        let who = Who::consumer(index);
        let population = plan.population(index)?;
        let policy = endpoint::Policy {
            one_time_prekeys: population.one_time_prekeys,
            suites: Suites::only(suite(population.suite)),
            padding: padding(plan.scenario().device.padding),
            key_rotation: plan.scenario().device.key_rotation.to_std(),
            ..endpoint::Policy::default()
        };
        let config = ConsumerConfig {
            address: Address::primary(plan.number(who)),
            habits: Habits {
                reply: answers.clone(),
                read_receipts: population.read_receipts,
                ..Habits::default()
            },
            policy,
        };
        Some(Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who)))
    });
    ConsumersLane::new(Arc::clone(plan), lane, hosts, notes)
}

fn server(plan: &Plan, index: u32) -> Business {
    let draws = |purpose| plan.origin().draws(purpose, u64::from(Who::business(index).as_u32()));
    let credentials = Credentials::of(plan, index);
    Business {
        app_secret: credentials.app_secret,
        token: credentials.token,
        phone_number_id: credentials.phone_number_id,
        latency: draws(Purpose::Business),
        answers: draws(Purpose::Reply),
        words: draws(Purpose::Traffic),
        callback_data: plan.is_audited().then_some(credentials.callback_data),
        heard: BTreeMap::new(),
    }
}

/// Every business is a tenant of its own.
fn tenant(plan: &Plan, index: u32) -> Option<Tenant> {
    let has = Credentials::of(plan, index);
    let number = BusinessNumber {
        id: has.phone_number_id.parse().ok()?,
        number: plan.number(Who::business(index)),
        display_name: has.name.clone(),
        identity_key_check: false,
    };
    let callback = Callback { url: has.callback_url, verify_token: has.verify_token.into() };
    let app = App {
        id: has.app_id.parse().ok()?,
        name: has.name.clone(),
        secret: has.app_secret.into(),
        callback: Some(callback),
        webhook_version: 23,
        requires_proof: false,
    };
    Some(Tenant {
        portfolio: Portfolio::of(&app),
        app,
        accounts: vec![BusinessAccount {
            id: has.waba_id.parse().ok()?,
            name: has.name,
            subscribed: true,
            numbers: vec![number],
        }],
        tokens: vec![AccessToken::of_system_user(has.token.into())],
    })
}

/// The suite that a scenario names.
pub(crate) fn suite(suite: Suite) -> ratchet::Suite {
    match suite {
        Suite::X3dh => ratchet::Suite::X3dh,
        Suite::Pqxdh => ratchet::Suite::Pqxdh,
        Suite::Triple => ratchet::Suite::Triple,
    }
}

fn padding(padding: Padding) -> content::Padding {
    match padding {
        Padding::None => content::Padding::None,
        Padding::Bucket => content::Padding::Bucket,
        Padding::Pow2 => content::Padding::Pow2,
    }
}
