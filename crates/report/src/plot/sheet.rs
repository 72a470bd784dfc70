//! Several plots on one sheet: a file that needs nothing else, light or dark as its reader has it.

use super::draw::draw;
use super::{Palette, Plot, escape, svg};
use std::fmt::Write as _;

/// Plots beside each other.
const COLUMNS: usize = 2;

const MARGIN: f64 = 20.0;
/// For the headline of a plot.
const HEADLINE: f64 = 26.0;

/// The colours of a page, as custom properties.
const STYLE: &str = include_str!("sheet.css");

/// The plots as one SVG file, in rows of two, each below its headline.
#[must_use]
pub fn sheet(title: &str, plots: &[Plot]) -> String {
    let (mut body, mut width, mut top) = (String::new(), 0.0_f64, MARGIN);
    for row in plots.chunks(COLUMNS) {
        let (mut left, mut height) = (MARGIN, 0.0_f64);
        for plot in row {
            let drawing = draw(plot);
            // Writing to a string can't fail, here and below.
            let _ = writeln!(
                body,
                "<text x=\"{left}\" y=\"{}\" class=\"headline\">{}</text>",
                top + 14.0,
                escape(&plot.title)
            );
            let place = format!(
                "<svg x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{}\" ",
                top + HEADLINE,
                drawing.width,
                drawing.height
            );
            body += &svg::write(plot, &drawing, Palette::Page).replacen("<svg ", &place, 1);
            left += drawing.width + MARGIN;
            height = height.max(drawing.height);
        }
        width = width.max(left);
        top += HEADLINE + height + MARGIN;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {top}\" width=\"{width}\" height=\"{top}\" \
         role=\"img\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n<rect width=\"{width}\" height=\"{top}\" class=\"ground\"/>\n{body}</svg>\n",
        escape(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, Marks, Series, Unit};

    #[test]
    fn a_sheet_has_every_plot_and_needs_nothing_else() {
        let plot = |id: &str| Plot {
            id: id.into(),
            title: format!("{id} < all"),
            summary: String::new(),
            x: Axis::linear("x", Unit::None),
            y: Axis::linear("y", Unit::None),
            series: vec![Series { name: String::new(), marks: Marks::Line(vec![(0.0, 1.0), (1.0, 2.0)]) }],
        };
        let text = sheet("three", &[plot("a"), plot("b"), plot("c")]);
        assert_eq!(text.matches("<svg ").count(), 4);
        assert_eq!(text.matches("class=\"mark\"").count(), 3);
        assert!(text.contains("c &lt; all") && text.contains("prefers-color-scheme: dark"));
        // Every colour that is used is defined, and nothing is fetched.
        for (at, _) in text.match_indices("var(--") {
            let name = text[at + 4..].split(')').next().unwrap();
            assert!(STYLE.contains(&format!("{name}:")), "{name}");
        }
        assert!(!text.contains("url(") && !text.contains("href") && !text.contains("@import"));
    }
}
