//! What a run, a campaign or a watched party tells a person.

use crate::repeat::Repeat;
use lab::{Summary, Verdict};
use std::fmt::Write as _;
use std::time::Duration;
use world::Record;

/// A run's summary for a person; `took` is by the clock on the wall.
pub(super) fn text_of(summary: &Summary, took: Duration) -> String {
    let mut text = format!("{}, seed {}\n", summary.scenario, summary.seed);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<20} {value}");
    };
    let virtual_time = Duration::from_secs_f64(summary.virtual_s);
    line("virtual time", human(virtual_time));
    line(
        "took",
        format!(
            "{:.1} s, {:.0} messages/s",
            took.as_secs_f64(),
            summary.messages as f64 / took.as_secs_f64()
        ),
    );
    line("messages", format!("{} made, {} read, {} failed", summary.messages, summary.shown, summary.failed));
    if let Some([median, p99, longest]) = summary.latency_ms {
        line(
            "made to read",
            format!("{median:.0} ms median, {p99:.0} ms 99th percentile, {longest:.0} ms longest"),
        );
    }
    if summary.refused > 0 {
        line("refused by the API", summary.refused.to_string());
    }
    if summary.faults > 0 {
        line("faults", summary.faults.to_string());
    }
    line("read twice", summary.shown_twice.to_string());
    line("events", summary.events.to_string());
    line("trace hash", summary.trace_hash.clone());
    for exposed in &summary.adversaries {
        line(&exposed.adversary, format!("{}: read {} of {}", exposed.has, exposed.read, exposed.messages));
    }
    for violation in &summary.violations {
        line("BROKEN", violation.clone());
    }
    text
}

/// What a campaign of faults came to: every seed that broke a promise, with the faults that it takes and the command that
/// repeats it.
pub(super) fn text_of_campaign(command: &Repeat, verdict: &Verdict) -> String {
    let mut text = format!(
        "{} seeds, {} messages, {} faults: {} seeds broke a promise\n",
        verdict.seeds,
        verdict.messages,
        verdict.faults,
        verdict.failures.len()
    );
    for failure in &verdict.failures {
        let _ = writeln!(text, "\nseed {}", failure.seed);
        for broken in failure.broken.iter().take(5) {
            let _ = writeln!(text, "  {}: {}", broken.invariant, broken.what);
        }
        if failure.broken.len() > 5 {
            let _ = writeln!(text, "  and {} more", failure.broken.len() - 5);
        }
        let _ = writeln!(
            text,
            "  with {}",
            if failure.story.is_empty() { "no fault at all" } else { "these faults:" }
        );
        for fault in &failure.story {
            let _ = writeln!(text, "    {fault}");
        }
        let command = command.clone().with("--seed", failure.seed).with_list("--faults", &failure.faults);
        let _ = writeln!(text, "  repeat it: {}", command.told());
    }
    text
}

/// A line of what is watched.
pub(super) fn line_of(at: Duration, record: &Record) -> String {
    let Record { party, peer, what, bytes, .. } = record;
    let peer = if party == peer { String::new() } else { peer.to_string() };
    format!(
        "{:>14.6} s  {:<14} {:<15} {peer:<14} {bytes:>6} B",
        at.as_secs_f64(),
        party.to_string(),
        what.name()
    )
}

/// A length of time in its two largest units.
pub(super) fn human(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes:02} min"),
        (days, hours, ..) => format!("{days} d {hours:02} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Time;
    use lab::{Broken, Failure};
    use world::What;

    #[test]
    fn a_time_is_told_in_its_two_largest_units() {
        for (seconds, told) in [
            (0, "0 min 00 s"),
            (59, "0 min 59 s"),
            (3_599, "59 min 59 s"),
            (3_600, "1 h 00 min"),
            (86_399, "23 h 59 min"),
            (90_000, "1 d 01 h"),
        ] {
            assert_eq!(human(Duration::from_secs(seconds)), told);
        }
    }

    #[test]
    fn a_seed_that_broke_a_promise_is_told_with_the_command_that_repeats_it() {
        let broken =
            |what: &str| Broken { invariant: "exactly_once_to_the_person".into(), what: what.into() };
        let failure = Failure {
            seed: 17,
            broken: (0..7).map(|number| broken(&format!("message {number} twice"))).collect(),
            faults: vec![2, 5],
            story: vec!["power cut at node/0".into()],
        };
        let innocent = Failure { seed: 18, broken: vec![broken("x")], faults: Vec::new(), story: Vec::new() };
        let verdict = Verdict {
            seeds: 20,
            messages: 900,
            faults: 31,
            failures: vec![failure, innocent],
            complete: true,
        };
        let text = text_of_campaign(
            &Repeat::of("run").word("my chaos.toml").with("--set", "network.consumer.loss=5%"),
            &verdict,
        );
        for part in [
            "20 seeds, 900 messages, 31 faults: 2 seeds broke a promise",
            "exactly_once_to_the_person: message 4 twice",
            "and 2 more",
            "with these faults:\n    power cut at node/0",
            "blindpost run 'my chaos.toml' --set 'network.consumer.loss=5%' --seed 17 --faults '2,5'",
            "with no fault at all",
            "--seed 18\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("message 5 twice"));
    }

    #[test]
    fn a_watched_event_is_one_line_with_both_parties_unless_they_are_one() {
        let [consumer, relay] = ["consumer/7", "relay/0"].map(|who| who.parse().unwrap());
        let record = |peer| Record { at: Time::EPOCH, party: consumer, peer, what: What::Hello, bytes: 31 };
        let line = line_of(Duration::from_millis(1_500), &record(relay));
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, ["1.500000", "s", "consumer/7", "hello", "relay/0", "31", "B"]);
        assert!(!line_of(Duration::ZERO, &record(consumer)).contains("relay"));
    }
}
