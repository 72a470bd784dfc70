//! From a plot to shapes: axes, legend, marks.

use super::scale::{Fitted, count, with_unit};
use super::shape::{Anchor, Drawing, Ink, Role, Shape, Stroke};
use super::{Axis, Bar, Bin, Heatmap, Marks, Plot, Scale, Series, Unit};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 320.0;
/// About the width of a digit.
const DIGIT: f64 = 6.7;
/// So many points of a line can be pointed at.
const HITS: usize = 120;

pub(super) fn draw(plot: &Plot) -> Drawing {
    let names: Vec<(usize, &Series)> =
        plot.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()).collect();
    let legend = names.len() > 1;
    let height = match &plot.y.scale {
        Scale::Bands(bands) => 110.0 + 34.0 * count(bands.len()),
        _ => HEIGHT,
    };
    let top = if legend { 58.0 } else { 34.0 };
    let bottom = height - 48.0;
    let surface = plot.series.iter().any(|series| matches!(series.marks, Marks::Heatmap(_)));
    let right = if surface { WIDTH - 92.0 } else { WIDTH - 26.0 };
    let y = Fitted::new(&plot.y, plot.series.iter().flat_map(|series| ys(&series.marks)), bottom, top);
    let left = y.ticks.iter().map(|(_, label)| count(label.chars().count())).fold(3.0, f64::max);
    let left = (left * DIGIT + 16.0).min(WIDTH / 3.0);
    let x = Fitted::new(&plot.x, plot.series.iter().flat_map(|series| xs(&series.marks)), left, right);

    let area = Area { plot, x, y, left, right, top, bottom, shapes: vec![] };
    Drawing { width: WIDTH, height, shapes: area.draw(if legend { &names } else { &[] }) }
}

struct Area<'a> {
    plot: &'a Plot,
    x: Fitted,
    y: Fitted,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    shapes: Vec<Shape>,
}

