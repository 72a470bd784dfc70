//! Published figures, measured again: sizes, post-quantum epochs, what attackers read, what lengths tell.
//!
//! A [`Figure`] runs the real ratchet and the real machines, and says what it measured beside what was published
//! and the band that it must be in. An attacker who is said to read a message has decrypted it. `docs/figures.md`
//! has the methods and the reasons for the bands.

mod catalogue;
mod conversation;
mod depletion;
mod disclosure;
mod draw;
mod epochs;
mod error;
mod figure;
mod forgery;
mod harvest;
mod lab;
pub mod language;
mod lengths;
mod net;
mod outcome;
mod pair;
mod retention;
mod sizes;
mod sweep;
mod theft;

pub use catalogue::{all, find};
pub use error::Error;
pub use figure::Figure;
pub use lab::{Lab, Progress};
pub use outcome::{Axis, Band, Outcome, Plot, Row, Series, Surface};
