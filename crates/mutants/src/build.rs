//! Compiles the copy. What does not compile is called by the name of its mutant.

use crate::copy::Copy;
use crate::fit::{Mutated, Placed};
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::{fmt, io};

/// The program that is built.
const PROGRAM: &str = "blindpost";

/// The copy can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo can't be started.
    #[error("cargo can't be started: it builds the mutants: {0}")]
    Start(#[source] io::Error),
    /// The compiler refuses what mutants put into the source.
    #[error("{0}")]
    Mutants(Refusals),
    /// It fails for another reason, which cargo has said.
    #[error("cargo build of the mutants in {}: {status}", copy.display())]
    Cargo {
        /// Where.
        copy: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
}

/// What the compiler refuses.
#[derive(Debug)]
pub struct Refusals(Vec<Refusal>);

/// An error of the compiler, and whose it is.
#[derive(Debug)]
struct Refusal {
    mutants: Vec<Placed>,
    file: String,
    error: String,
}

/// A line of cargo's.
#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: Option<String>,
    spans: Vec<Span>,
}

/// Some bytes of a file.
#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
}

impl Copy {
    /// Builds the program that has all mutants, with `cargo`, and says where it is.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(&self, cargo: &OsStr) -> Result<PathBuf, BuildError> {
        let mut command = Command::new(cargo);
        // The copy's own configuration says where.
        for elsewhere in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
            command.env_remove(elsewhere);
        }
        let built = command
            .args(["build", "--quiet", "--release", "--bin", PROGRAM, "--message-format", "json"])
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(BuildError::Start)?;
        if built.status.success() {
            return Ok(self.programs().join(PROGRAM));
        }
        let refusals = refusals(&String::from_utf8_lossy(&built.stdout), &self.mutated);
        Err(match refusals.is_empty() {
            false => BuildError::Mutants(Refusals(refusals)),
            true => BuildError::Cargo { copy: self.root.clone(), status: built.status },
        })
    }
}

/// The errors among what cargo said.
fn refusals(said: &str, mutated: &[Mutated]) -> Vec<Refusal> {
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let errors = lines.filter_map(|line| line.message).filter(|message| message.level == "error");
    let refusal = |message: Message| {
        let error = message.rendered.unwrap_or_default();
        let of = message
            .spans
            .iter()
            .find_map(|span| Some((span, mutated.iter().find(|of| of.file == span.file_name)?)));
        let Some((_, of)) = of else {
            return Refusal { mutants: Vec::new(), file: String::new(), error };
        };
        let own = |placed: &&Placed| {
            message.spans.iter().any(|span| {
                span.file_name == of.file
                    && span.byte_start < placed.range.end
                    && placed.range.start < span.byte_end
            })
        };
        let mut mutants: Vec<_> = of.placed.iter().filter(own).cloned().collect();
        if mutants.is_empty() {
            // What one has taken away is missed elsewhere.
            mutants.clone_from(&of.placed);
        }
        Refusal { mutants, file: of.file.clone(), error }
    };
    errors.map(refusal).collect()
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Refusal { mutants, file, error } in &self.0 {
            match mutants.as_slice() {
                [] => writeln!(f, "the copy of the source that has the mutants does not compile:")?,
                [one] => {
                    let Placed { mutant, piece, .. } = one;
                    writeln!(f, "the mutant `{mutant}` does not compile, in {file} at\n    {piece}")?;
                }
                several => {
                    writeln!(f, "one of these mutants does not compile, in {file}:")?;
                    for Placed { mutant, piece, .. } in several {
                        writeln!(f, "`{mutant}` at\n    {piece}")?;
                    }
                }
            }
            writeln!(f, "{error}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutated() -> [Mutated; 1] {
        let placed =
            |mutant: &str, range| Placed { mutant: mutant.into(), piece: format!("{mutant}();"), range };
        [Mutated {
            file: "crates/relay/src/relay.rs".into(),
            text: String::new(),
            placed: vec![placed("one", 10..20), placed("two", 30..40)],
        }]
    }

    fn said(file: &str, at: usize) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","fresh":true}}
{{"reason":"compiler-message","message":{{"level":"warning","rendered":"w","spans":[]}}}}
{{"reason":"compiler-message","message":{{"level":"error","rendered":"error: no such thing","spans":[
{{"file_name":"{file}","byte_start":{at},"byte_end":{}}}]}}}}
{{"reason":"build-finished","success":false}}"#,
            at + 3
        )
        .replace("[\n", "[")
    }

    fn shown(file: &str, at: usize) -> String {
        Refusals(refusals(&said(file, at), &mutated())).to_string()
    }

    #[test]
    fn what_does_not_compile_is_called_by_its_name() {
        let shown = shown("crates/relay/src/relay.rs", 32);
        let expected = "the mutant `two` does not compile, in crates/relay/src/relay.rs at\n    two();\n";
        assert!(shown.starts_with(expected) && shown.contains("error: no such thing"), "{shown}");
        assert!(!shown.contains("`one`"), "{shown}");
    }

    #[test]
    fn an_error_beside_the_mutants_of_a_file_names_all_of_them() {
        let shown = shown("crates/relay/src/relay.rs", 50);
        assert!(shown.contains("`one`") && shown.contains("`two`"), "{shown}");
    }

    #[test]
    fn an_error_where_no_mutant_is_blames_none() {
        let shown = shown("crates/relay/src/inbox.rs", 32);
        assert!(shown.contains("error: no such thing") && !shown.contains('`'), "{shown}");
    }
}
