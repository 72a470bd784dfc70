//! Metrics: which there are, and which labels each may have.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::class;
use super::form::{Declaration, Declared, Parts};
use super::{Leaf, Problem, Seen, Surfaces, SurfacesError, Value};
use crate::{Cell, DataClass, Principal};

/// Metrics by name.
pub(super) type RawCatalogue = BTreeMap<String, RawMetric>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetric {
    kind: Kind,
    /// What the number tells.
    class: String,
    /// What each label may be; all of them, so that no id gets in.
    #[serde(default)]
    labels: BTreeMap<String, Declaration>,
}

/// What a metric is to a scraper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

pub(super) struct Catalogue {
    metrics: BTreeMap<String, Metric>,
}

struct Metric {
    kind: Kind,
    class: DataClass,
    labels: BTreeMap<String, Declared>,
}

/// A metric as the source names it: what a list of them is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricName {
    /// Its name.
    pub name: String,
    /// The names of its labels, sorted.
    pub labels: Vec<String>,
}

impl Surfaces {
    /// Metrics as a scraper gets them (Prometheus' text format): each value with its labels, and what nobody has
    /// classified.
    pub fn metrics(&self, exposition: &str) -> Seen {
        let mut seen = Seen::default();
        for line in exposition.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix('#') {
                Some(comment) => self.comment(comment.trim(), &mut seen),
                None => self.sample(line, &mut seen),
            }
        }
        seen
    }

    /// What is wrong with metrics as a scraper gets them.
    pub fn check_metrics(&self, exposition: &str) -> Vec<Problem> {
        self.metrics(exposition).problems
    }

    /// Every metric that there may be: what is in the source is compared with it.
    pub fn metric_names(&self) -> Vec<MetricName> {
        let name = |(name, metric): (&String, &Metric)| MetricName {
            name: name.clone(),
            labels: metric.labels.keys().cloned().collect(),
        };
        self.metrics.metrics.iter().map(name).collect()
    }

    /// `HELP` is text of the program's, so it may be anything but about a metric that nobody knows.
    fn comment(&self, comment: &str, seen: &mut Seen) {
        let mut words = comment.split_whitespace();
        let name = match words.next() {
            Some("HELP" | "TYPE") => words.next(),
            _ => None,
        };
        if name.is_none_or(|name| self.metrics.find(name).is_none()) {
            seen.problems.push(undeclared(format!("a comment on {}", name.unwrap_or("nothing"))));
        }
    }

    fn sample(&self, line: &str, seen: &mut Seen) {
        let Some(Sample { name, labels, value }) = Sample::parse(line) else {
            return seen.absorb(Seen::unreadable("a line of metrics", "want name{label=\"value\"} number"));
        };
        let Some((known, metric)) = self.metrics.find(name) else {
            return seen.problems.push(undeclared(format!("metric {name}")));
        };
        for (label, value) in labels {
            let what = format!("label {label} of metric {known}");
            let value = Value::Text(value);
            if metric.kind.adds(&label) {
                continue;
            }
            match metric.labels.get(&label) {
                Some(declared) => {
                    seen.problems.extend(declared.problem(&what, &value));
                    self.total(what, declared.class, value, seen);
                }
                None => seen.problems.push(undeclared(what)),
            }
        }
        match value.parse::<f64>() {
            Ok(_) => self.total(format!("metric {known}"), metric.class, Value::Text(value.to_owned()), seen),
            Err(error) => seen.absorb(Seen::unreadable(format!("metric {known}"), error)),
        }
    }

    /// A metric is a total: what a principal may have as totals only, it may have here.
    fn total(&self, path: String, class: DataClass, value: Value, seen: &mut Seen) {
        let (principal, cell) = (Principal::Operator, self.policy.cell(Principal::Operator, class));
        if !matches!(cell, Cell::Yes | Cell::Own | Cell::Aggregated) {
            seen.problems.push(Problem::NotAllowed { what: path.clone(), class, principal, cell });
        }
        seen.leaves.push(Leaf { path, class, value });
    }
}

fn undeclared(what: String) -> Problem {
    Problem::Undeclared { what, section: "metrics".into() }
}

impl Catalogue {
    pub(super) fn parse(raw: &RawCatalogue, parts: &Parts) -> Result<Self, SurfacesError> {
        let metrics = raw.iter().map(|(name, metric)| {
            let place = format!("metrics.{name}");
            let labels = metric.labels.iter().map(|(label, declaration)| {
                let place = format!("{place}.labels.{label}");
                // A label without a form could be an id, whatever its class.
                match declaration {
                    Declaration::Formed { is, .. } if !is.is_empty() => {}
                    _ => return Err(SurfacesError::Formless(place)),
                }
                Ok((label.clone(), Declared::parse(&place, declaration, parts)?))
            });
            let labels = labels.collect::<Result<_, SurfacesError>>()?;
            let class = class(&place, &metric.class)?;
            Ok((name.clone(), Metric { kind: metric.kind, class, labels }))
        });
        Ok(Self { metrics: metrics.collect::<Result<_, SurfacesError>>()? })
    }

    /// The metric that a sample belongs to: a histogram's have a suffix.
    fn find(&self, sample: &str) -> Option<(&str, &Metric)> {
        let found = |name| self.metrics.get_key_value(name).map(|(name, metric)| (name.as_str(), metric));
        let of_many = |suffix| {
            let (name, metric) = found(sample.strip_suffix(suffix)?)?;
            matches!(metric.kind, Kind::Histogram | Kind::Summary).then_some((name, metric))
        };
        found(sample).or_else(|| ["_bucket", "_sum", "_count"].into_iter().find_map(of_many))
    }
}

impl Kind {
    /// True for a label that every metric of this kind has.
    fn adds(self, label: &str) -> bool {
        matches!((self, label), (Self::Histogram, "le") | (Self::Summary, "quantile"))
    }
}

/// `name{label="value",…} value [time]`.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(String, String)>,
    value: &'a str,
}

impl<'a> Sample<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_at(line.find(['{', ' '])?);
        let mut labels = Vec::new();
        let Some(mut rest) = rest.strip_prefix('{') else {
            return Some(Self { name, labels, value: rest.split_whitespace().next()? });
        };
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if let Some(after) = rest.strip_prefix('}') {
                return Some(Self { name, labels, value: after.split_whitespace().next()? });
            }
            let (label, after) = rest.split_once("=\"")?;
            let (value, after) = unquote(after)?;
            labels.push((label.to_owned(), value));
            rest = after;
        }
    }
}

/// The text up to the quote that ends it, and what comes after.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (_, '\\') => value.push(characters.next()?.1),
            (at, '"') => return Some((value, text.get(at + 1..)?)),
            (_, character) => value.push(character),
        }
    }
}