impl Area<'_> {
    fn draw(mut self, legend: &[(usize, &Series)]) -> Vec<Shape> {
        self.axes();
        self.legend(legend);
        let plot = self.plot;
        for (index, series) in plot.series.iter().enumerate() {
            match &series.marks {
                Marks::Line(points) => self.line(index, &series.name, points, false),
                Marks::Step(points) => self.line(index, &series.name, points, true),
                Marks::Scatter(points) => self.scatter(index, &series.name, points),
                Marks::Band(points) => self.band(index, points),
                Marks::Histogram(bins) => self.histogram(index, &series.name, bins),
                Marks::Bars(bars) => self.bars(index, &series.name, bars),
                Marks::Heatmap(map) => self.heatmap(map),
            }
        }
        self.shapes
    }

    fn axes(&mut self) {
        let grid = Stroke::thin(Ink::Grid);
        let bands = matches!(self.plot.y.scale, Scale::Bands(_));
        for (value, label) in self.y.ticks.clone() {
            let Some(at) = self.y.place(value) else { continue };
            if !bands {
                self.shapes.push(Shape::line(vec![(self.left, at), (self.right, at)], grid, Role::Frame));
            }
            self.shapes.push(Shape::text((self.left - 8.0, at + 4.0), label, Anchor::End, Ink::Muted));
        }
        for (value, label) in self.x.ticks.clone() {
            let Some(at) = self.x.place(value) else { continue };
            let tick = vec![(at, self.bottom), (at, self.bottom + 4.0)];
            self.shapes.push(Shape::line(tick, Stroke::thin(Ink::Muted), Role::Frame));
            self.shapes.push(Shape::text((at, self.bottom + 18.0), label, Anchor::Middle, Ink::Muted));
        }
        let base = vec![(self.left, self.bottom), (self.right, self.bottom)];
        self.shapes.push(Shape::line(base, Stroke::thin(Ink::Muted), Role::Frame));
        let (x, y) = (axis_label(&self.plot.x), axis_label(&self.plot.y));
        self.shapes.push(Shape::text((self.right, self.bottom + 38.0), x, Anchor::End, Ink::Text));
        self.shapes.push(Shape::text((4.0, 16.0), y, Anchor::Start, Ink::Text));
    }

    fn legend(&mut self, entries: &[(usize, &Series)]) {
        let mut at = 4.0;
        for (index, series) in entries {
            let ink = Ink::Series(*index);
            match series.marks {
                Marks::Line(_) | Marks::Step(_) => {
                    let key = vec![(at, 34.0), (at + 24.0, 34.0)];
                    self.shapes.push(Shape::line(key, Stroke::series(*index), Role::Frame));
                }
                Marks::Scatter(_) => {
                    self.shapes.push(Shape::circle((at + 12.0, 34.0), 3.5, ink, Role::Frame));
                }
                _ => {
                    let mut key = Shape::rectangle((at + 8.0, at + 20.0), (29.0, 39.0), ink, 0.6);
                    key.role = Role::Frame;
                    self.shapes.push(key);
                }
            }
            self.shapes.push(Shape::text((at + 30.0, 38.0), &*series.name, Anchor::Start, Ink::Text));
            at += 50.0 + DIGIT * count(series.name.chars().count());
        }
    }

    fn line(&mut self, index: usize, name: &str, points: &[(f64, f64)], steps: bool) {
        let mut path: Vec<(f64, f64)> = vec![];
        let mut hits = vec![];
        for (x, y) in points {
            let Some(at) = self.place(*x, *y) else { continue };
            if let (true, Some(before)) = (steps, path.last().copied()) {
                path.push((at.0, before.1));
            }
            path.push(at);
            hits.push(Shape::circle(at, 4.0, Ink::Series(index), Role::Hit).tip(self.tip(name, *x, *y)));
        }
        if let [only] = path[..] {
            self.shapes.push(Shape::circle(only, 3.5, Ink::Series(index), Role::Mark));
        } else if !path.is_empty() {
            self.shapes.push(Shape::line(path, Stroke::series(index), Role::Mark));
        }
        let every = hits.len().div_ceil(HITS).max(1);
        self.shapes.extend(hits.into_iter().step_by(every));
    }

    fn scatter(&mut self, index: usize, name: &str, points: &[(f64, f64)]) {
        for (x, y) in points {
            let Some(at) = self.place(*x, *y) else { continue };
            let tip = self.tip(name, *x, *y);
            self.shapes.push(Shape::circle(at, 3.0, Ink::Series(index), Role::Mark).tip(tip));
        }
    }

    fn band(&mut self, index: usize, points: &[(f64, f64, f64)]) {
        let low = points.iter().filter_map(|(x, low, _)| self.place(*x, *low));
        let high = points.iter().rev().filter_map(|(x, _, high)| self.place(*x, *high));
        let outline: Vec<(f64, f64)> = low.chain(high).collect();
        if outline.len() > 2 {
            self.shapes.push(Shape::area(outline, Ink::Series(index), 0.18));
        }
    }

    fn histogram(&mut self, index: usize, name: &str, bins: &[Bin]) {
        let floor = self.y.floor();
        let mut outline: Vec<(f64, f64)> = vec![];
        for bin in bins {
            let (Some(from), Some(to)) = (self.x.place(bin.from), self.x.place(bin.to)) else { continue };
            let height = self.y.place(bin.value).unwrap_or(floor);
            if bin.value > 0.0 {
                let bar = Shape::rectangle((from, to), (height, floor), Ink::Series(index), 0.4);
                let (x, y) = (&self.plot.x, &self.plot.y);
                let value = with_unit(bin.value, y.unit);
                let (from, to) = (with_unit(bin.from, x.unit), with_unit(bin.to, x.unit));
                self.shapes.push(bar.tip(format!("{}{from} to {to}: {value}", prefix(name))));
            }
            // Where no bins are, the outline is on the floor.
            match outline.last().copied() {
                Some(last) if (last.0 - from).abs() > 0.01 => {
                    outline.extend([(last.0, floor), (from, floor)])
                }
                None => outline.push((from, floor)),
                Some(_) => {}
            }
            outline.extend([(from, height), (to, height)]);
        }
        if let Some(last) = outline.last().copied() {
            outline.push((last.0, floor));
            let stroke = Stroke { dash: &[], width: 1.2, ..Stroke::series(index) };
            self.shapes.push(Shape::line(outline, stroke, Role::Mark));
        }
    }

    fn bars(&mut self, index: usize, name: &str, bars: &[Bar]) {
        let groups = self.plot.series.iter().filter(|series| matches!(series.marks, Marks::Bars(_)));
        let groups = count(groups.count());
        let before = self.plot.series.iter().take(index);
        let place = count(before.filter(|series| matches!(series.marks, Marks::Bars(_))).count());
        let floor = self.y.floor();
        for bar in bars {
            let from = count(bar.band) + 0.15 + 0.7 * place / groups;
            let middle = from + 0.35 / groups;
            let (Some(left), Some(right)) = (self.x.place(from), self.x.place(from + 0.7 / groups)) else {
                continue;
            };
            let Some((middle, height)) = self.place(middle, bar.value) else { continue };
            let shape =
                Shape::rectangle((left + 1.0, right - 1.0), (height, floor), Ink::Series(index), 0.85);
            let band = match &self.plot.x.scale {
                Scale::Bands(names) => names.get(bar.band).cloned().unwrap_or_default(),
                _ => bar.band.to_string(),
            };
            let mut tip = format!("{}{band}: {}", prefix(name), with_unit(bar.value, self.plot.y.unit));
            if let Some((low, high)) = bar.error {
                let unit = self.plot.y.unit;
                tip += &format!(" ({} to {})", with_unit(low, unit), with_unit(high, unit));
            }
            self.shapes.push(shape.tip(tip));
            let ends = bar.error.and_then(|(low, high)| Some((self.y.place(low)?, self.y.place(high)?)));
            if let Some((low, high)) = ends {
                let stroke = Stroke { width: 1.4, ..Stroke::thin(Ink::Text) };
                for line in [
                    vec![(middle, low), (middle, high)],
                    vec![(middle - 4.0, low), (middle + 4.0, low)],
                    vec![(middle - 4.0, high), (middle + 4.0, high)],
                ] {
                    self.shapes.push(Shape::line(line, stroke, Role::Mark));
                }
            }
        }
    }

    fn heatmap(&mut self, map: &Heatmap) {
        let values = map.tiles.iter().map(|tile| tile.value).filter(|value| value.is_finite());
        let most = values.fold(0.0_f64, f64::max);
        let strength =
            |value: f64| if most > 0.0 { 0.04 + 0.96 * (value / most).clamp(0.0, 1.0) } else { 0.04 };
        for tile in map.tiles.iter().filter(|tile| tile.value.is_finite()) {
            let (Some(left), Some(right)) = (self.x.place(tile.x.0), self.x.place(tile.x.1)) else {
                continue;
            };
            let (Some(low), Some(high)) = (self.y.place(tile.y.0), self.y.place(tile.y.1)) else { continue };
            // Wide tiles have a gap between them; where there are many, it would be most of them.
            let gap = if right - left > 8.0 { 1.0 } else { 0.0 };
            let opacity = strength(tile.value);
            let value = with_unit(tile.value, map.unit);
            let place = format!("{}, {}", span(&self.plot.x, tile.x), span(&self.plot.y, tile.y));
            let shape = Shape::rectangle((left, right - gap), (high, low - 1.0), Ink::Series(0), opacity);
            self.shapes.push(shape.tip(format!("{place}: {value}")));
            if map.labelled && DIGIT * count(value.chars().count()) < right - left {
                let ink = if opacity > 0.55 { Ink::Ground } else { Ink::Text };
                let at = (f64::midpoint(left, right), f64::midpoint(low, high) + 4.0);
                self.shapes.push(Shape::text(at, value, Anchor::Middle, ink));
            }
        }
        self.colour_bar(map, most, strength);
    }

    fn colour_bar(&mut self, map: &Heatmap, most: f64, strength: impl Fn(f64) -> f64) {
        let left = self.right + 14.0;
        let steps = 12_u32;
        let height = (self.bottom - self.top) / f64::from(steps);
        for step in 0..steps {
            let value = most * (f64::from(step) + 0.5) / f64::from(steps);
            let low = self.bottom - height * f64::from(step);
            let mut key =
                Shape::rectangle((left, left + 10.0), (low - height, low), Ink::Series(0), strength(value));
            key.role = Role::Frame;
            self.shapes.push(key);
        }
        for (value, at) in [(0.0, self.bottom), (most, self.top + 8.0)] {
            let label = with_unit(value, map.unit);
            self.shapes.push(Shape::text((left + 15.0, at), label, Anchor::Start, Ink::Muted));
        }
        let label = (WIDTH - 4.0, self.top - 10.0);
        self.shapes.push(Shape::text(label, &*map.label, Anchor::End, Ink::Text));
    }

    fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.x.place(x)?, self.y.place(y)?))
    }

    fn tip(&self, name: &str, x: f64, y: f64) -> String {
        let (x, y) = (with_unit(x, self.plot.x.unit), with_unit(y, self.plot.y.unit));
        format!("{}{x}: {y}", prefix(name))
    }
}

