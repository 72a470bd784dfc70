//! Where log lines go. They name no number, token or content, whatever the level (invariant 9).

use std::env::VarError;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Our own crates: libraries say much about sockets and timers.
const OURS: [&str; 8] = ["cli", "cloud", "consumer", "endpoint", "link", "live", "relay", "store"];

/// Libraries that log.
const LIBRARIES: [&str; 8] =
    ["axum", "fjall", "hyper", "hyper_util", "quinn", "quinn_proto", "quinn_udp", "rustls"];

/// Log lines to standard error, filtered by `BLINDPOST_LOG`: a level, or `target=level,…` (default `info`).
pub(crate) fn to_stderr() -> miette::Result<()> {
    let filter = match std::env::var("BLINDPOST_LOG") {
        Ok(text) => filter_of(&text)?,
        Err(VarError::NotPresent) => Targets::new().with_default(LevelFilter::INFO),
        Err(VarError::NotUnicode(_)) => return Err(wrong("it is not UTF-8")),
    };
    // https://no-color.org: there and not empty.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    start(filter, io::stderr, io::stderr().is_terminal() && !plain);
    Ok(())
}

/// What is asked for, if each part of it is a level, or a target of ours with one.
fn filter_of(text: &str) -> miette::Result<Targets> {
    let targets: Targets = text.parse().map_err(wrong)?;
    for (target, _) in &targets {
        let speaks = OURS.iter().chain(&LIBRARIES).any(|name| target.split("::").next() == Some(name));
        if !speaks {
            return Err(wrong(format!("nothing here is called `{target}`")));
        }
    }
    Ok(targets)
}

fn wrong(problem: impl std::fmt::Display) -> miette::Report {
    miette::miette!(
        help = format!(
            "a level (error, warn, info, debug, trace), or target=level,… with targets of {}",
            OURS.join(", ")
        ),
        "BLINDPOST_LOG: {problem}"
    )
}

/// Log lines, all of them, to memory.
pub(crate) fn to_memory() -> Lines {
    let lines = Lines::default();
    let filter = Targets::new().with_default(LevelFilter::INFO);
    start(filter.with_targets(OURS.map(|target| (target, LevelFilter::TRACE))), lines.clone(), false);
    lines
}

fn start<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(filter: Targets, writer: W, ansi: bool) {
    let lines = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(writer).with_filter(filter);
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Everything that was logged.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_filters_nothing_is_refused() {
        for good in ["debug", "relay=debug", "warn,link::uplink=debug", "link=off,quinn=debug"] {
            assert!(filter_of(good).is_ok(), "{good}");
        }
        for wrong in ["verbose", "relay=loud", "rely=debug", "info,nobody=trace"] {
            let error = crate::error::explain(&filter_of(wrong).unwrap_err());
            assert!(
                error.starts_with("error: BLINDPOST_LOG: ") && error.contains("help: a level"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_written_through_one_handle_is_seen_through_the_other() {
        let lines = Lines::default();
        lines.make_writer().write_all(b"one\n").unwrap();
        lines.clone().make_writer().write_all(b"two\n").unwrap();
        assert_eq!(lines.bytes(), b"one\ntwo\n");
    }
}
