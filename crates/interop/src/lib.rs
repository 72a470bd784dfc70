//! Our Signal engine, crate `ratchet`, against the official library.
//!
//! The official library is run as a black box, in three versions, in processes of their own that talk
//! JSON over a pipe ([`Oracle`]). A [`Party`] is one device of either kind; [`converse`] lets one of
//! ours and one of theirs talk under random order, loss, duplication, tampering and restarts, and
//! holds every answer against what it has to be; [`table`] is the list of who talks with whom.
//!
//! Needs node and the official packages: `cargo xtask interop` installs them and runs everything.

mod conversation;
mod dice;
mod fields;
mod official;
mod oracle;
mod ours;
mod party;
mod refused;
mod table;
mod verdict;

pub use conversation::{Divergence, Initiator, Plan, converse};
pub use dice::Dice;
pub use fields::{Field, fields, fields_from, inner_message, ratchet_key};
pub use official::Official;
pub use oracle::{Oracle, OracleError, OracleVersion};
pub use ours::{Ours, Speaks};
pub use party::{Bundle, CurveKey, Name, Party, PrivatePrekeys, SignedKey};
pub use refused::refuses;
pub use table::{Expected, Outcome, Row, table};
pub use verdict::{Refusal, Verdict};
