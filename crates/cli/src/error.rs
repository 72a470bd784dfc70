//! Errors as a person reads them: what was wrong, where, and what to do.

use crate::out::harmless;
use ::scenario::ScenarioError;
use miette::Report;
use std::error::Error;
use std::fmt::Write as _;

/// The error, what caused it, and the way out. A cause that the error names already is not told again.
pub(crate) fn explain(report: &Report) -> String {
    let mut text = String::new();
    for (depth, cause) in report.chain().enumerate() {
        let told = told(cause);
        if depth > 0 && text.contains(&told) {
            continue;
        }
        if depth == 0 {
            let _ = writeln!(text, "error: {told}");
            continue;
        }
        for line in told.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    if let Some(help) = report.help() {
        let _ = writeln!(text, "help: {help}");
    }
    // Snippets are of files, which somebody else may have written.
    harmless(&text)
}

/// A scenario's error shows the lines that it is about.
fn told(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<ScenarioError>() {
        Some(error) => format!("{error:#}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miette::WrapErr as _;

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        let cause: miette::Result<()> = Err(miette::miette!(help = "write a number", "line 3\nx = y"));
        let report = cause.wrap_err("settings.toml is wrong").unwrap_err();
        assert_eq!(
            explain(&report),
            "error: settings.toml is wrong\n  line 3\n  x = y\nhelp: write a number\n"
        );
    }

    #[test]
    fn a_snippet_has_nothing_that_a_terminal_obeys() {
        let error =
            ::scenario::Scenario::parse("a.toml", "version = 1\nname = 3 # \u{202e}\r\n").unwrap_err();
        let text = explain(&Report::new(error).wrap_err("\u{1b}[2J"));
        assert!(text.contains("\\u{1b}[2J") && text.contains("\\u{202e}"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text}");
    }

    #[test]
    fn a_cause_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("can't open x: {0}")]
        struct Outer(#[source] std::io::Error);
        let report = miette::Report::msg("no store");
        assert_eq!(explain(&report), "error: no store\n");
        let cause: Result<(), _> = Err(Outer(std::io::Error::other("disk on fire")));
        let report = miette::IntoDiagnostic::into_diagnostic(cause).unwrap_err();
        assert_eq!(explain(&report), "error: can't open x: disk on fire\n");
    }

    #[test]
    fn a_scenarios_mistake_is_shown_with_its_lines() {
        let error = ::scenario::Scenario::parse("a.toml", "version = 1\nname = 3\n").unwrap_err();
        let text = explain(&Report::new(error).wrap_err("the sweep can't be run"));
        assert!(text.starts_with("error: the sweep can't be run\n"), "{text}");
        assert!(text.contains("a.toml:2:8") && text.contains("name = 3"), "{text}");
    }
}
