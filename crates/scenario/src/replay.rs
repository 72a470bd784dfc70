//! Recorded traffic: a CSV file beside the scenario's.

use crate::document::Node;
use crate::meaning::MAX_TEXT;
use crate::problem::{Place, Problem};
use crate::quantity::scaled;
use crate::{Replay, ReplayRow, Scenario, bounded};
use miette::NamedSource;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HEADER: &str = "at_s,from,to,bytes";
/// Wrong rows that are shown; of the others only how many they are.
const MOST_TOLD: usize = 20;

/// More than any scenario's duration.
const MOST_SECONDS: f64 = 1e9;

const HOW: &str = "a row is seconds after the start of traffic, numbers of sender and recipient in their populations \
                   from 0, and bytes of text: `12.5,0,17,60`";

/// Reads the rows of every replay of `scenario`; says what is wrong with them.
pub(crate) fn read(scenario: &mut Scenario, document: &Node, folder: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut traffic = std::mem::take(&mut scenario.traffic);
    for (index, entry) in traffic.iter_mut().enumerate() {
        let (from, to) = (Members::of(scenario, &entry.from), Members::of(scenario, &entry.to));
        let (Some(replay), Some(from), Some(to)) = (&mut entry.replay, from, to) else { continue };
        let place = document.find(&["traffic", &index.to_string(), "replay"]);
        match bounded::read(&folder.join(&replay.path), bounded::REPLAY) {
            Ok(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => problems.extend(read_rows(replay, text, scenario, &from, &to)),
                Err(error) => problems.push(not_utf8(replay, &bytes, error.valid_up_to())),
            },
            Err(error) => {
                let problem =
                    format!("can't read the replay {}: {error}", folder.join(&replay.path).display());
                problems.push(Problem::new(
                    place.clone(),
                    problem,
                    "its path is relative to the scenario's folder",
                ));
            }
        }
    }
    scenario.traffic = traffic;
    problems
}

/// Where a file stops being text.
fn not_utf8(replay: &Replay, bytes: &[u8], at: usize) -> Problem {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let line = bytes.get(..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1;
    let place = Place::new(Arc::new(NamedSource::new(&replay.path, text)), at..at);
    Problem::new(place, format!("line {line} is not UTF-8"), "save the file as UTF-8")
}

/// Of a population: how many, how many came before, and whether they are businesses.
struct Members {
    count: u32,
    before: u32,
    are_businesses: bool,
}

impl Members {
    fn of(scenario: &Scenario, name: &str) -> Option<Self> {
        let find = |populations: &mut dyn Iterator<Item = (&String, u32)>, are_businesses| {
            let mut before = 0_u32;
            for (other, count) in populations {
                if other == name {
                    return Some(Self { count, before, are_businesses });
                }
                before = before.saturating_add(count);
            }
            None
        };
        find(&mut scenario.consumers.iter().map(|p| (&p.name, p.count)), false)
            .or_else(|| find(&mut scenario.businesses.iter().map(|p| (&p.name, p.count)), true))
    }

    /// The relay of a member: nodes and consumers are dealt over relays, businesses over nodes.
    fn relay(&self, scenario: &Scenario, index: u32) -> u32 {
        let index = self.before.saturating_add(index);
        let index = if self.are_businesses { index % scenario.node.count.max(1) } else { index };
        index % scenario.relay.count.max(1)
    }
}

fn read_rows(
    replay: &mut Replay,
    text: &str,
    scenario: &Scenario,
    from: &Members,
    to: &Members,
) -> Vec<Problem> {
    let source = Arc::new(NamedSource::new(&replay.path, text.to_owned()));
    let mut problems = Vec::new();
    let mut untold = 0_usize;
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end();
        let place = Place::new(Arc::clone(&source), at..at + content.len());
        at += line.len();
        if number == 0 {
            if fields(content.trim_start_matches('\u{feff}')).ne(HEADER.split(',')) {
                problems.push(Problem::new(
                    place,
                    "a replay begins with its header",
                    format!("write `{HEADER}`"),
                ));
                break;
            }
            continue;
        }
        if content.is_empty() {
            continue;
        }
        match row(content, replay.rows.last(), scenario, from, to) {
            Ok(row) => replay.rows.push(row),
            Err(_) if problems.len() == MOST_TOLD => untold += 1,
            Err((problem, hint)) => problems.push(Problem::new(place, problem, hint)),
        }
    }
    if untold > 0 {
        let place = Place::new(Arc::clone(&source), at..at);
        let problem = format!("and {untold} more rows are wrong");
        problems.push(Problem::new(place, problem, "mend those above first"));
    }
    if text.is_empty() {
        let place = Place::new(source, 0..0);
        problems.push(Problem::new(place, "this replay is empty", format!("it begins with `{HEADER}`")));
    }
    problems
}

