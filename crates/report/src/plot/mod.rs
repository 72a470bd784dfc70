//! Plots: what is to be shown, without how. Drawn here, without a browser or a font.
//!
//! A plot has two axes and series of marks. [`Plot::to_svg`] draws it for a page or for a file of its own.

mod draw;
mod scale;
mod shape;
mod sheet;
mod svg;

pub use scale::{Scale, Unit};
pub use sheet::sheet;
pub use svg::Palette;

pub(crate) use scale::{index, number, with_unit};
pub(crate) use svg::escape;

/// A plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Its name in file names and links: lower case, digits and hyphens.
    pub id: String,
    /// What it shows, as a headline.
    pub title: String,
    /// What it shows, in a sentence for whoever can't see it.
    pub summary: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, from the back to the front.
    pub series: Vec<Series>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// In which unit the data is; ticks are written in a handy one.
    pub unit: Unit,
    /// How values become places.
    pub scale: Scale,
    /// Ends of the axis, where the data should not decide.
    pub range: Option<(f64, f64)>,
}

/// Marks that belong together, with one colour and one entry of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend; nothing keeps it out.
    pub name: String,
    /// What it is made of.
    pub marks: Marks,
}

/// What a series is made of. Places that aren't finite numbers, or not positive on a logarithmic axis,
/// are left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Marks {
    /// A line through points.
    Line(Vec<(f64, f64)>),
    /// A line that stays until the next point.
    Step(Vec<(f64, f64)>),
    /// Points.
    Scatter(Vec<(f64, f64)>),
    /// The band from `low` to `high` over `x`, such as a confidence interval: `(x, low, high)`.
    Band(Vec<(f64, f64, f64)>),
    /// Bars that touch, each with its own width.
    Histogram(Vec<Bin>),
    /// Bars on a [`Scale::Bands`] axis, those of several series beside each other.
    Bars(Vec<Bar>),
    /// Tiles whose strength of colour is their value: a surface seen from above.
    Heatmap(Heatmap),
}

/// A bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Where it starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How high it is.
    pub value: f64,
}

/// A bar of a bar chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Which band of the axis it stands in, from 0.
    pub band: usize,
    /// How high it is.
    pub value: f64,
    /// The ends of its error bar.
    pub error: Option<(f64, f64)>,
}

/// The tiles of a surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// What the strength of the colour means.
    pub label: String,
    /// The unit of the values.
    pub unit: Unit,
    /// The tiles.
    pub tiles: Vec<Tile>,
    /// Whether each tile says its value.
    pub labelled: bool,
}

/// A tile of a surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tile {
    /// From where to where along x; band `i` of a [`Scale::Bands`] axis is from `i` to `i + 1`.
    pub x: (f64, f64),
    /// From where to where along y.
    pub y: (f64, f64),
    /// Its value.
    pub value: f64,
}

impl Plot {
    /// The plot as an SVG element. `id` becomes its `data-plot`.
    pub fn to_svg(&self, palette: Palette) -> String {
        svg::write(self, &draw::draw(self), palette)
    }
}

impl Axis {
    /// A linear axis that starts at zero.
    pub fn linear(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, scale: Scale::Linear, range: None }
    }

    /// A logarithmic axis.
    pub fn log(label: &str, unit: Unit) -> Self {
        Self { label: label.into(), unit, scale: Scale::Log, range: None }
    }

    /// An axis of named bands.
    pub fn bands(label: &str, names: Vec<String>) -> Self {
        Self { label: label.into(), unit: Unit::None, scale: Scale::Bands(names), range: None }
    }

    /// The same axis, with its ends given.
    #[must_use]
    pub fn between(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }
}
