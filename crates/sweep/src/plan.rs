//! From what varies to points: a grid, or a Latin hypercube.

use kernel::{Rng, Seed};
use scenario::{Scenario, ScenarioError};
use serde::{Deserialize, Serialize};

/// What is drawn if a sweep doesn't say.
pub(crate) const PLOTS: [&str; 4] = ["latency_median_ms", "latency_p99_ms", "delivered_share", "failed"];

/// How many values a range has if it doesn't say.
const STEPS: u32 = 5;

/// One setting of everything that varies.
#[derive(Debug, Clone)]
pub struct Point {
    /// What was varied, in the order of the file.
    pub settings: Vec<Setting>,
    /// The scenario with these settings.
    pub scenario: Scenario,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The key, as `--set` names it.
    pub key: String,
    /// The value, as a scenario file has it.
    pub value: String,
}

/// A key that varies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vary {
    key: String,
    values: Option<Vec<toml::Value>>,
    range: Option<Range>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: toml::Value,
    to: toml::Value,
    steps: Option<u32>,
    #[serde(default)]
    scale: Scale,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scale {
    #[default]
    Linear,
    Log,
}

/// Points drawn from the ranges instead of a grid over them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) points: u32,
    #[serde(default = "one")]
    pub(crate) seed: u64,
}

fn one() -> u64 {
    1
}

impl Point {
    pub(crate) fn new(scenario: Scenario, settings: Vec<Setting>) -> Result<Self, ScenarioError> {
        let changes = settings.iter().map(|setting| (setting.key.as_str(), setting.value.as_str()));
        let scenario = scenario.with_all(changes)?;
        Ok(Self { settings, scenario })
    }

    /// The settings for people.
    #[must_use]
    pub fn told(&self) -> String {
        told(&self.settings)
    }
}

pub(crate) fn told(settings: &[Setting]) -> String {
    let settings: Vec<String> =
        settings.iter().map(|Setting { key, value }| format!("{key} = {value}")).collect();
    settings.join(", ")
}

impl Setting {
    /// The number in the value, without its unit.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        split(&self.value).map(|(number, _)| number)
    }
}

/// The keys that vary on a logarithmic scale, and the settings of every point.
pub(crate) fn settings(
    varied: &[Vary],
    sample: Option<&Sample>,
) -> Result<(Vec<String>, Vec<Vec<Setting>>), String> {
    if varied.is_empty() {
        return Err("nothing varies; add a `[[vary]]` with `key` and `values` or `range`".into());
    }
    for (index, vary) in varied.iter().enumerate() {
        if varied.iter().take(index).any(|before| before.key == vary.key) {
            return Err(format!("`{}` varies twice", vary.key));
        }
    }
    let axes: Vec<Axis> = varied.iter().map(Axis::of).collect::<Result<_, _>>()?;
    let points = match sample {
        None => grid(&axes),
        Some(Sample { points: 0, .. }) => return Err("`sample.points` is 0; one is the least".into()),
        Some(sample) => latin_hypercube(&axes, sample.points, sample.seed),
    };
    let logarithmic = axes.iter().filter(|axis| axis.is_logarithmic()).map(|axis| axis.key.clone());
    Ok((logarithmic.collect(), points))
}

/// A key and all that it can be.
struct Axis {
    key: String,
    values: Values,
}

enum Values {
    List(Vec<String>),
    Between { from: f64, to: f64, unit: String, scale: Scale, whole: bool, steps: u32 },
}

impl Axis {
    fn of(vary: &Vary) -> Result<Self, String> {
        let key = &vary.key;
        let values = match (&vary.values, &vary.range) {
            (Some(values), None) if values.is_empty() => return Err(format!("`{key}` has no values")),
            (Some(values), None) => Values::List(values.iter().map(text_of).collect()),
            (None, Some(range)) => range.values().map_err(|why| format!("the range of `{key}` {why}"))?,
            _ => return Err(format!("`{key}` needs either `values` or `range`")),
        };
        Ok(Self { key: key.clone(), values })
    }

    /// Whether equal factors are equally far apart.
    fn is_logarithmic(&self) -> bool {
        matches!(self.values, Values::Between { scale: Scale::Log, .. })
    }

    /// What a grid takes of it.
    fn steps(&self) -> Vec<String> {
        match &self.values {
            Values::List(values) => values.clone(),
            Values::Between { steps, .. } => {
                let last = f64::from((*steps).max(2) - 1);
                let mut values: Vec<String> =
                    (0..*steps).map(|step| self.at(f64::from(step) / last)).collect();
                values.dedup();
                values
            }
        }
    }

    /// The value at a share of the way, from 0 to 1.
    fn at(&self, share: f64) -> String {
        match &self.values {
            Values::List(values) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a length"
                )]
                let index = (share * values.len() as f64) as usize;
                values.get(index.min(values.len() - 1)).cloned().unwrap_or_default()
            }
            Values::Between { from, to, unit, scale, whole, .. } => {
                let number = match scale {
                    Scale::Linear => from + (to - from) * share,
                    Scale::Log => from * libm::exp(libm::log(to / from) * share),
                };
                let number = if *whole { number.round() } else { significant(number) };
                format!("{number}{unit}")
            }
        }
    }
}

