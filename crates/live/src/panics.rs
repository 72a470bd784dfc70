//! What a process that dies leaves behind: where it died, and nothing of what it held.

use std::io::Write as _;
use std::panic::{self, Location};
use std::{fs, io, thread};

/// From now on a panic says where it happened and on which thread, and never its payload: that may hold what was
/// being worked on, a message for instance (invariant 9).
pub fn quiet_panics() {
    panic::set_hook(Box::new(|panic| {
        let line = describe(thread::current().name(), panic.location());
        // Nobody is left to hear of a failure.
        let _ = io::stderr().write_all(line.as_bytes());
    }));
}

/// Leaves all memory out of a core dump of this process, whether the system writes dumps to files or pipes them to
/// a collector. The program itself, and who may look into it while it runs, can still read it.
///
/// # Errors
/// Linux would not take the setting. On other systems there is nothing to set and nothing happens.
pub fn no_memory_in_core_dumps() -> io::Result<()> {
    if cfg!(target_os = "linux") { fs::write("/proc/self/coredump_filter", "0") } else { Ok(()) }
}

fn describe(thread: Option<&str>, location: Option<&Location<'_>>) -> String {
    let thread = thread.unwrap_or("unnamed");
    match location {
        Some(at) => {
            format!("a thread ({thread}) panicked at {}:{}:{}\n", at.file(), at.line(), at.column())
        }
        None => format!("a thread ({thread}) panicked\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where() {
        let line = describe(Some("store"), Some(Location::caller()));
        assert!(line.starts_with("a thread (store) panicked at ") && line.contains("panics.rs:"), "{line}");
        assert_eq!(describe(None, None), "a thread (unnamed) panicked\n");
    }
}
