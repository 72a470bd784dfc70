//! What the machine can carry, before it is asked to.

use crate::out::errln;
use ::scenario::Estimate;
use std::num::NonZeroUsize;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// A run that takes longer is refused, unless `--force`: nobody means it.
const LONGEST_S: f64 = 24.0 * 3600.0;
/// A run that takes longer says so first.
const WORTH_SAYING_S: f64 = 20.0;

/// Refuses what is too large for this machine unless `force`, and says of what is large how large.
pub(crate) fn weigh(estimate: &Estimate, threads: NonZeroUsize, force: bool) -> miette::Result<()> {
    let seconds = estimate.seconds_on_one_core / threads.get() as f64;
    let available = available_bytes();
    let too_much = available.is_some_and(|available| estimate.memory_bytes > available);
    if !force && (too_much || seconds > LONGEST_S) {
        let gigabytes = available.map_or(String::new(), |bytes| format!(", {:.1} GB are free", bytes / 1e9));
        return Err(miette::miette!(
            help = "simulate fewer consumers or less traffic (--set KEY=VALUE), or insist with --force",
            "too large for this machine: {estimate}{gigabytes}"
        ));
    }
    if seconds > WORTH_SAYING_S || too_much {
        errln!("expected: {estimate}");
    }
    Ok(())
}

/// The memory that a process can still get, in bytes, if the system says: the container's if it is in one.
fn available_bytes() -> Option<f64> {
    let system = System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    );
    let machine = Some(system.available_memory()).filter(|bytes| *bytes > 0)?;
    let container = system.cgroup_limits().map(|limits| limits.free_memory);
    Some(container.map_or(machine, |container| container.min(machine)) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

    fn estimate(memory_bytes: f64, seconds_on_one_core: f64) -> Estimate {
        Estimate { consumers: 3, conversations: 3.0, messages: 9.0, memory_bytes, seconds_on_one_core }
    }

    #[test]
    fn what_fits_is_not_held_up() {
        assert!(weigh(&estimate(1e6, 1.0), TWO, false).is_ok());
    }

    #[test]
    fn what_needs_more_memory_than_there_is_or_more_than_a_day_is_refused_with_the_way_out() {
        for too_much in [estimate(1e18, 1.0), estimate(1e6, 2.0 * LONGEST_S + 10.0)] {
            let error = explain(&weigh(&too_much, TWO, false).unwrap_err());
            assert!(error.starts_with("error: too large for this machine: "), "{error}");
            assert!(error.contains("--set KEY=VALUE") && error.contains("--force"), "{error}");
            assert!(weigh(&too_much, TWO, true).is_ok(), "unless somebody insists");
        }
        assert!(
            weigh(&estimate(1e6, 2.0 * LONGEST_S - 10.0), TWO, false).is_ok(),
            "two threads, half the time"
        );
    }

    #[test]
    fn this_machine_says_how_much_memory_is_free() {
        assert!(available_bytes().is_some_and(|bytes| bytes > 1e6));
    }
}
