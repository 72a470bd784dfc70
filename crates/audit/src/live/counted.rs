//! What parties count, against what was done: a counter that says anything else says something of somebody.

use super::LiveError;
use super::business::{Desk, Heard};
use super::child::PATIENCE;
use super::stage::{Node, Stage};
use super::views::Views;
use super::walk::Walked;
use kernel::Time;
use link::Direction;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Statuses that answers are counted by; all others are one.
const STATUSES: [u16; 10] = [200, 400, 401, 403, 404, 405, 413, 429, 500, 503];

/// What a sample may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Due {
    /// So often it was done.
    Exactly(u64),
    /// Nobody outside can say how often; so often at most.
    AtMost(f64),
}

/// Samples of a party by name and labels; without labels all of that name.
type Dues = BTreeMap<String, Due>;

/// Compares the metrics of relay and nodes, once all that was begun is done.
pub(super) fn compare(
    stage: &Stage,
    walked: &Walked,
    began: Time,
    views: &mut Views,
) -> Result<(), LiveError> {
    let deadline = live::now() + PATIENCE / 3;
    loop {
        let mut wrong = different(&exposition(stage.relay_metrics)?, &of_relay(stage, began), "relay/0");
        for node in &stage.nodes {
            wrong.extend(different(
                &exposition(node.metrics)?,
                &of_node(stage, node, walked, began),
                node.child.name,
            ));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        if live::now() > deadline {
            wrong.into_iter().for_each(|detail| views.broken("what is counted is what was done", detail));
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn exposition(address: SocketAddr) -> Result<String, LiveError> {
    Ok(Desk::default().call(address, "GET", "/metrics", "none", None)?.text)
}

fn of_relay(stage: &Stage, began: Time) -> Dues {
    let ids = stage.frames.ids();
    let parties = stage.nodes.len() + stage.consumers.len();
    let mut dues = Dues::from([
        ("blindpost_relay_connections".to_owned(), Due::Exactly(parties as u64)),
        ("blindpost_relay_frames_total".to_owned(), Due::Exactly(ids.to_relay)),
        ("blindpost_relay_submissions_total".to_owned(), Due::Exactly(ids.submissions)),
        ("blindpost_relay_deliveries_total".to_owned(), Due::Exactly(ids.deliveries)),
    ]);
    let inputs = ids.to_relay + parties as u64;
    drop(ids);
    let all = |way| stage.frames.streams(way).iter().map(|bytes| bytes.len() as u64).sum();
    dues.extend(bytes(all(Direction::ToEndpoint), all(Direction::ToRelay)));
    dues.extend(commits(inputs, began));
    dues
}

fn of_node(stage: &Stage, node: &Node, walked: &Walked, began: Time) -> Dues {
    let name = node.child.name;
    let own = stage.cast.businesses.iter().zip(&stage.desks).filter(|(business, _)| business.node == name);
    let walkers = walked.desks.iter().filter(|(of, _)| *of == name);
    let desks = own.map(|(_, desk)| desk).chain(walkers.map(|(_, desk)| desk));
    let heard: Vec<Heard> = desks.map(Desk::heard).collect();
    let acknowledged = heard.iter().map(|heard| heard.acknowledged).sum();
    let mut dues = Dues::from([
        ("blindpost_node_online".to_owned(), Due::Exactly(1)),
        ("blindpost_node_webhooks_total{outcome=\"acknowledged\"}".to_owned(), Due::Exactly(acknowledged)),
    ]);
    let mut answers = BTreeMap::<String, u64>::new();
    for (status, count) in heard.iter().flat_map(|heard| &heard.answers) {
        let status = if STATUSES.contains(status) { status.to_string() } else { "other".to_owned() };
        *answers.entry(format!("blindpost_node_api_requests_total{{status=\"{status}\"}}")).or_default() +=
            count;
    }
    let requests = answers.values().sum::<u64>();
    dues.extend(answers.into_iter().map(|(sample, count)| (sample, Due::Exactly(count))));
    let received = stage.frames.received.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let received = received.get(name).map_or(0, |bytes| bytes.len() as u64);
    let sent = stage.frames.ids().sent.get(name).copied().unwrap_or(0);
    dues.extend(bytes(sent, received));
    // A frame, a request or what became of a webhook is an input; a frame has more than ten bytes.
    dues.extend(commits(received / 10 + requests + 2 * acknowledged, began));
    dues
}

fn bytes(sent: u64, received: u64) -> [(String, Due); 2] {
    [("sent", sent), ("received", received)].map(|(direction, bytes)| {
        (format!("blindpost_link_bytes_total{{direction=\"{direction}\"}}"), Due::Exactly(bytes))
    })
}

/// Of commits there are at most as many as inputs, besides those of the start and of the clock, and they take no longer than
/// all of it took.
fn commits(inputs: u64, began: Time) -> Vec<(String, Due)> {
    let (most, seconds) = (inputs as f64 + 100.0, live::now().since(began).as_secs_f64());
    vec![
        ("blindpost_store_commits_total{result=\"durable\"}".to_owned(), Due::AtMost(most)),
        ("blindpost_store_commit_seconds_bucket".to_owned(), Due::AtMost(most)),
        ("blindpost_store_commit_seconds_count".to_owned(), Due::AtMost(most)),
        ("blindpost_store_commit_seconds_sum".to_owned(), Due::AtMost(seconds)),
    ]
}

/// What differs. Never says what was counted: that may be what somebody wants to know.
fn different(exposition: &str, dues: &Dues, party: &str) -> Vec<String> {
    let lines = exposition.lines().filter(|line| line.starts_with("blindpost_"));
    let samples: BTreeMap<&str, f64> =
        lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, value)| (name, number(value))).collect();
    let name = |sample: &str| sample.split('{').next().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for (sample, value) in &samples {
        let due = dues.get(*sample).or_else(|| dues.get(&name(sample)));
        let is_due = match due {
            Some(Due::Exactly(count)) => *value == *count as f64,
            Some(Due::AtMost(most)) => (0.0..=*most).contains(value),
            // Whatever can go wrong, nothing did.
            None => *value == 0.0,
        };
        if !is_due {
            let due = due.copied().unwrap_or(Due::Exactly(0));
            wrong.push(format!("{party} counts {sample}, which should be {due:?}"));
        }
    }
    for (sample, due) in dues.iter().filter(|(sample, _)| !samples.contains_key(&***sample)) {
        if matches!(due, Due::Exactly(1..)) {
            wrong.push(format!("{party} does not count {sample}, which should be {due:?}"));
        }
    }
    wrong
}

/// What is no number is nothing that was done.
fn number(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_says_anything_else_is_found() {
        let dues = Dues::from([
            ("blindpost_a_total{x=\"1\"}".to_owned(), Due::Exactly(7)),
            ("blindpost_b".to_owned(), Due::AtMost(3.0)),
        ]);
        let found = |text: &str| different(text, &dues, "node/0").len();
        assert_eq!(
            found("# TYPE blindpost_a_total counter\nblindpost_a_total{x=\"1\"} 7\nblindpost_b 2.5\n"),
            0
        );
        assert_eq!(found("blindpost_a_total{x=\"1\"} 7\nblindpost_c 0\n"), 0);
        for wrong in [
            "blindpost_a_total{x=\"1\"} 8",
            "",
            "blindpost_a_total{x=\"1\"} 7\nblindpost_b 3.5",
            "blindpost_a_total{x=\"1\"} 7\nblindpost_b NaN",
            "blindpost_a_total{x=\"1\"} 7\nblindpost_c 5123",
        ] {
            assert_eq!(found(wrong), 1, "{wrong}");
        }
        assert!(!different("blindpost_a_total{x=\"1\"} 5123", &dues, "node/0").concat().contains("5123"));
    }
}
