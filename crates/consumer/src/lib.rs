//! The consumer's app: registers a number, receives, shows, confirms, replies.

mod consumer;
mod inbox;
pub mod media;
mod shell;

pub use consumer::{Command, ConsumerConfig, Input, Notice, Output, Reply, Sent};
pub use inbox::Shown;
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
