//! The official code, in a process of its own: `benches/official/`, which is AGPL and which nothing here links.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    str::FromStr,
    time::Duration,
};

use thiserror::Error;

use crate::contestant::Contestant;
use crate::operation::Operation;

/// Debian's package of `protoc`, which the official code's build needs.
const PROTOC_PACKAGE: &str = "protobuf-compiler";

/// The process, which answers `<operation> <iterations>` with nanoseconds per iteration.
pub struct Official {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Why there is no such process.
#[derive(Debug, Error)]
pub enum NotBuilt {
    /// `protoc` is missing and could not be installed.
    #[error("the official code needs protoc, and there is none. Install it with:\n  {command}")]
    NoProtoc {
        /// What to type.
        command: String,
    },
    /// Cargo failed, and has said why.
    #[error("the official code could not be built. Repeat it with:\n  {command}")]
    Build {
        /// What to type.
        command: String,
    },
    /// The program could not be started.
    #[error("{program} could not be started: {source}")]
    Start {
        /// Its path.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Official {
    /// Builds it, if it isn't, and starts it.
    ///
    /// # Errors
    /// When it can't be built, with the command to repeat that.
    pub fn build_and_start() -> Result<Self, NotBuilt> {
        have_protoc()?;
        let target = target().join("official");
        let arguments = [
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            "benches/official/Cargo.toml",
            "--target-dir",
            &target.to_string_lossy(),
        ];
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo).args(arguments).current_dir(root()).stdout(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(NotBuilt::Build { command: format!("cargo {}", arguments.join(" ")) });
        }
        Self::start(&target.join("release/official"))
    }

    fn start(program: &Path) -> Result<Self, NotBuilt> {
        let failed = |source| NotBuilt::Start { program: program.to_owned(), source };
        let mut process =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let questions = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Ok(Self { process, questions, answers })
    }

    fn ask<T: FromStr>(&mut self, operation: &str, iterations: u32) -> T {
        writeln!(self.questions, "{operation} {iterations}").expect("the official process listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the official process answers");
        answer.trim().parse().ok().expect("the official process answers with a number")
    }
}

impl Contestant for Official {
    fn name(&self) -> String {
        "official".to_owned()
    }

    fn run(&mut self, operation: Operation, iterations: u32) -> Duration {
        let nanoseconds: f64 = self.ask(operation.name(), iterations);
        Duration::from_secs_f64(nanoseconds * f64::from(iterations) / 1e9)
    }

    fn serialized_size(&mut self) -> usize {
        self.ask("size", 1)
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // Nothing is lost if it was gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn have_protoc() -> Result<(), NotBuilt> {
    let runs = |program: &str, arguments: &[&str]| {
        let status =
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if env::var_os("PROTOC").is_some() || runs("protoc", &["--version"]) {
        return Ok(());
    }
    // As root this installs it; as anybody else it fails at once, and the person gets the command.
    let install = ["install", "--yes", "--no-install-recommends", PROTOC_PACKAGE];
    if runs("apt-get", &install) || (runs("apt-get", &["update"]) && runs("apt-get", &install)) {
        return Ok(());
    }
    Err(NotBuilt::NoProtoc { command: format!("sudo apt-get install {PROTOC_PACKAGE}") })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where cargo builds.
fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let root = root().canonicalize().unwrap_or_else(|_| root());
    root.join(target)
}
