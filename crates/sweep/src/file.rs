//! Sweep files: what a person writes, and what is wrong with it.

use crate::measures::MEASURES;
use crate::plan::{self, Point, Sample, Vary};
use scenario::{Scenario, ScenarioError};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the format.
const VERSION: u32 = 1;
/// More runs than anybody waits for; a sweep of more is a mistake in a range.
const MOST_RUNS: usize = 1_000_000;

/// What to vary, and how often to repeat it.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The settings under which the scenario is run.
    pub points: Vec<Point>,
    /// The seeds with which each is run.
    pub seeds: Vec<u64>,
    /// The keys that are drawn on a logarithmic axis: those of logarithmic ranges.
    pub logarithmic: Vec<String>,
    /// The measures that are drawn; all are written.
    pub plots: Vec<String>,
}

/// A file is no sweep.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("can't read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// It is not what docs/sweeps.md describes.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, where, and what would be right.
        problem: String,
    },
    /// A scenario that it makes can't be run.
    #[error("{settings}")]
    Scenario {
        /// With which settings.
        settings: String,
        /// What is wrong with it.
        reason: Box<ScenarioError>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    name: String,
    #[serde(default)]
    description: String,
    scenario: PathBuf,
    seeds: Seeds,
    #[serde(default)]
    vary: Vec<Vary>,
    sample: Option<Sample>,
    plot: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "seeds are a text such as \"1..20\" or an array of numbers")]
enum Seeds {
    Range(String),
    List(Vec<u64>),
}

impl Sweep {
    /// Reads a sweep, and the scenario that it names (relative to the file). `changes` are made to every point's
    /// scenario before its own.
    ///
    /// # Errors
    /// If one of the two is wrong, or any point can't be run: nothing is run before all can be.
    pub fn read(path: &Path, changes: &[(String, String)]) -> Result<Self, FileError> {
        let text =
            fs::read_to_string(path).map_err(|reason| FileError::Read { path: path.into(), reason })?;
        let wrong = |problem: String| FileError::Wrong { path: path.into(), problem };
        // The version first: another one has other keys.
        let version = text.parse::<toml::Table>().ok().and_then(|table| table.get("version")?.as_integer());
        if version.is_some_and(|version| version != i64::from(VERSION)) {
            return Err(wrong(format!(
                "this is version {}; this blindpost reads version {VERSION} (docs/sweeps.md)",
                version.unwrap_or_default()
            )));
        }
        let document: Document = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        debug_assert_eq!(document.version, VERSION);
        let plots = document.plot.unwrap_or_else(|| plan::PLOTS.map(String::from).to_vec());
        if let Some(unknown) = plots.iter().find(|plot| !MEASURES.contains(&plot.as_str())) {
            return Err(wrong(format!(
                "`plot` has no measure `{unknown}`; there are {}",
                MEASURES.join(", ")
            )));
        }
        let seeds = document.seeds.numbers().map_err(wrong)?;
        let (logarithmic, settings) =
            plan::settings(&document.vary, document.sample.as_ref()).map_err(wrong)?;
        if settings.len().saturating_mul(seeds.len()) > MOST_RUNS {
            return Err(wrong(format!(
                "{} points with {} seeds each are more than {MOST_RUNS} runs; take fewer steps, or `[sample]`",
                settings.len(),
                seeds.len()
            )));
        }
        let file = path.parent().unwrap_or(Path::new("")).join(&document.scenario);
        let of = |settings: &str| {
            let settings = settings.to_owned();
            move |reason| FileError::Scenario { settings, reason: Box::new(reason) }
        };
        let scenario = Scenario::read(&file).map_err(of("the sweep's scenario can't be read"))?;
        let changes = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let scenario = scenario.with_all(changes).map_err(of("the sweep's scenario can't be changed"))?;
        let points = settings.into_iter().map(|settings| {
            let point = Point::new(scenario.clone(), settings.clone());
            point.map_err(of(&format!("the point {} can't be run", plan::told(&settings))))
        });
        Ok(Self {
            name: document.name,
            description: document.description,
            points: points.collect::<Result<_, _>>()?,
            seeds,
            logarithmic,
            plots,
        })
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.points.len() * self.seeds.len()
    }
}

impl Seeds {
    fn numbers(&self) -> Result<Vec<u64>, String> {
        let numbers: Vec<u64> = match self {
            Self::List(numbers) => numbers.clone(),
            Self::Range(text) => {
                let ends = text.split_once("..").and_then(|(first, last)| {
                    let last = last.strip_prefix('=').unwrap_or(last);
                    Some((first.trim().parse::<u64>().ok()?, last.trim().parse::<u64>().ok()?))
                });
                let (first, last) = ends.filter(|(first, last)| first <= last).ok_or_else(|| {
                    format!("`seeds = \"{text}\"` is no range of seeds; write for example \"1..20\"")
                })?;
                if last - first >= MOST_RUNS as u64 {
                    return Err(format!("`seeds = \"{text}\"` are more than {MOST_RUNS} runs"));
                }
                (first..=last).collect()
            }
        };
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        match (numbers.is_empty(), sorted.len() == numbers.len()) {
            (true, _) => Err("`seeds` is empty; one is the least".into()),
            (_, false) => Err("`seeds` has a number twice: that would count one run as two".into()),
            _ => Ok(numbers),
        }
    }
}

impl FileError {
    /// What is wrong with the scenario, with its place and a hint, if it is that.
    pub fn into_scenario(self) -> Result<ScenarioError, Self> {
        match self {
            Self::Scenario { reason, .. } => Ok(*reason),
            other => Err(other),
        }
    }
}
