//! Experiments: what does an attacker read?
//!
//! Record what goes over the wire ([`Recording`]), take a [`Snapshot`] of a party at a moment of your
//! choice, let [`Oracles`] learn the key pairs that stand for a broken X25519 or KEM, and ask an
//! [`Attacker`] with any of these what it [reads](Attacker::reads). It gets neither plaintexts nor
//! parties; it derives keys from what it was given and from public bytes, as far as that goes, and
//! decrypts. Where it fails, [`Unread`] says which secret it lacked.
//!
//! # What it can do
//!
//! - Repeat the key agreement of a first message (X3DH and PQXDH, section "Receiving the initial
//!   message"), if of each of its inputs it knows one private key.
//! - Follow the Double Ratchet: forward along chains, and from chain to chain with a private ratchet
//!   key of either side (Double Ratchet, sections "Symmetric-key ratchet" and "Diffie-Hellman
//!   ratchet").
//! - Follow the post-quantum ratchet: put together header and ciphertext of an epoch from the chunks
//!   in messages, including those that never arrived, and decapsulate (ML-KEM Braid; Double Ratchet,
//!   section "Triple Ratchet").
//!
//! # What it finds
//!
//! In strict alternation, the initiator first; `tests/it/adversary.rs` keeps the table.
//!
//! | the attacker has | `x3dh` | `pqxdh` | `triple` |
//! |---|---|---|---|
//! | a recording | nothing | nothing | nothing |
//! | and a broken X25519 | all | nothing | nothing |
//! | and a broken KEM | nothing | nothing | nothing |
//! | and both | all | all | all |
//! | a snapshot: what was sent or read before it | nothing | nothing | nothing |
//! | a snapshot: what was passed over, and is awaited | all | all | all |
//! | a snapshot of the side that sends next: what follows | 2 messages | 2 messages | 2 messages |
//! | a snapshot of the other side: what follows | 1 message | 1 message | 1 message |
//! | a snapshot and a broken X25519: what follows | all | all | to the next epoch without stolen secret |
//! | a snapshot and both broken: what follows | all | all | all |
//! | later, the responder's long-term keys | nothing | nothing | nothing |
//! | the same, with no one-time prekey used | first flight | first flight | first flight |
//!
//! The long-term keys are identity key, signed prekey and last-resort KEM prekey; the first flight is
//! what the initiator sends before it has read an answer. If a one-time KEM prekey was used, `pqxdh`
//! and `triple` give away nothing even without a one-time curve prekey.
//!
//! The secret of a post-quantum epoch is stolen with a side that has drawn its key pair or its
//! encapsulation for it. So with a broken X25519 as well, in `triple`, a snapshot of the initiator
//! taken between messages 0 and 92 (counted from 0) reads up to message 172, and one of the responder
//! taken before message 5 reads up to message 85.
//!
//! # What it writes
//!
//! A [`Forger`] goes on as the device that a session was stolen from. In strict alternation a forgery passes for 6 rounds
//! after the theft, for 2 where chains end ([`Strictness::Specified`](crate::Strictness::Specified)), and with a broken
//! X25519 for ever in `x3dh` and `pqxdh`, in `triple` to the next epoch without stolen secret; `tests/it/forgery.rs`
//! keeps that.
//!
//! # What it does not do
//!
//! It is passive: it does not impersonate, inject, replay or withhold ([`Forger`] does the first two). Nor does it use traffic
//! analysis, the random inputs of encapsulations ([`FreshKeys::kem_coins`] and
//! [`FreshKeys::braid_coins`]), or messages that it did not record: if it missed all messages under
//! some ratchet key, it cannot get past that. For a weak random source of one side, teach
//! [`BrokenCurve`] what that side draws and nothing else.
//!
//! # An experiment
//!
//! Harvest now, decrypt later: somebody records today and breaks X25519 in twenty years. In `x3dh`
//! this gives `hello`, in the other suites [`Unread::NoAgreement`] for want of the encapsulated
//! secret.
//!
//! ```
#![doc = include_str!("../../tests/it/harvest_now.rs")]
//! ```
//!
//! [`FreshKeys::kem_coins`]: crate::FreshKeys::kem_coins
//! [`FreshKeys::braid_coins`]: crate::FreshKeys::braid_coins

mod attacker;
mod chain;
mod closure;
mod forger;
mod knowledge;
mod message;
mod oracle;
mod reading;
mod recording;
mod session;
mod snapshot;

pub use attacker::Attacker;
pub use forger::Forger;
pub use oracle::{BrokenCurve, BrokenKem, Oracles, Watched};
pub use reading::{Reading, Unread};
pub use recording::{RecordedMessage, Recording};
pub use snapshot::Snapshot;
