//! The tables of a node, and their keys.

use bytes::Bytes;
use content::MessageId;
use kernel::Table;
use wire::Number;

pub(crate) const OUTBOUND: Table = Table::state("outbound");
pub(crate) const INBOUND: Table = Table::state("inbound");
pub(crate) const WEBHOOKS: Table = Table::state("webhooks");
pub(crate) const CALLBACKS: Table = Table::state("callbacks");

const OWN: [Table; 4] = [OUTBOUND, INBOUND, WEBHOOKS, CALLBACKS];

/// The endpoint's tables and the node's own.
pub(crate) const TABLES: [Table; endpoint::TABLES.len() + OWN.len()] = joined();

const fn joined() -> [Table; endpoint::TABLES.len() + OWN.len()] {
    let [a, b, c, d, e, f] = endpoint::TABLES;
    let [g, h, i, j] = OWN;
    [a, b, c, d, e, f, g, h, i, j]
}

pub(crate) fn outbound_key(business: Number, id: &MessageId) -> Bytes {
    [&business.as_integer().to_be_bytes(), id.as_str().as_bytes()].concat().into()
}

pub(crate) fn inbound_key(business: Number, consumer: Number, id: &MessageId) -> Bytes {
    let (business, consumer) = (business.as_integer().to_be_bytes(), consumer.as_integer().to_be_bytes());
    [&business, &consumer, id.as_str().as_bytes()].concat().into()
}
