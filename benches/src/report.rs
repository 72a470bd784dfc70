//! The comparison for people, as Markdown, and for programs, as JSON.

use ratchet::{Native, Suite};
use serde_json::{Value, json};
use std::fmt::Write as _;

use crate::comparison::{Comparison, Summary};
use crate::operation::Operation;
use crate::sizes::{self, Sizes};

/// Everything that was measured.
pub struct Report {
    /// Times.
    pub comparison: Comparison,
    /// Stored sessions of each suite.
    pub sizes: Vec<(Suite, Sizes)>,
    /// How many live sessions of suite `x3dh` were made.
    pub live_sessions: u32,
    /// What they took, in bytes.
    pub live_bytes: u64,
}

/// Something that issue 3 asks for.
struct Target {
    what: String,
    wanted: String,
    measured: String,
    met: bool,
}

impl Report {
    /// Of a comparison, with sizes.
    #[must_use]
    pub fn new(comparison: Comparison, live_sessions: u32, live_bytes: u64) -> Self {
        let suites = [Suite::X3dh, Suite::Pqxdh, Suite::Triple];
        let sizes = suites.into_iter().map(|suite| (suite, sizes::of::<Native>(suite))).collect();
        Self { comparison, sizes, live_sessions, live_bytes }
    }

    /// Tables that read well in a terminal too.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for operation in Operation::ALL {
            writeln!(out, "### {}\n\n{}", operation.title(), self.table(operation)).unwrap();
        }
        writeln!(out, "### Sizes of sessions\n\n{}", self.size_table()).unwrap();
        writeln!(out, "### Targets, for {}\n\n{}", self.comparison.judged().name, self.target_table())
            .unwrap();
        out
    }

    /// One row per operation and contestant, the targets, and the tables above.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut rows = Vec::new();
        for operation in Operation::ALL {
            for contestant in &self.comparison.contestants {
                let ours = contestant.ours;
                rows.push(json!({
                    "operation": operation.name(),
                    "contestant": contestant.name,
                    "suite": ours.map(|(suite, _)| suite.name()),
                    "provider": ours.map(|(_, provider)| provider.name()),
                    "us": contestant.micros[&operation],
                    "times_as_fast_as_official": self.speed(operation, contestant),
                    "floor_us": self.floor(operation, contestant),
                    "times_the_floor": self.above_floor(operation, contestant),
                }));
            }
        }
        let primitives: Vec<Value> = self
            .comparison
            .primitives
            .iter()
            .map(|((primitive, provider), us)| {
                json!({ "primitive": format!("{primitive:?}"), "provider": provider, "us": us })
            })
            .collect();
        let targets: Vec<Value> = self
            .targets()
            .into_iter()
            .map(|Target { what, wanted, measured, met }| {
                json!({ "what": what, "wanted": wanted, "measured": measured, "met": met })
            })
            .collect();
        json!({ "rows": rows, "primitives": primitives, "targets": targets, "markdown": self.markdown() })
    }

    fn table(&self, operation: Operation) -> String {
        let mut rows = vec![["", "µs", "official ÷ it", "floor, µs", "it ÷ floor"].map(str::to_owned)];
        for contestant in &self.comparison.contestants {
            rows.push([
                contestant.name.clone(),
                micros(contestant.micros[&operation]),
                ratio(self.speed(operation, contestant)),
                self.floor(operation, contestant).map_or_else(String::new, micros),
                self.above_floor(operation, contestant).map_or_else(String::new, ratio),
            ]);
        }
        aligned(&rows)
    }

    fn size_table(&self) -> String {
        let mut rows = vec![["", "bytes"].map(str::to_owned)];
        for (suite, sizes) in &self.sizes {
            let Sizes { largest, between_epochs } = sizes;
            if largest == between_epochs {
                rows.push([
                    format!("ours, {suite}, at most, when every message is answered"),
                    largest.to_string(),
                ]);
            } else {
                rows.push([format!("ours, {suite}, at most, between epochs"), between_epochs.to_string()]);
                rows.push([format!("ours, {suite}, at most, within an epoch"), largest.to_string()]);
            }
        }
        for contestant in self.comparison.contestants.iter().filter(|contestant| contestant.ours.is_none()) {
            rows.push([format!("{}, on a chain", contestant.name), contestant.serialized_size.to_string()]);
        }
        rows.push([
            format!("live in memory, ours, x3dh, each of {}", self.live_sessions),
            (self.live_bytes / u64::from(self.live_sessions)).to_string(),
        ]);
        aligned(&rows)
    }

    fn target_table(&self) -> String {
        let mut rows = vec![["", "target", "measured", "met"].map(str::to_owned)];
        for Target { what, wanted, measured, met } in self.targets() {
            rows.push([what, wanted, measured, if met { "yes" } else { "**no**" }.to_owned()]);
        }
        aligned(&rows)
    }

    fn targets(&self) -> Vec<Target> {
        let judged = self.comparison.judged();
        let mut targets = Vec::new();
        for operation in Operation::ALL {
            let name = operation.title();
            if let Some(wanted) = operation.times_as_fast() {
                let speed = self.speed(operation, judged);
                targets.push(Target {
                    what: format!("{name}: official ÷ ours"),
                    wanted: format!("≥ {wanted}"),
                    measured: ratio(speed),
                    met: speed >= wanted,
                });
            }
            if let (Some(wanted), Some(times)) =
                (operation.times_the_floor(), self.above_floor(operation, judged))
            {
                targets.push(Target {
                    what: format!("{name}: ours ÷ floor"),
                    wanted: format!("≤ {wanted}"),
                    measured: ratio(times),
                    met: times <= wanted,
                });
            }
        }
        let both = |of: &dyn Fn(Operation) -> f64| of(Operation::Serialize) + of(Operation::Deserialize);
        let speed = both(&|operation| self.comparison.official(operation))
            / both(&|operation| judged.micros[&operation]);
        targets.push(Target {
            what: "serialize + deserialize: official ÷ ours".to_owned(),
            wanted: "≥ 1".to_owned(),
            measured: ratio(speed),
            met: speed >= 1.0,
        });
        for (suite, sizes) in &self.sizes {
            let (what, size, wanted) = match suite {
                Suite::X3dh => ("stored", sizes.largest, 600),
                Suite::Triple => ("stored between epochs", sizes.between_epochs, 4096),
                _ => continue,
            };
            targets.push(Target {
                what: format!("{suite}: {what}"),
                wanted: format!("≤ {wanted} B"),
                measured: format!("{size} B"),
                met: size <= wanted,
            });
        }
        // The promise is for 100,000 sessions; fewer are measured for a quick look.
        let megabytes = self.live_bytes as f64 / f64::from(self.live_sessions) * 100_000.0 / 1e6;
        targets.push(Target {
            what: "x3dh: 100,000 live sessions".to_owned(),
            wanted: "≤ 150 MB".to_owned(),
            measured: format!("{megabytes:.0} MB"),
            met: megabytes <= 150.0,
        });
        targets
    }

    fn speed(&self, operation: Operation, contestant: &Summary) -> f64 {
        self.comparison.official(operation) / contestant.micros[&operation]
    }

    fn floor(&self, operation: Operation, contestant: &Summary) -> Option<f64> {
        let (suite, provider) = contestant.ours?;
        self.comparison.floor(operation, suite, provider)
    }

    fn above_floor(&self, operation: Operation, contestant: &Summary) -> Option<f64> {
        self.floor(operation, contestant).map(|floor| contestant.micros[&operation] / floor)
    }
}

fn micros(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// A Markdown table whose columns line up; the first row is its head, and all columns but the first are numbers.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3);
    let mut out = String::new();
    for (at, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let cell = if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            write!(out, "| {cell} ").unwrap();
        }
        out.push_str("|\n");
        if at == 0 {
            for column in 0..N {
                let dashes = "-".repeat(width(column) + 1);
                write!(out, "|{dashes}{}", if column == 0 { '-' } else { ':' }).unwrap();
            }
            out.push_str("|\n");
        }
    }
    out
}
