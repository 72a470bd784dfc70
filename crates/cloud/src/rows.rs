//! The tables of a node, and their keys. Each begins with the portfolio, phone number, account or app that it is of: a row
//! belongs to one business portfolio (invariant 11, `a_portfolio_is_the_unit_of_a_node`).

use crate::webhooks::UpdateId;
use bytes::Bytes;
use content::MessageId;
use graph::{AppId, MediaId, PhoneNumberId, PortfolioId, WabaId};
use kernel::Table;
use wire::Number;

pub(crate) const OUTBOUND: Table = Table::state("outbound");
pub(crate) const INBOUND: Table = Table::state("inbound");
pub(crate) const CONVERSATIONS: Table = Table::state("conversations");
pub(crate) const WEBHOOKS: Table = Table::state("webhooks");
pub(crate) const CALLBACKS: Table = Table::state("callbacks");
pub(crate) const PORTFOLIOS: Table = Table::state("portfolios");
pub(crate) const APPS: Table = Table::state("apps");
/// Business accounts; `accounts` are the endpoint's.
pub(crate) const WABAS: Table = Table::state("wabas");
pub(crate) const NUMBERS: Table = Table::state("numbers");
pub(crate) const TOKENS: Table = Table::state("tokens");
pub(crate) const TEMPLATES: Table = Table::state("templates");

pub(crate) const MEDIA: Table = Table::state("media");
pub(crate) const SENDING: Table = Table::state("sending");

const OWN: [Table; 13] = [
    OUTBOUND,
    INBOUND,
    CONVERSATIONS,
    WEBHOOKS,
    CALLBACKS,
    PORTFOLIOS,
    APPS,
    WABAS,
    NUMBERS,
    TOKENS,
    TEMPLATES,
    MEDIA,
    SENDING,
];

/// The endpoint's tables and the node's own.
pub(crate) const TABLES: [Table; endpoint::TABLES.len() + OWN.len()] = joined();

const fn joined() -> [Table; endpoint::TABLES.len() + OWN.len()] {
    let [a, b, c, d, e, f] = endpoint::TABLES;
    let [g, h, i, j, k, l, m, n, o, p, q, r, s] = OWN;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s]
}

/// The length of an id in keys of webhooks: as long as the longest, with zeros behind it.
const LONGEST_ID: usize = 32;

/// What is the key of a row.
pub(crate) trait Key: Copy + Ord {
    fn to_key(self) -> Bytes;

    /// `None` if no row has such a key.
    fn from_key(key: &[u8]) -> Option<Self>;
}

macro_rules! ids_are_keys {
    ($($id:ident),*) => {$(
        impl Key for $id {
            fn to_key(self) -> Bytes {
                Bytes::copy_from_slice(self.as_str().as_bytes())
            }

            fn from_key(key: &[u8]) -> Option<Self> {
                std::str::from_utf8(key).ok()?.parse().ok()
            }
        }
    )*};
}

ids_are_keys!(PortfolioId, AppId, WabaId, PhoneNumberId);

pub(crate) fn outbound_key(business: Number, id: &MessageId) -> Bytes {
    [&business.as_integer().to_be_bytes(), id.as_str().as_bytes()].concat().into()
}

pub(crate) fn inbound_key(business: Number, consumer: Number, id: &MessageId) -> Bytes {
    let (business, consumer) = (business.as_integer().to_be_bytes(), consumer.as_integer().to_be_bytes());
    [&business, &consumer, id.as_str().as_bytes()].concat().into()
}

pub(crate) fn conversation_key(business: Number, consumer: Number) -> Bytes {
    [business.as_integer().to_be_bytes(), consumer.as_integer().to_be_bytes()].concat().into()
}

pub(crate) fn read_conversation_key(key: &[u8]) -> Option<(Number, Number)> {
    let (business, consumer) = key.split_first_chunk::<8>()?;
    let number = |bytes: [u8; 8]| Number::from_integer(u64::from_be_bytes(bytes)).ok();
    Some((number(*business)?, number(consumer.try_into().ok()?)?))
}

pub(crate) fn webhook_key(account: WabaId, id: UpdateId) -> Bytes {
    let mut digits = [0; LONGEST_ID];
    for (to, from) in digits.iter_mut().zip(account.as_str().bytes()) {
        *to = from;
    }
    [&digits[..], &id.0.to_be_bytes()].concat().into()
}

pub(crate) fn media_key(business: Number, id: MediaId) -> Bytes {
    [&business.as_integer().to_be_bytes()[..], id.as_str().as_bytes()].concat().into()
}

pub(crate) fn read_media_key(key: &[u8]) -> Option<(Number, MediaId)> {
    let (business, id) = key.split_first_chunk::<8>()?;
    let business = Number::from_integer(u64::from_be_bytes(*business)).ok()?;
    Some((business, std::str::from_utf8(id).ok()?.parse().ok()?))
}

pub(crate) fn read_webhook_key(key: &[u8]) -> Option<(WabaId, UpdateId)> {
    let (account, id) = key.split_first_chunk::<LONGEST_ID>()?;
    let digits = account.split(|byte| *byte == 0).next()?;
    Some((WabaId::from_key(digits)?, UpdateId(u128::from_be_bytes(id.try_into().ok()?))))
}
