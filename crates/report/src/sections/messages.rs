//! One pass over the messages: what the sections on latency, throughput and sizes are made of.

use super::{Headline, float};
use crate::column::Row as _;
use crate::error::ReadError;
use crate::manifest::Manifest;
use crate::plot::{Unit, number, with_unit};
use crate::read::Run;
use crate::tables::Message;
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, BTreeSet};

/// How many intervals time is cut into.
pub(crate) const INTERVALS: usize = 60;
/// So many of the slowest messages are listed.
const SLOWEST: usize = 25;
const DAY_US: u64 = 86_400_000_000;

/// The stages that a message passes after it is accepted.
pub(crate) const STAGES: [&str; 5] = ["relay", "screen", "webhook", "delivered", "read"];

pub(crate) struct Messages {
    pub(crate) count: u64,
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) stages: Vec<Stage>,
    /// The length of an interval, in microseconds.
    pub(crate) interval_us: u64,
    pub(crate) accepted_in: Vec<u64>,
    pub(crate) delivered_in: Vec<u64>,
    pub(crate) statuses: BTreeMap<String, u64>,
    pub(crate) slowest: Vec<Slow>,
    pub(crate) text_sizes: Sizes,
    pub(crate) wire_sizes: Sizes,
}

/// The latencies of one stage, in microseconds since acceptance.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) all: Histogram<u64>,
    /// By the interval in which the message was made.
    pub(crate) over_time: Vec<Histogram<u64>>,
}

/// One of the slowest messages.
pub(crate) struct Slow {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) direction: String,
    pub(crate) created_us: u64,
    pub(crate) latency_us: u64,
    pub(crate) bytes: u64,
}

/// How often sizes occur, by a quarter of a power of two.
#[derive(Default)]
pub(crate) struct Sizes {
    pub(crate) bins: BTreeMap<u32, u64>,
    pub(crate) distinct: BTreeSet<u64>,
}

impl Messages {
    pub(crate) fn read(run: &Run) -> Result<Self, ReadError> {
        let start = run.manifest().facts.started_us;
        let mut end = run.manifest().totals.ended_us;
        run.scan(Message::TABLE, "messages", &["created_us", "delivered_us"], |batch| {
            end = batch.rows().filter_map(|row| row.u64(1).or(row.u64(0))).fold(end, u64::max);
        })?;
        let intervals = u64::try_from(INTERVALS).unwrap_or(1);
        let interval_us = end.saturating_sub(start).div_ceil(intervals).max(1);
        let mut found = Self::empty(interval_us);
        let columns = [
            "id",
            "kind",
            "direction",
            "status",
            "size_text",
            "size_envelope",
            "created_us",
            "accepted_us",
            "relay_us",
            "shown_us",
            "delivered_us",
            "read_us",
        ];
        let interval = |at: u64| {
            let place = usize::try_from(at.saturating_sub(start) / interval_us).unwrap_or(usize::MAX);
            place.min(INTERVALS - 1)
        };
        run.scan(Message::TABLE, "messages", &columns, |batch| {
            for row in batch.rows() {
                found.count += 1;
                match found.statuses.get_mut(row.text(3)) {
                    Some(count) => *count += 1,
                    None => drop(found.statuses.insert(row.text(3).into(), 1)),
                }
                found.text_sizes.add(row.u64(4).unwrap_or(0));
                if let Some(bytes) = row.u64(5) {
                    found.wire_sizes.add(bytes);
                }
                if let Some(at) = row.u64(10) {
                    found.delivered += 1;
                    count(&mut found.delivered_in, interval(at));
                }
                let (Some(created), Some(accepted)) = (row.u64(6), row.u64(7)) else { continue };
                found.accepted += 1;
                count(&mut found.accepted_in, interval(accepted));
                // What is shown is a screen's for a consumer, and a webhook's for a business.
                let (screen, webhook) = match row.text(2) {
                    "to-business" => (None, row.u64(9)),
                    _ => (row.u64(9), None),
                };
                let reached = [row.u64(8), screen, webhook, row.u64(10), row.u64(11)];
                for (stage, at) in found.stages.iter_mut().zip(reached) {
                    if let Some(latency) = at.and_then(|at| at.checked_sub(accepted)) {
                        stage.add(latency, interval(created));
                    }
                }
                if let Some(latency_us) = row.u64(10).and_then(|at| at.checked_sub(accepted)) {
                    found.slow(latency_us, || Slow {
                        id: row.u64(0).unwrap_or(0),
                        kind: row.text(1).into(),
                        direction: row.text(2).into(),
                        created_us: created.saturating_sub(start),
                        latency_us,
                        bytes: row.u64(5).unwrap_or(0),
                    });
                }
            }
        })?;
        Ok(found)
    }

