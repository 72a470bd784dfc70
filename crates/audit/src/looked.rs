//! What an audit looked at. Nothing is claimed of anything else.

use serde::Serialize;

/// The channels that a layer looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// The layer.
    pub layer: &'static str,
    /// What it looked at.
    pub channels: Vec<&'static str>,
}

/// What no layer looks at.
pub const NEVER: [&str; 4] = [
    "times of computations and caches of processors",
    "swap and what the kernel keeps",
    "memory within a message",
    "whatever is outside of this computer",
];

/// What is not looked at without a tracer.
pub(crate) const NAMED: &str = "names of files, threads, programs and sockets that are gone by now: strace is not here, or may not trace";

const IN_VIRTUAL_TIME: [&str; 6] = [
    "frames outside of QUIC",
    "sizes and times of packets",
    "HTTP both ways",
    "texts on screens",
    "what machines say to the log",
    "rows as machines write them",
];

/// In virtual time.
pub(crate) fn by_canary() -> Looked {
    Looked { layer: "by canary", channels: IN_VIRTUAL_TIME.into() }
}

/// From many seeds.
pub(crate) fn by_name() -> Looked {
    let channels = vec![
        "names of messages",
        "ids of envelopes",
        "ids of prekeys",
        "names of publications and positions",
        "registration ids",
    ];
    Looked { layer: "by name", channels }
}

/// Between two runs.
pub(crate) fn by_noninterference() -> Looked {
    let channels = IN_VIRTUAL_TIME.into_iter().take(5).collect();
    Looked { layer: "by noninterference", channels }
}

/// With real processes.
pub(crate) fn as_processes(traced: bool) -> Looked {
    let mut channels = vec![
        "packets",
        "frames outside of QUIC",
        "HTTP both ways",
        "standard output",
        "logs at the finest level",
        "metrics, against what was done",
        "files of the parties, new ones in directories for temporary files",
        "memory between messages",
        "arguments, threads and open files as /proc has them",
    ];
    channels.extend(traced.then_some("system calls that take a name"));
    Looked { layer: "as processes", channels }
}
