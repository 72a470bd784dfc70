//! The consumer's app: registers a number, receives, shows, confirms, replies.

mod consumer;
mod inbox;
mod shell;

pub use consumer::{Command, Consumer, ConsumerConfig, Input, Notice, Output, Reply, Sent};
pub use inbox::Shown;
pub use shell::{ServeError, serve};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.consumer.rs"));
}
