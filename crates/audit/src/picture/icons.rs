//! The few signs of the page, drawn once and used by name: a colour alone would tell nothing to many.

use crate::State;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    Eye,
    Lock,
    Ring,
    Warning,
    Question,
    Shield,
}

impl Icon {
    /// The sign of a state.
    pub(super) const fn of(state: State) -> Self {
        match state {
            State::NotSeen => Self::Lock,
            State::Seen => Self::Eye,
            State::Nothing => Self::Ring,
            State::Leak => Self::Warning,
            State::NotChecked => Self::Question,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Eye => "eye",
            Self::Lock => "lock",
            Self::Ring => "ring",
            Self::Warning => "warning",
            Self::Question => "question",
            Self::Shield => "shield",
        }
    }

    /// In a field of 16 by 16, as lines.
    const fn lines(self) -> &'static str {
        match self {
            Self::Eye => {
                "<path d=\"M1.5 8C3 5 5.3 3.5 8 3.5S13 5 14.5 8C13 11 10.7 12.5 8 12.5S3 11 1.5 8z\"/>\
                 <circle cx=\"8\" cy=\"8\" r=\"2\" class=\"full\"/>"
            }
            Self::Lock => {
                "<rect x=\"3\" y=\"7\" width=\"10\" height=\"7\" rx=\"1.5\" class=\"full\"/><path d=\"M5 7V5a3 3 0 0 1 6 0v2\"/>"
            }
            Self::Ring => "<circle cx=\"8\" cy=\"8\" r=\"5\" stroke-dasharray=\"2.2 2\"/>",
            Self::Warning => "<path d=\"M8 1.8 15 14H1z\"/><path d=\"M8 6.2v3.9M8 11.6v.6\"/>",
            Self::Question => "<path d=\"M5.3 5.6A2.7 2.7 0 1 1 8 8.6v1.7M8 12.7v.6\"/>",
            Self::Shield => {
                "<path d=\"M8 1.5 2.5 3.6V8c0 3.2 2.3 5.5 5.5 6.5 3.2-1 5.5-3.3 5.5-6.5V3.6z\"/><path d=\"m5.4 8 1.9 1.9 3.4-3.6\"/>"
            }
        }
    }

    /// For text: as high as it.
    pub(super) fn svg(self) -> String {
        format!(
            "<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><use href=\"#i-{}\"/></svg>",
            self.name()
        )
    }

    /// For a drawing: at a place, in a size.
    pub(super) fn at(self, x: f64, y: f64, size: f64) -> String {
        format!(
            "<use class=\"icon\" href=\"#i-{}\" x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\"/>",
            self.name()
        )
    }
}

/// What stands once on the page, so that the others can refer to it.
pub(super) fn definitions() -> String {
    let all = [Icon::Eye, Icon::Lock, Icon::Ring, Icon::Warning, Icon::Question, Icon::Shield];
    let symbols = all.iter().fold(String::new(), |symbols, icon| {
        symbols + &format!("<symbol id=\"i-{}\" viewBox=\"0 0 16 16\">{}</symbol>", icon.name(), icon.lines())
    });
    format!("<svg class=\"signs\" width=\"0\" height=\"0\" aria-hidden=\"true\">{symbols}</svg>\n")
}
