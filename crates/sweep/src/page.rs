//! The page of a sweep: each measure over what varies, as lines or as a heatmap, with confidence bands and a table.

use crate::Sweep;
use crate::cells::Cell;
use report::html::Page;
use report::plot::{Axis, Heatmap, Marks, Plot, Series, Tile, Unit};
use report::{Entry, Grid, Section};
use std::collections::BTreeMap;

/// As many lines as one can tell apart.
const LINES: usize = 6;

/// The page of what there is: `done` runs.
pub(crate) fn of(sweep: &Sweep, cells: &[Cell], version: &str, done: usize) -> Page {
    let warning = (done < sweep.runs()).then(|| {
        format!(
            "This sweep is incomplete: {done} of {} runs. The same command goes on with it.",
            sweep.runs()
        )
    });
    let mut lede = format!(
        "{} points with {} seeds each; bands are the mean's 95 % confidence intervals (Student's t).",
        sweep.points.len(),
        sweep.seeds.len()
    );
    if !sweep.description.is_empty() {
        lede = format!("{} {lede}", sweep.description);
    }
    let mut sections = vec![plots(sweep, cells)];
    sections.push(table(sweep, cells));
    Page { title: sweep.name.clone(), lede, warning, version: version.into(), sections }
}

/// What varies: the keys, in the order of the file, each with its values in the order of the points.
struct Keys {
    names: Vec<String>,
    values: Vec<Vec<String>>,
}

impl Keys {
    fn of(sweep: &Sweep) -> Self {
        let names: Vec<String> = sweep
            .points
            .first()
            .map_or(vec![], |point| point.settings.iter().map(|s| s.key.clone()).collect());
        let values = (0..names.len()).map(|index| {
            let mut seen: Vec<String> = Vec::new();
            for setting in sweep.points.iter().filter_map(|point| point.settings.get(index)) {
                if !seen.contains(&setting.value) {
                    seen.push(setting.value.clone());
                }
            }
            seen
        });
        Self { values: values.collect(), names }
    }

    /// Whether every combination is there.
    fn is_grid(&self, points: usize) -> bool {
        self.values.iter().map(Vec::len).product::<usize>() == points
    }
}

fn plots(sweep: &Sweep, cells: &[Cell]) -> Section {
    let keys = Keys::of(sweep);
    let mut section = Section::new("measures", "Measures", "What the settings change.");
    for measure in &sweep.plots {
        let of_measure: BTreeMap<usize, &Cell> =
            cells.iter().filter(|cell| cell.measure == measure).map(|cell| (cell.point, cell)).collect();
        if of_measure.is_empty() {
            continue;
        }
        let grid = keys.is_grid(sweep.points.len());
        match (keys.names.as_slice(), grid) {
            ([only], _) => section.plots.push(lines(sweep, &of_measure, measure, only, None)),
            ([first, second], true) => {
                let few = keys.values.get(1).map_or(0, Vec::len) <= LINES;
                section.plots.push(if few {
                    lines(sweep, &of_measure, measure, first, Some(second))
                } else {
                    heatmap(sweep, &of_measure, measure, &keys)
                });
            }
            (names, _) => {
                for (index, name) in names.iter().enumerate() {
                    section.plots.push(scatter(sweep, &of_measure, measure, index, name));
                }
            }
        }
    }
    section
}

/// A line over the first key, for each value of the second.
fn lines(
    sweep: &Sweep,
    cells: &BTreeMap<usize, &Cell>,
    measure: &str,
    first: &str,
    second: Option<&String>,
) -> Plot {
    let x = Horizontal::of(sweep, 0, first);
    let mut groups: Vec<(String, Vec<(f64, &Cell)>)> = Vec::new();
    for (number, cell) in cells {
        let Some(point) = sweep.points.get(*number) else { continue };
        let name = match (second, point.settings.get(1)) {
            (Some(second), Some(setting)) => format!("{second} = {}", setting.value),
            _ => "mean".into(),
        };
        let Some(place) = point.settings.first().and_then(|setting| x.place(&setting.value)) else {
            continue;
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push((place, cell)),
            None => groups.push((name, vec![(place, cell)])),
        }
    }
    let mut series = Vec::new();
    for (name, mut group) in groups {
        group.sort_by(|a, b| a.0.total_cmp(&b.0));
        let band: Vec<(f64, f64, f64)> = group
            .iter()
            .filter_map(|(place, cell)| cell.interval.ends.map(|(low, high)| (*place, low, high)))
            .collect();
        if second.is_none() && !band.is_empty() {
            series.push(Series { name: "95 % confidence".into(), marks: Marks::Band(band) });
        }
        let means = group.iter().map(|(place, cell)| (*place, cell.interval.mean)).collect();
        series.push(Series { name, marks: Marks::Line(means) });
    }
    Plot {
        id: identifier(measure, &[first]),
        title: format!("{} over {first}", human(measure)),
        summary: format!("The mean of {} for each value of {first}.", human(measure)),
        x: x.axis,
        y: vertical(measure),
        series,
    }
}

