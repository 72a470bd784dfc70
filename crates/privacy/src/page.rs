//! The policy as a page to read: tables in Markdown, kept up to date between two marks.

use std::fmt::Write as _;

use crate::{Outlives, Policy};

/// Above what is generated.
pub const BEGIN: &str = "<!-- generated from crates/privacy/policy.toml: begin -->";
/// Below it.
pub const END: &str = "<!-- generated from crates/privacy/policy.toml: end -->";
/// Rewrites `docs/privacy.md`.
pub const COMMAND: &str = "cargo run -p privacy --example policy_table -- --write";

/// Why a page can't be brought up to date.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page has no `{0}` and below it the other mark")]
pub struct NoMarks(&'static str);

/// `page` with what is between the marks as `policy` has it.
pub fn updated(page: &str, policy: &Policy) -> Result<String, NoMarks> {
    let (before, rest) = page.split_once(BEGIN).ok_or(NoMarks(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or(NoMarks(END))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables(policy)))
}

/// The matrix, the classes and the rules.
fn tables(policy: &Policy) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_tables(&mut text, policy);
    text
}

fn write_tables(text: &mut String, policy: &Policy) -> std::fmt::Result {
    text.push_str("| class |");
    for principal in policy.principals() {
        write!(text, " {principal} |")?;
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(policy.principals().len()));
    for row in policy.rows() {
        write!(text, "\n| `{}` |", row.class)?;
        for principal in policy.principals() {
            write!(text, " {} |", policy.cell(*principal, row.class))?;
        }
    }
    text.push_str("\n\n| class | what it is | what the cells don't say |\n|---|---|---|\n");
    for row in policy.rows() {
        writeln!(text, "| `{}` | {} | {} |", row.class, cell(&row.what), cell(&row.note))?;
    }
    if !policy.rules().is_empty() {
        text.push_str("\n| rule | what it demands | kept by |\n|---|---|---|\n");
    }
    for rule in policy.rules() {
        let checks: Vec<_> = rule.checks.iter().map(|path| format!("[`{path}`](../{path})")).collect();
        let checks = if checks.is_empty() { "nothing yet".to_owned() } else { checks.join(", ") };
        writeln!(text, "| `{}` | {} | {checks} |", rule.id, cell(&rule.text))?;
    }
    if !policy.outlives().is_empty() {
        text.push_str(
            "\n| rows that outlive messages | whose | with | until | why |\n|---|---|---|---|---|\n",
        );
    }
    for Outlives { rows, at, class, until, why } in policy.outlives() {
        let at: Vec<_> = at.iter().map(|principal| principal.name()).collect();
        let (until, why) = (cell(until), cell(why));
        writeln!(text, "| `{rows}` | {} | `{class}` | {until} | {why} |", at.join(", "))?;
    }
    Ok(())
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let policy = Policy::of_this_project().unwrap();
        let page = updated(&format!("above\n{BEGIN}\nstale\n{END}\nbelow\n"), &policy).unwrap();
        assert!(page.starts_with("above\n<!--") && page.ends_with("-->\nbelow\n"), "{page}");
        assert!(!page.contains("stale"), "{page}");
        assert!(page.contains("\n| `secret` | own | no | no | own | own | no | own |\n"), "{page}");
        assert_eq!(updated(&page, &policy).unwrap(), page);
    }

    #[test]
    fn a_page_without_marks_is_left_alone() {
        let policy = Policy::of_this_project().unwrap();
        assert_eq!(updated("no marks", &policy), Err(NoMarks(BEGIN)));
        assert_eq!(updated(&format!("{END}{BEGIN}"), &policy), Err(NoMarks(END)));
    }
}