fn prefix(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{name}, ") }
}

fn axis_label(axis: &Axis) -> String {
    let log = if axis.scale == Scale::Log { ", log scale" } else { "" };
    match axis.unit {
        Unit::Other(unit) => format!("{} ({unit}{log})", axis.label),
        _ if log.is_empty() => axis.label.clone(),
        _ => format!("{} (log scale)", axis.label),
    }
}

/// From where to where a tile is, in words.
fn span(axis: &Axis, (from, to): (f64, f64)) -> String {
    match &axis.scale {
        Scale::Bands(names) => names.get(super::index(from)).cloned().unwrap_or_default(),
        _ => format!("{} {} to {}", axis.label, with_unit(from, axis.unit), with_unit(to, axis.unit)),
    }
}

fn xs(marks: &Marks) -> Vec<f64> {
    match marks {
        Marks::Line(points) | Marks::Step(points) | Marks::Scatter(points) => {
            points.iter().map(|p| p.0).collect()
        }
        Marks::Band(points) => points.iter().map(|p| p.0).collect(),
        Marks::Histogram(bins) => bins.iter().flat_map(|bin| [bin.from, bin.to]).collect(),
        Marks::Bars(_) => vec![],
        Marks::Heatmap(map) => map.tiles.iter().flat_map(|tile| [tile.x.0, tile.x.1]).collect(),
    }
}

