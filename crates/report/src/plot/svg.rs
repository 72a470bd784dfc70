//! A drawing as SVG.

use super::Plot;
use super::shape::{Anchor, Drawing, Form, Ink, Role, Shape};
use std::fmt::Write as _;

/// Where colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// From the page's custom properties (`--ink`, `--muted`, `--grid`, `--ground`, `--s0` to `--s5`), so that
    /// they follow its theme; with what a pointer is told.
    Page,
    /// Light, written out, for files of their own.
    Paper,
}

const SERIES: [&str; 6] = ["#0b5fa5", "#c2510a", "#12805c", "#8a3ea8", "#a3262a", "#5b6472"];

pub(super) fn write(plot: &Plot, drawing: &Drawing, palette: Palette) -> String {
    let mut out = String::new();
    let (width, height) = (drawing.width, drawing.height);
    let id = escape(&plot.id);
    let size = if palette == Palette::Paper {
        format!(" width=\"{width}\" height=\"{height}\"")
    } else {
        String::new()
    };
    // Writing to a string can't fail, here and below.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"{size} data-plot=\"{id}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\" font-family=\"{}\" font-size=\"12\">\n<title id=\"{id}-t\">{}</title>\n\
         <desc id=\"{id}-d\">{}</desc>\n",
        if palette == Palette::Paper { "Helvetica, Arial, sans-serif" } else { "inherit" },
        escape(&plot.title),
        escape(&plot.summary),
    );
    if palette == Palette::Paper {
        let _ = writeln!(
            out,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            colour(Ink::Ground, palette)
        );
    }
    for shape in &drawing.shapes {
        if shape.role != Role::Hit || palette == Palette::Page {
            put(shape, palette, &mut out);
        }
    }
    out += "</svg>\n";
    out
}

/// Text as it may stand in XML, between tags or in quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}

fn put(shape: &Shape, palette: Palette, out: &mut String) {
    let element = match &shape.form {
        Form::Path { points, closed } => {
            *out += "<path d=\"";
            for (index, (x, y)) in points.iter().enumerate() {
                let _ = write!(out, "{}{} {}", if index == 0 { 'M' } else { 'L' }, short(*x), short(*y));
            }
            *out += if *closed { "Z\"" } else { "\"" };
            "path"
        }
        Form::Circle { at, radius } => {
            let _ = write!(out, "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\"", short(at.0), short(at.1));
            "circle"
        }
        Form::Text { at, anchor, size, .. } => {
            let _ = write!(out, "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"", short(at.0), short(at.1));
            match anchor {
                Anchor::Start => {}
                Anchor::Middle => *out += " text-anchor=\"middle\"",
                Anchor::End => *out += " text-anchor=\"end\"",
            }
            "text"
        }
    };
    match shape.role {
        Role::Frame => {}
        Role::Mark => *out += " class=\"mark\"",
        Role::Hit => *out += " class=\"hit\"",
    }
    paint(shape, palette, out);
    if let (Some(tip), Palette::Page) = (&shape.tip, palette) {
        let _ = write!(out, " data-tip=\"{}\"", escape(tip));
    }
    match &shape.form {
        Form::Text { text, .. } => {
            let _ = writeln!(out, ">{}</{element}>", escape(text));
        }
        _ => *out += "/>\n",
    }
}

fn paint(shape: &Shape, palette: Palette, out: &mut String) {
    match shape.fill {
        None => *out += " fill=\"none\"",
        Some((ink, opacity)) => {
            let _ = write!(out, " fill=\"{}\"", colour(ink, palette));
            if opacity < 1.0 {
                let _ = write!(out, " fill-opacity=\"{opacity:.3}\"");
            }
        }
    }
    if let Some(stroke) = shape.stroke {
        let _ = write!(out, " stroke=\"{}\" stroke-width=\"{}\"", colour(stroke.ink, palette), stroke.width);
        if !stroke.dash.is_empty() {
            let dash: Vec<String> = stroke.dash.iter().map(f64::to_string).collect();
            let _ = write!(out, " stroke-dasharray=\"{}\"", dash.join(" "));
        }
        if shape.role == Role::Mark {
            *out += " stroke-linejoin=\"round\"";
        }
    }
}

pub(super) fn colour(ink: Ink, palette: Palette) -> String {
    match (palette, ink) {
        (Palette::Page, Ink::Text) => "var(--ink)".into(),
        (Palette::Page, Ink::Muted) => "var(--muted)".into(),
        (Palette::Page, Ink::Grid) => "var(--grid)".into(),
        (Palette::Page, Ink::Ground) => "var(--ground)".into(),
        (Palette::Page, Ink::Series(index)) => format!("var(--s{})", index % SERIES.len()),
        (Palette::Paper, Ink::Text) => "#15191f".into(),
        (Palette::Paper, Ink::Muted) => "#5b6472".into(),
        (Palette::Paper, Ink::Grid) => "#e4e7eb".into(),
        (Palette::Paper, Ink::Ground) => "#ffffff".into(),
        (Palette::Paper, Ink::Series(index)) => {
            SERIES.get(index % SERIES.len()).copied().unwrap_or("#000000").into()
        }
    }
}

/// A hundredth of a unit is finer than any screen.
fn short(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
