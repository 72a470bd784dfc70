//! Destruction: what was delivered, or has been kept for as long as it may be, is in nobody's rows any more.
//!
//! Rows are looked at as machines write them, before they are sealed: what is not in them can't be on a disk under any
//! key. That the disk forgets what is deleted from rows is shown with real processes.

use super::canaries;
use super::stage::{self, Direction, Performance, StageError};
use super::views;
use crate::matrix::{Leak, Matrix};
use kernel::Row;
use privacy::{Canary, DataClass, Finding, Principal, Scanner};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;
use world::{Kind, Who};

/// What was looked for in rows, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remains {
    /// Why it had to be gone.
    pub what: &'static str,
    /// How many texts and envelopes there were.
    pub planted: usize,
    /// How many of them were in rows while they might be.
    pub before: usize,
    /// How many still were when they might not be.
    pub after: usize,
}

/// The regulars are away when they are written to, and what is for them is kept for 20 seconds.
const EXPIRY: [(&str, &str); 3] = [
    ("consumers.regulars.online", "{ kind = \"away\", from = \"10s\", until = \"1h\" }"),
    ("node.retention", "20s"),
    ("relay.retention", "20s"),
];

/// Something waits then, and has not waited too long.
const PEEK: Duration = Duration::from_secs(35);

/// Looks for what was delivered, and for what has expired.
///
/// # Errors
/// [`StageError`].
pub(crate) fn look(seed: u64, matrix: &mut Matrix) -> Result<Vec<Remains>, StageError> {
    let delivered = stage::play(&Direction { peek: Some(PEEK), ..Direction::default() }, seed)?;
    let direction = Direction { changes: EXPIRY.to_vec(), peek: Some(PEEK), ..Direction::default() };
    let expired = stage::play(&direction, seed)?;
    let all = [
        remains("delivered and acknowledged", &delivered, matrix)?,
        remains("kept for the retention period", &expired, matrix)?,
    ];
    let addresses = addresses(&expired, matrix)?;
    let all = all.into_iter().chain([addresses]).collect::<Vec<_>>();
    if all.iter().all(|remains| remains.before == 0) {
        matrix.blind(
            "destruction",
            "nothing was in rows while it might be: that it is gone later proves nothing",
        );
    }
    Ok(all)
}

/// Whose number is in rows of relay and nodes when nothing is kept any more that was said. What may stay the policy says,
/// and that must be seen there.
fn addresses(played: &Performance, matrix: &mut Matrix) -> Result<Remains, StageError> {
    let what = "consumers' addresses, when all messages are gone";
    let numbers = canaries::of(played).into_iter();
    let numbers: Vec<Canary> =
        numbers.filter(|canary| canary.class() == DataClass::ConsumerAddress).collect();
    let scanner = Scanner::new(numbers.iter().cloned());
    let scanner = scanner.map_err(|error| StageError::Parties(error.to_string()))?;
    let tables = |disks: &[(Who, Vec<Row>)]| {
        let mut found = BTreeSet::new();
        for (who, rows) in disks {
            for row in rows {
                let mut seen = scanner.view("key").feed(&row.key);
                seen.extend(scanner.view("value").feed(&row.value));
                let of = |finding: Finding| (*who, row.table.name(), finding.canary.to_string());
                found.extend(seen.into_iter().map(of));
            }
        }
        found
    };
    let (before, after) = (tables(&played.peeked), tables(&played.disks));
    let outlives = matrix.policy().outlives().iter();
    let may: BTreeSet<(Principal, String)> = outlives
        .filter(|outlives| outlives.class == DataClass::ConsumerAddress)
        .flat_map(|outlives| outlives.at.iter().map(|at| (*at, outlives.rows.clone())))
        .collect();
    let place = |who: Who, table: &str| (views::principal(&who.to_string()), table.to_owned());
    let seen: BTreeSet<_> = after.iter().map(|(who, table, _)| place(*who, table)).collect();
    for (principal, table) in may.difference(&seen) {
        let what = format!("no consumer's address is in rows `{table}` of {principal}, where one may stay");
        matrix.blind("destruction", what);
    }
    let kept: BTreeSet<_> =
        after.iter().filter(|(who, table, _)| !may.contains(&place(*who, table))).collect();
    for (who, table, number) in &kept {
        matrix.leak(Leak {
            layer: "destruction",
            principal: views::principal(&who.to_string()).name().into(),
            class: Some(DataClass::ConsumerAddress.name().into()),
            what: format!("all messages are gone, and the {number} is still in rows `{table}` of {who}"),
        });
    }
    Ok(Remains { what, planted: numbers.len(), before: before.len(), after: kept.len() })
}

fn remains(what: &'static str, played: &Performance, matrix: &mut Matrix) -> Result<Remains, StageError> {
    let transient = |canary: &Canary| matches!(canary.class(), DataClass::Content | DataClass::Routing);
    // The business's own note outlives the text: it is echoed with each status.
    let note = |canary: &Canary| canary.name().starts_with("callback data");
    let planted: Vec<Canary> =
        canaries::of(played).into_iter().filter(|canary| transient(canary) && !note(canary)).collect();
    let scanner = Scanner::new(planted.iter().cloned());
    let scanner = scanner.map_err(|error| StageError::Parties(error.to_string()))?;
    let before = found(&scanner, &played.peeked);
    let after = found(&scanner, &played.disks);
    let names = |found: &[(Who, Finding)]| found.iter().map(|(_, finding)| finding.canary.clone()).collect();
    let (before, gone): (BTreeSet<_>, BTreeSet<_>) = (names(&before), names(&after));
    let mut told = BTreeSet::new();
    for (who, finding) in &after {
        let principal = views::principal(&who.to_string());
        if told.insert((principal, finding.class)) {
            matrix.leak(Leak {
                layer: "destruction",
                principal: principal.name().into(),
                class: Some(finding.class.name().into()),
                what: format!("{what}, and still in the rows of {who}: {finding}"),
            });
        }
    }
    Ok(Remains { what, planted: planted.len(), before: before.len(), after: gone.len() })
}

/// Texts in the rows of nodes, and envelopes in those of relays: a node needs the names of what it has sent.
fn found(scanner: &Scanner, disks: &[(Who, Vec<Row>)]) -> Vec<(Who, Finding)> {
    let mut all = Vec::new();
    for (who, rows) in disks {
        let class = if who.kind() == Kind::Relay { DataClass::Routing } else { DataClass::Content };
        for row in rows {
            let mut stream = scanner.view(row.table.name());
            let findings = stream.feed(&row.value);
            all.extend(findings.into_iter().filter(|found| found.class == class).map(|found| (*who, found)));
        }
    }
    all
}
