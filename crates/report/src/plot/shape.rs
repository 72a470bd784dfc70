//! What a drawing is made of, whatever it is written as.

/// A drawing, in units of about a pixel.
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) shapes: Vec<Shape>,
}

pub(super) struct Shape {
    pub(super) form: Form,
    pub(super) fill: Option<(Ink, f64)>,
    pub(super) stroke: Option<Stroke>,
    pub(super) role: Role,
    /// What a pointer over it is told.
    pub(super) tip: Option<String>,
}

pub(super) enum Form {
    Path { points: Vec<(f64, f64)>, closed: bool },
    Circle { at: (f64, f64), radius: f64 },
    Text { at: (f64, f64), text: String, anchor: Anchor, size: f64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Colours by meaning: a palette says what they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Muted,
    Grid,
    Ground,
    Series(usize),
}

#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) ink: Ink,
    pub(super) width: f64,
    pub(super) dash: &'static [f64],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Axes, ticks, legends.
    Frame,
    /// Data.
    Mark,
    /// Unseen, for a pointer to find.
    Hit,
}

/// Lines are told apart without colour too.
pub(super) const DASHES: [&[f64]; 4] = [&[], &[7.0, 3.0], &[2.0, 3.0], &[9.0, 3.0, 2.0, 3.0]];

impl Shape {
    pub(super) fn line(points: Vec<(f64, f64)>, stroke: Stroke, role: Role) -> Self {
        let form = Form::Path { points, closed: false };
        Self { form, fill: None, stroke: Some(stroke), role, tip: None }
    }

    pub(super) fn area(points: Vec<(f64, f64)>, ink: Ink, opacity: f64) -> Self {
        let form = Form::Path { points, closed: true };
        Self { form, fill: Some((ink, opacity)), stroke: None, role: Role::Mark, tip: None }
    }

    pub(super) fn rectangle(x: (f64, f64), y: (f64, f64), ink: Ink, opacity: f64) -> Self {
        Self::area(vec![(x.0, y.0), (x.1, y.0), (x.1, y.1), (x.0, y.1)], ink, opacity)
    }

    pub(super) fn circle(at: (f64, f64), radius: f64, ink: Ink, role: Role) -> Self {
        let form = Form::Circle { at, radius };
        Self { form, fill: Some((ink, 1.0)), stroke: None, role, tip: None }
    }

    pub(super) fn text(at: (f64, f64), text: impl Into<String>, anchor: Anchor, ink: Ink) -> Self {
        let form = Form::Text { at, text: text.into(), anchor, size: 12.0 };
        Self { form, fill: Some((ink, 1.0)), stroke: None, role: Role::Frame, tip: None }
    }

    pub(super) fn tip(self, tip: String) -> Self {
        Self { tip: Some(tip), ..self }
    }
}

impl Stroke {
    pub(super) fn thin(ink: Ink) -> Self {
        Self { ink, width: 1.0, dash: &[] }
    }

    /// Of a series' line.
    pub(super) fn series(index: usize) -> Self {
        let dash = DASHES.get(index % DASHES.len()).copied().unwrap_or_default();
        Self { ink: Ink::Series(index), width: 1.8, dash }
    }
}
