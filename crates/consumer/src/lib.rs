//! The consumer's app: registers a number, receives, shows, confirms, replies.

mod command;
mod consumer;
mod digest;
mod habits;
mod inbox;
pub mod media;
mod offers;
mod output;
mod shell;
mod typing;
mod unread;

pub use command::{Command, Messages, Refusal};
pub use consumer::Input;
pub use habits::{ConsumerConfig, Habits, Reading, Reply};
pub use inbox::Shown;
pub use output::{Notice, Output, Sent};
pub use shell::{ServeError, serve};

/// The app over any provider of primitives: the world runs it with modelled ones, too.
pub mod generic {
    pub use crate::consumer::Consumer;
}

/// One person's app, with real keys: what [`serve`] runs.
pub type Consumer = generic::Consumer<endpoint::Native>;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.consumer.rs"));
}
