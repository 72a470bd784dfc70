//! What whoever runs the relay decides: who may be a gateway, how long inboxes keep, how often nodes hear their totals,
//! when prekeys are low.

use crate::shards::Shards;
use std::collections::BTreeSet;
use std::time::Duration;
use wire::LinkKey;

/// The relay's rules.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Which shard of the relay this one is.
    pub shards: Shards,
    /// The nodes that may speak for businesses.
    pub gateways: BTreeSet<LinkKey>,
    /// If no gateway is named above, the first endpoint that says it is one becomes the only one; not in a relay of several
    /// shards, where nobody knows who is first.
    pub enrol_first_gateway: bool,
    /// How long an inbox keeps what its owner doesn't fetch.
    pub inbox_ttl: Duration,
    /// How often a node hears the totals of its businesses, if they changed. Long enough that a report
    /// tells nothing of a single message.
    pub metering_interval: Duration,
    /// Deliveries that may be on their way to an endpoint unacknowledged.
    pub delivery_window: u64,
    /// The owner of an address is asked for more one-time prekeys when fewer are left.
    pub low_prekeys: usize,
    /// The most one-time prekeys of a kind that an address may store.
    pub max_prekeys: usize,
    /// How long a blob is kept.
    pub blob_ttl: Duration,
    /// The most bytes of blobs that a device may keep here: what a stranger can make the relay store.
    pub blob_bytes_per_endpoint: u64,
    /// The most bytes of blobs that a node may keep here.
    pub blob_bytes_per_gateway: u64,
    /// The most bytes of blobs that the relay keeps in all.
    pub blob_bytes: u64,
    /// The most blobs that may be on their way here at once.
    pub max_transfers: usize,
    /// The most letters of a kind that wait for another shard, but for what one frame or letter causes, before nothing
    /// more is taken that would add to them.
    pub max_letters: usize,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            shards: Shards::ONE,
            gateways: BTreeSet::new(),
            enrol_first_gateway: true,
            inbox_ttl: Duration::from_secs(30 * 24 * 3600),
            metering_interval: Duration::from_secs(10),
            delivery_window: 256,
            low_prekeys: 5,
            max_prekeys: 1_000,
            max_letters: 4096,
            blob_ttl: Duration::from_secs(30 * 24 * 3600),
            blob_bytes_per_endpoint: 1 << 30,
            blob_bytes_per_gateway: 64 << 30,
            blob_bytes: 128 << 30,
            max_transfers: 256,
        }
    }
}
