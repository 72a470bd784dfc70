//! What is wrong with a scenario, and where.

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A scenario can't be used: everything that is wrong with it, in the order of the file.
///
/// `{}` has a line `file:line:column: problem; hint` for each, `{:#}` shows the lines of the file too.
#[derive(Debug, Clone)]
pub struct ScenarioError {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    place: Place,
    problem: String,
    hint: String,
}

/// A stretch of a text that was read.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    text: Arc<NamedSource<String>>,
    span: Range<usize>,
}

impl ScenarioError {
    /// Never empty.
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { problems }
    }

    /// The one problem that there is.
    pub(crate) fn one(place: Place, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(vec![Problem::new(place, problem, hint)])
    }

    /// Everything that is wrong, in the order of the file.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let between = if index == 0 { "" } else { "\n" };
            f.write_str(between)?;
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}

impl Diagnostic for ScenarioError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

impl Problem {
    pub(crate) fn new(place: Place, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { place, problem: problem.into(), hint: hint.into() }
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.problem
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// The file, or the change that was asked for.
    #[must_use]
    pub fn file(&self) -> &str {
        self.place.text.name()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.place.span.clone()
    }

    /// Line and column, from 1; a column is a character.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        let text = self.place.text.inner();
        let before = text.get(..self.place.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.get(line_start..).unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }

    fn order(&self) -> (&str, usize) {
        (self.file(), self.place.span.start)
    }
}

/// So many characters of a line are shown.
const WIDEST: usize = 240;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}: {}", self.file(), self.problem)?;
        if !f.alternate() {
            return if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) };
        }
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        if let Some(content) = self.place.text.inner().lines().nth(line.saturating_sub(1)) {
            let (length, at) = (content.chars().count(), column.saturating_sub(1));
            // Of a very long line the part around the place.
            let start = if length > WIDEST { at.saturating_sub(WIDEST / 4) } else { 0 };
            let content: String = content.chars().skip(start).take(WIDEST).collect();
            let (at, left) = (at.saturating_sub(start), length.saturating_sub(at).min(WIDEST));
            let marked = self.place.text.inner().get(self.span()).map_or(1, |text| text.chars().count());
            let (before, marks) = (" ".repeat(at), "^".repeat(marked.min(left).max(1)));
            write!(f, "\n{number} | {content}\n{margin} | {before}{marks}")?;
        }
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n{margin} = {}", self.hint) }
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.hint.is_empty()).then(|| Box::new(&self.hint) as Box<_>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.place.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::underline(self.place.span.clone());
        (!self.place.text.inner().is_empty()).then(|| Box::new(std::iter::once(label)) as Box<_>)
    }
}

impl Place {
    pub(crate) const fn new(text: Arc<NamedSource<String>>, span: Range<usize>) -> Self {
        Self { text, span }
    }

    pub(crate) const fn start(&self) -> usize {
        self.span.start
    }
}
