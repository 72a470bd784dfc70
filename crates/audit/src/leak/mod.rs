//! How much of a secret the view of each principal tells, in bits: the real parties in virtual time, and the estimators of
//! `privacy::leak` on what each saw.
//!
//! A [`Question`] names a secret, views and paddings. For each padding the same things are said by the same people at the
//! same times (`script`), the machines do what they do (`run`), and each view is taken from what passed it (`view`).
//! `docs/leakage.md` has the method and what came out.

mod answer;
mod channel;
mod draw;
mod error;
mod kinds;
mod plots;
mod question;
mod run;
mod script;
mod secret;
mod view;

pub use answer::{Answer, Cost, Row};
pub use channel::Channel;
pub use error::LeakError;
pub use plots::{page, plots};
pub use question::{Progress, Question, ask};
pub use secret::{Secret, UnknownSecret};
pub use view::{Observe, UnknownView, VIEWS, view};

pub use scenario::Padding;

/// The policies, from the one that pads least.
pub const PADDINGS: [Padding; 3] = [Padding::None, Padding::Pow2, Padding::Bucket];

/// A policy's name in scenarios and on the command line.
#[must_use]
pub const fn name_of(padding: Padding) -> &'static str {
    match padding {
        Padding::None => "none",
        Padding::Pow2 => "pow2",
        Padding::Bucket => "bucket",
    }
}
