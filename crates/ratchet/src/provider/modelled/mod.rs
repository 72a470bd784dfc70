//! Modelled cryptography: cheap parts with the real sizes, for runs with very many devices.
//!
//! A value is 8 bytes, and zeros after them where the wire wants more. Who has the wrong key or an old one
//! gets other bytes, so that the one state machine runs as it does with the real primitives, with the
//! same counters, transitions and errors, the same lengths on the wire, and the same draws from the random
//! source. What is left out is secrecy: plaintexts are in the clear, private keys follow from public
//! ones, and a MAC says that the sender has the key, not what it was made over. So whoever studies an
//! attacker that reads or changes messages needs a real provider.

pub(super) mod chunks;
pub(super) mod primitives;
mod start;

/// The provider of modelled runs. It is another type than [`Native`](super::Native), of which all live
/// parties are made: no flag turns one into the other.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Modelled;
