//! How much memory live sessions take: the growth of a process that holds them and nothing else.

use ratchet::{Provider, Suite};
use std::{env, fs, process::Command};

use crate::pair::{Conversation, Devices, rng};

/// The hidden argument that makes the bench the measured process.
pub const ARGUMENT: &str = "--memory-of";

/// Conversations that are begun from nothing; the rest goes on from copies of them.
const BEGUN: usize = 200;

/// Growth of the resident set by `sessions` live real sessions of suite `x3dh`, in bytes, in a process of its own.
///
/// # Panics
/// When the process fails.
#[must_use]
pub fn of_sessions(sessions: u32) -> u64 {
    let program = env::current_exe().expect("this program has a path");
    let output =
        Command::new(program).args([ARGUMENT, &sessions.to_string()]).output().expect("it starts again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of bytes")
}

/// The measured process: makes the sessions and returns the growth in bytes, with the provider that is installed
/// if it is a real one.
///
/// Half of them are initiators, half responders. All keep five receiving chains, as long conversations do, and
/// each has turned its own ratchet since it was copied, so that nothing is shared.
#[must_use]
pub fn grow_by<P: Provider>(suite: Suite, sessions: u32) -> u64 {
    let mut rng = rng();
    let devices = Devices::<P>::new(suite, &mut rng);
    let pairs = (sessions / 2) as usize;
    let mut begun = Vec::new();
    for _ in 0..BEGUN.min(pairs) {
        let mut conversation = devices.acquainted(&mut rng);
        devices.ping_pong(&mut conversation, 12, b"hello", &mut rng);
        begun.push(conversation);
    }
    let mut live: Vec<Conversation<P>> = Vec::with_capacity(pairs);
    let before = resident();
    for at in 0..pairs {
        let mut conversation = begun[at % begun.len()].clone();
        devices.ping_pong(&mut conversation, 2, b"hello", &mut rng);
        live.push(conversation);
    }
    let grown = resident().saturating_sub(before);
    assert_eq!(live.len(), pairs);
    grown
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells how much memory a process has");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident set");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().expect("in kB");
    kibibytes * 1024
}