    fn empty(interval_us: u64) -> Self {
        Self {
            count: 0,
            accepted: 0,
            delivered: 0,
            stages: STAGES.iter().filter_map(|name| Stage::new(name)).collect(),
            interval_us,
            accepted_in: vec![0; INTERVALS],
            delivered_in: vec![0; INTERVALS],
            statuses: BTreeMap::new(),
            slowest: vec![],
            text_sizes: Sizes::default(),
            wire_sizes: Sizes::default(),
        }
    }

    fn slow(&mut self, latency_us: u64, slow: impl FnOnce() -> Slow) {
        if self.slowest.len() == SLOWEST
            && self.slowest.last().is_some_and(|last| last.latency_us >= latency_us)
        {
            return;
        }
        let place = self.slowest.partition_point(|other| other.latency_us >= latency_us);
        self.slowest.insert(place, slow());
        self.slowest.truncate(SLOWEST);
    }

    /// The middle of an interval, in seconds since the start.
    pub(crate) fn middle_s(&self, interval: usize) -> f64 {
        (float(u64::try_from(interval).unwrap_or(0)) + 0.5) * self.interval_s()
    }

    pub(crate) fn interval_s(&self) -> f64 {
        float(self.interval_us) / 1e6
    }

    pub(crate) fn headlines(&self, manifest: &Manifest) -> Vec<Headline> {
        let totals = &manifest.totals;
        let virtual_s = float(totals.ended_us.saturating_sub(manifest.facts.started_us)) / 1e6;
        let mut headlines = vec![Headline {
            name: "Messages",
            value: number(float(totals.messages)),
            note: format!("in {} of virtual time", with_unit(virtual_s, Unit::Seconds)),
        }];
        if self.accepted > 0 {
            let share = float(self.delivered) / float(self.count.max(1));
            headlines.push(Headline {
                name: "Delivered",
                value: format!("{} %", number((share * 1e4).floor() / 100.0)),
                note: format!("{} of {}", number(float(self.delivered)), number(float(self.count))),
            });
        }
        if let Some(stage) =
            self.stages.iter().find(|stage| stage.name == "delivered" && !stage.all.is_empty())
        {
            let at = |quantile| with_unit(float(stage.all.value_at_quantile(quantile)), Unit::Microseconds);
            headlines.push(Headline {
                name: "Median delivery",
                value: at(0.5),
                note: format!("99 % within {}", at(0.99)),
            });
        }
        headlines.push(Headline {
            name: "Events",
            value: number(float(totals.events)),
            note: if totals.wall_s > 0.0 {
                format!(
                    "{} per s; {} × real time",
                    number((float(totals.events) / totals.wall_s).round()),
                    number((virtual_s / totals.wall_s).round())
                )
            } else {
                String::new()
            },
        });
        headlines
    }
}

impl Stage {
    fn new(name: &'static str) -> Option<Self> {
        // Two and three digits: a percent is finer than the eye, a permille finer than the question.
        let interval = Histogram::new_with_max(100 * DAY_US, 2).ok()?;
        Some(Self {
            name,
            all: Histogram::new_with_max(100 * DAY_US, 3).ok()?,
            over_time: vec![interval; INTERVALS],
        })
    }

    fn add(&mut self, latency_us: u64, interval: usize) {
        self.all.saturating_record(latency_us);
        if let Some(histogram) = self.over_time.get_mut(interval) {
            histogram.saturating_record(latency_us);
        }
    }
}

impl Sizes {
    fn add(&mut self, bytes: u64) {
        let quarter = crate::plot::index(float(bytes.max(1)).log2() * 4.0);
        *self.bins.entry(u32::try_from(quarter).unwrap_or(u32::MAX)).or_default() += 1;
        self.distinct.insert(bytes);
    }
}

fn count(counts: &mut [u64], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}