fn ys(marks: &Marks) -> Vec<f64> {
    match marks {
        Marks::Line(points) | Marks::Step(points) | Marks::Scatter(points) => {
            points.iter().map(|p| p.1).collect()
        }
        Marks::Band(points) => points.iter().flat_map(|p| [p.1, p.2]).collect(),
        Marks::Histogram(bins) => bins.iter().map(|bin| bin.value).collect(),
        Marks::Bars(bars) => {
            bars.iter().map(|bar| bar.error.map_or(bar.value, |(_, high)| high.max(bar.value))).collect()
        }
        Marks::Heatmap(map) => map.tiles.iter().flat_map(|tile| [tile.y.0, tile.y.1]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Palette, Tile};

    fn marks(x: Axis, y: Axis, marks: Marks) -> usize {
        let series = vec![Series { name: "a".into(), marks }];
        let plot = Plot { id: "p".into(), title: "t".into(), summary: "s".into(), x, y, series };
        let svg = plot.to_svg(Palette::Paper);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("var("), "{svg}");
        svg.matches("class=\"mark\"").count()
    }

    fn linear() -> Axis {
        Axis::linear("n", Unit::None)
    }

    #[test]
    fn every_kind_of_mark_is_drawn() {
        let points = vec![(1.0, 2.0), (3.0, 4.0)];
        assert_eq!(marks(linear(), linear(), Marks::Line(points.clone())), 1);
        assert_eq!(marks(linear(), linear(), Marks::Step(points.clone())), 1);
        assert_eq!(marks(linear(), linear(), Marks::Scatter(points)), 2);
        assert_eq!(marks(linear(), linear(), Marks::Band(vec![(1.0, 2.0, 3.0), (2.0, 2.0, 4.0)])), 1);
        let bins = vec![Bin { from: 0.0, to: 1.0, value: 2.0 }, Bin { from: 1.0, to: 2.0, value: 0.0 }];
        // An empty bin has no bar; the outline goes over all.
        assert_eq!(marks(linear(), linear(), Marks::Histogram(bins)), 2);
        let bands = || Axis::bands("kind", vec!["a".into(), "b".into()]);
        let bars = vec![Bar { band: 1, value: 2.0, error: Some((1.5, 2.5)) }];
        // A bar, and three strokes of its error bar.
        assert_eq!(marks(bands(), linear(), Marks::Bars(bars)), 4);
        let tiles = vec![Tile { x: (0.0, 1.0), y: (0.0, 1.0), value: 1.0 }];
        let map = Heatmap { label: "l".into(), unit: Unit::None, tiles, labelled: true };
        assert_eq!(marks(bands(), bands(), Marks::Heatmap(map)), 1);
    }

    #[test]
    fn a_histogram_with_gaps_has_upright_sides() {
        let bin = |from: f64| Bin { from, to: from + 1.0, value: 5.0 };
        let series = vec![Series { name: String::new(), marks: Marks::Histogram(vec![bin(0.0), bin(7.0)]) }];
        let (id, title, summary) = ("p".into(), "t".into(), "s".into());
        let drawing = draw(&Plot { id, title, summary, x: linear(), y: linear(), series });
        let lines = drawing.shapes.iter().filter(|shape| shape.role == Role::Mark && shape.stroke.is_some());
        let outlines: Vec<_> = lines
            .filter_map(|shape| match &shape.form {
                crate::plot::shape::Form::Path { points, .. } => Some(points),
                _ => None,
            })
            .collect();
        assert_eq!(outlines.len(), 1);
        for pair in outlines[0].windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "a slope: {pair:?}");
        }
    }

    #[test]
    fn what_has_no_place_is_left_out() {
        let points = vec![(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (10.0, 1.0)];
        assert_eq!(marks(Axis::log("x", Unit::None), linear(), Marks::Scatter(points.clone())), 1);
        assert_eq!(marks(linear(), linear(), Marks::Scatter(points)), 3);
        assert_eq!(marks(linear(), linear(), Marks::Line(vec![])), 0);
    }
}