type Wrong = (String, String);

/// The fields of a line, which may be quoted: nothing in them needs to be.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| {
        let field = field.trim();
        field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
    })
}

/// Seconds as nanoseconds, rounded to the next one; with an exponent too, as programs write them.
fn nanoseconds(seconds: &str) -> Option<u64> {
    scaled(seconds, 1_000_000_000).or_else(|| {
        let seconds = seconds.parse::<f64>().ok().filter(|seconds| (0.0..=MOST_SECONDS).contains(seconds))?;
        u64::try_from(Duration::from_secs_f64(seconds).as_nanos()).ok()
    })
}

fn row(
    line: &str,
    before: Option<&ReplayRow>,
    scenario: &Scenario,
    from: &Members,
    to: &Members,
) -> Result<ReplayRow, Wrong> {
    let wrong = |problem: String, hint: &str| Err((problem, hint.to_owned()));
    let fields: Vec<&str> = fields(line).collect();
    let [at_s, sender, recipient, bytes] = fields.as_slice() else {
        return wrong(format!("a row has 4 fields, this one {}", fields.len()), HOW);
    };
    let Some(nanos) = nanoseconds(at_s) else {
        return wrong(format!("`{at_s}` is not a number of seconds"), HOW);
    };
    let number = |field: &str| {
        field.parse::<u32>().map_err(|_| (format!("`{field}` is not a number"), HOW.to_owned()))
    };
    let at = Duration::from_nanos(nanos);
    let row = ReplayRow { at, from: number(sender)?, to: number(recipient)?, bytes: number(bytes)? };
    for (index, members, who) in [(row.from, from, "sender"), (row.to, to, "recipient")] {
        if index >= members.count {
            let hint = format!("its population has numbers from 0 to {}", members.count.saturating_sub(1));
            return Err((format!("there is no {who} {index}"), hint));
        }
    }
    if before.is_some_and(|before| before.at > row.at) {
        return wrong("this row is earlier than the one before".into(), "sort the rows by `at_s`");
    }
    if row.at >= scenario.duration.to_std() {
        return wrong(
            "this row is after the end of the scenario's duration".into(),
            "make `duration` longer, or leave it out",
        );
    }
    if row.bytes == 0 || u64::from(row.bytes) > MAX_TEXT {
        return wrong(format!("a text can't have {} bytes", row.bytes), "from 1 to 4096");
    }
    if from.before == to.before && from.are_businesses == to.are_businesses && row.from == row.to {
        return wrong("somebody writes to themselves".into(), "take another recipient");
    }
    if from.relay(scenario, row.from) != to.relay(scenario, row.to) {
        return wrong(
            "sender and recipient are on different relays".into(),
            "nobody writes from one relay to another: their numbers, counted through all populations, have to be the \
             same modulo `relay.count`; or have one relay",
        );
    }
    Ok(row)
}

/// What a replay is in the canonical form: what it says, wherever it stands.
pub(crate) fn canonical(replay: &Replay) -> serde_json::Value {
    let row =
        |row: &ReplayRow| serde_json::json!([row.at.as_nanos().to_string(), row.from, row.to, row.bytes]);
    replay.rows.iter().map(row).collect()
}