fn scatter(sweep: &Sweep, cells: &BTreeMap<usize, &Cell>, measure: &str, index: usize, key: &str) -> Plot {
    let x = Horizontal::of(sweep, index, key);
    let points = cells.iter().filter_map(|(number, cell)| {
        let setting = sweep.points.get(*number)?.settings.get(index)?;
        Some((x.place(&setting.value)?, cell.interval.mean))
    });
    Plot {
        id: identifier(measure, &[key]),
        title: format!("{} by {key}", human(measure)),
        summary: format!("The mean of {} at every point, over {key}.", human(measure)),
        series: vec![Series { name: "a point".into(), marks: Marks::Scatter(points.collect()) }],
        x: x.axis,
        y: vertical(measure),
    }
}

fn heatmap(sweep: &Sweep, cells: &BTreeMap<usize, &Cell>, measure: &str, keys: &Keys) -> Plot {
    let band = |index: usize, value: &str| {
        let place = keys.values.get(index)?.iter().position(|known| known == value)?;
        Some((place as f64, place as f64 + 1.0))
    };
    let tiles = cells.iter().filter_map(|(number, cell)| {
        let settings = &sweep.points.get(*number)?.settings;
        let (x, y) = (settings.first()?, settings.get(1)?);
        Some(Tile { x: band(0, &x.value)?, y: band(1, &y.value)?, value: cell.interval.mean })
    });
    let axis = |index: usize| {
        let name = keys.names.get(index).map_or("", String::as_str);
        Axis::bands(name, keys.values.get(index).cloned().unwrap_or_default())
    };
    let names: Vec<&str> = keys.names.iter().map(String::as_str).collect();
    let heatmap =
        Heatmap { label: human(measure), unit: unit(measure), tiles: tiles.collect(), labelled: true };
    Plot {
        id: identifier(measure, &names),
        title: format!("{} over {}", human(measure), names.join(" and ")),
        summary: format!("The mean of {} for every combination.", human(measure)),
        x: axis(0),
        y: axis(1),
        series: vec![Series { name: human(measure), marks: Marks::Heatmap(heatmap) }],
    }
}

/// The axis of a key: numbers if all values are numbers with one unit, else bands.
struct Horizontal {
    axis: Axis,
    places: BTreeMap<String, f64>,
}

impl Horizontal {
    fn of(sweep: &Sweep, index: usize, key: &str) -> Self {
        let settings: Vec<_> = sweep.points.iter().filter_map(|point| point.settings.get(index)).collect();
        let unit =
            |value: &str| value.trim_start_matches(|c: char| !c.is_alphabetic() && c != '%').to_owned();
        let first = settings.first().map(|setting| unit(&setting.value)).unwrap_or_default();
        let numbers: Option<Vec<f64>> = settings
            .iter()
            .map(|setting| setting.number().filter(|_| unit(&setting.value) == first))
            .collect();
        if let Some(numbers) = numbers {
            let label = if first.is_empty() { key.to_owned() } else { format!("{key} ({first})") };
            let axis = if sweep.logarithmic.iter().any(|logarithmic| logarithmic == key) {
                Axis::log(&label, Unit::None)
            } else {
                Axis::linear(&label, Unit::None)
            };
            let places =
                settings.iter().zip(numbers).map(|(setting, number)| (setting.value.clone(), number));
            return Self { axis, places: places.collect() };
        }
        let mut names: Vec<String> = Vec::new();
        for setting in settings {
            if !names.contains(&setting.value) {
                names.push(setting.value.clone());
            }
        }
        let places =
            names.iter().enumerate().map(|(place, name)| (name.clone(), place as f64 + 0.5)).collect();
        Self { axis: Axis::bands(key, names), places }
    }

    fn place(&self, value: &str) -> Option<f64> {
        self.places.get(value).copied()
    }
}

fn table(sweep: &Sweep, cells: &[Cell]) -> Section {
    let keys = Keys::of(sweep);
    let mut columns = keys.names.clone();
    columns.extend(["measure", "runs", "mean", "low (95 %)", "high (95 %)"].map(String::from));
    let rows = cells.iter().filter_map(|cell| {
        let settings = &sweep.points.get(cell.point)?.settings;
        let mut row: Vec<Entry> = settings
            .iter()
            .map(|setting| Entry { text: setting.value.clone(), value: setting.number() })
            .collect();
        let end =
            |end: Option<f64>| end.map_or(Entry::text("–"), |end| Entry::number(end, unit(cell.measure)));
        row.push(Entry::text(human(cell.measure)));
        row.push(Entry::number(cell.interval.runs as f64, Unit::None));
        row.push(Entry::number(cell.interval.mean, unit(cell.measure)));
        row.push(end(cell.interval.ends.map(|(low, _)| low)));
        row.push(end(cell.interval.ends.map(|(_, high)| high)));
        Some(row)
    });
    let grid = Grid { caption: "Every point", rows: rows.collect(), columns };
    Section { grids: vec![grid], ..Section::new("points", "Points", "All measures at every point.") }
}

fn vertical(measure: &str) -> Axis {
    Axis::linear(&human(measure), unit(measure))
}

fn unit(measure: &str) -> Unit {
    match measure {
        _ if measure.ends_with("_ms") => Unit::Other("ms"),
        _ if measure.ends_with("_share") => Unit::Share,
        _ => Unit::None,
    }
}

fn human(measure: &str) -> String {
    measure.trim_end_matches("_ms").replace('_', " ")
}

/// Lower case, digits and hyphens.
fn identifier(measure: &str, keys: &[&str]) -> String {
    let all = keys.iter().fold(measure.to_owned(), |all, key| format!("{all}-{key}"));
    all.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