impl Range {
    fn values(&self) -> Result<Values, String> {
        let end = |value: &toml::Value| {
            let text = text_of(value);
            let (number, unit) =
                split(&text).ok_or_else(|| format!("ends in `{text}`, which is no number"))?;
            Ok::<_, String>((number, unit.to_owned()))
        };
        let ((from, unit), (to, other)) = (end(&self.from)?, end(&self.to)?);
        let steps = self.steps.unwrap_or(STEPS);
        if unit != other {
            return Err(format!("goes from `{unit}` to `{other}`; write both ends in one unit"));
        }
        if steps < 2 {
            return Err("has fewer than 2 steps; write `values` for a single one".into());
        }
        if self.scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
            return Err("is logarithmic and not above zero".into());
        }
        let whole = self.from.is_integer() && self.to.is_integer();
        Ok(Values::Between { from, to, unit, scale: self.scale, whole, steps })
    }
}

/// Every combination; the last key changes fastest.
fn grid(axes: &[Axis]) -> Vec<Vec<Setting>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        let values = axis.steps();
        let with = |point: &Vec<Setting>, value: &String| {
            let setting = Setting { key: axis.key.clone(), value: value.clone() };
            point.iter().cloned().chain([setting]).collect()
        };
        points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect()
    })
}

/// Points of which every axis, cut into as many strata as there are points, has one in each (McKay, Beckman and
/// Conover, 1979).
fn latin_hypercube(axes: &[Axis], points: u32, seed: u64) -> Vec<Vec<Setting>> {
    let columns: Vec<Vec<String>> = axes
        .iter()
        .map(|axis| {
            let mut rng = Rng::for_entity(&Seed::from_number(seed), &format!("sample/{}", axis.key));
            let mut strata: Vec<u32> = (0..points).collect();
            for last in (1..points).rev() {
                strata.swap(last as usize, rng.below(last + 1) as usize);
            }
            let place = |stratum: u32, rng: &mut Rng| {
                let within = f64::from(u32::from_be_bytes(rng.bytes())) / 2_f64.powi(32);
                axis.at((f64::from(stratum) + within) / f64::from(points))
            };
            strata.into_iter().map(|stratum| place(stratum, &mut rng)).collect()
        })
        .collect();
    (0..points as usize)
        .map(|point| {
            let settings = axes.iter().zip(&columns).filter_map(|(axis, column)| {
                Some(Setting { key: axis.key.clone(), value: column.get(point)?.clone() })
            });
            settings.collect()
        })
        .collect()
}

fn text_of(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number and the unit after it.
fn split(text: &str) -> Option<(f64, &str)> {
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: f64 = number.replace('_', "").parse().ok()?;
    number.is_finite().then_some((number, unit))
}

/// With six digits: what a file can say and a reader compare.
fn significant(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(text: &str) -> Result<Vec<Vec<Setting>>, String> {
        #[derive(Deserialize)]
        struct Document {
            vary: Vec<Vary>,
            sample: Option<Sample>,
        }
        let document: Document = toml::from_str(text).unwrap();
        settings(&document.vary, document.sample.as_ref()).map(|(_, points)| points)
    }

    fn values(text: &str) -> Vec<Vec<String>> {
        let points = axes(text).unwrap();
        points.into_iter().map(|point| point.into_iter().map(|setting| setting.value).collect()).collect()
    }

    #[test]
    fn a_grid_has_every_combination() {
        let text =
            "[[vary]]\nkey = \"a\"\nvalues = [1, 2]\n[[vary]]\nkey = \"b\"\nvalues = [\"x\", \"y\", \"z\"]";
        let expected = [["1", "x"], ["1", "y"], ["1", "z"], ["2", "x"], ["2", "y"], ["2", "z"]];
        assert_eq!(values(text), expected);
    }

    #[test]
    fn ranges_keep_their_unit_and_whole_numbers() {
        let of = |range: &str| -> Vec<String> {
            values(&format!("[[vary]]\nkey = \"a\"\nrange = {range}")).into_iter().flatten().collect()
        };
        assert_eq!(
            of("{ from = \"10ms\", to = \"1000ms\", steps = 3, scale = \"log\" }"),
            ["10ms", "100ms", "1000ms"]
        );
        assert_eq!(of("{ from = 1, to = 4, steps = 3 }"), ["1", "3", "4"]);
        assert_eq!(of("{ from = 0.0, to = 0.3, steps = 4 }"), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(of("{ from = \"1%\", to = \"5%\" }"), ["1%", "2%", "3%", "4%", "5%"]);
    }

    #[test]
    fn every_stratum_of_every_axis_has_one_point() {
        let text = "[[vary]]\nkey = \"a\"\nrange = { from = 0.0, to = 1.0 }\n[[vary]]\nkey = \"b\"\nvalues = [\"x\", \"y\"]\n[sample]\npoints = 40";
        let points = values(text);
        let mut shares: Vec<f64> = points.iter().map(|point| point[0].parse().unwrap()).collect();
        shares.sort_by(f64::total_cmp);
        for (stratum, share) in (0..40).zip(shares) {
            let from = f64::from(stratum) / 40.0;
            assert!((from..from + 1.0 / 40.0).contains(&share), "{share} is not in stratum {stratum}");
        }
        assert_eq!(points.iter().filter(|point| point[1] == "x").count(), 20);
        assert_eq!(values(text), points, "from a seed");
        assert_ne!(values(&format!("{text}\nseed = 2")), points);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, part) in [
            ("values = []", "no values"),
            ("", "either `values` or `range`"),
            ("range = { from = \"1ms\", to = \"1s\" }", "one unit"),
            ("range = { from = 0, to = 1, scale = \"log\" }", "above zero"),
            ("range = { from = \"soon\", to = \"late\" }", "no number"),
            ("range = { from = 0, to = 1, steps = 1 }", "fewer than 2"),
        ] {
            let error = axes(&format!("[[vary]]\nkey = \"a\"\n{text}")).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
