//! One thing that must pass: its heading, its time, and how to repeat it.

use std::{
    env, fmt,
    io::Read as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A step, named and timed from its creation.
pub(crate) struct Step {
    name: String,
    started: Instant,
}

/// A command, as it is run and as a person would type it.
pub(crate) struct Run {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    path: Option<String>,
}

/// The first step that did not pass.
#[derive(Debug)]
pub(crate) struct Failure {
    step: String,
    what: String,
    repeat: String,
}

impl Step {
    /// Prints the heading.
    pub(crate) fn new(name: &str) -> Self {
        println!("\n== {name} ==");
        Self { name: name.to_owned(), started: now() }
    }

    /// Runs a command that must succeed.
    pub(crate) fn run(self, run: Run) -> Result<(), Failure> {
        println!("$ {run}");
        let status = run.command().status();
        self.end(
            &run.to_string(),
            match status {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(status.to_string()),
                Err(error) => Err(format!("it could not be started: {error}")),
            },
        )
    }

    /// Runs a check that says what is wrong; `repeat` is the command that runs it again.
    pub(crate) fn check(
        self,
        repeat: &str,
        check: impl FnOnce() -> Result<String, String>,
    ) -> Result<(), Failure> {
        let result = check().map(|passed| println!("{passed}"));
        self.end(repeat, result)
    }

    fn end(self, repeat: &str, result: Result<(), String>) -> Result<(), Failure> {
        let took = self.started.elapsed();
        match result {
            Ok(()) => {
                println!("== {}: passed in {} ==", self.name, seconds(took));
                Ok(())
            }
            Err(what) => Err(Failure {
                step: format!("{} ({})", self.name, seconds(took)),
                what,
                repeat: repeat.to_owned(),
            }),
        }
    }
}

/// Cargo, the one that runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Run {
    program("cargo", arguments)
}

/// Any other program, found in the path.
pub(crate) fn program(program: &str, arguments: &[&str]) -> Run {
    Run {
        program: program.to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        environment: Vec::new(),
        path: None,
    }
}

/// The directory of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// More arguments.
    pub(crate) fn and(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Finds cargo's subcommands in `target/tools` too.
    pub(crate) fn tools_in_path(mut self) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let paths = env::split_paths(&path).chain([crate::tools::directory().join("bin")]);
        self.path = env::join_paths(paths).ok().and_then(|path| path.into_string().ok());
        self
    }

    /// Standard output, if the command succeeds, or what it said otherwise.
    pub(crate) fn output(&self) -> Result<Vec<u8>, String> {
        let output =
            self.command().output().map_err(|error| format!("`{self}` could not be started: {error}"))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    /// Standard output, if the command succeeds or not, for programs that report there; it is stopped when it
    /// takes longer.
    pub(crate) fn printed_within(&self, limit: Duration) -> Result<Vec<u8>, String> {
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{self}` could not be started: {error}"))?;
        let pipe = child.stdout.take();
        // Read beside the waiting: a program whose pipe is full would never end.
        let reader = thread::spawn(move || {
            let mut printed = Vec::new();
            pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut printed)).map(|_| printed)
        });
        let ended = ends_within(&mut child, limit).map_err(|error| format!("`{self}`: {error}"))?;
        match reader.join() {
            _ if !ended => Err(format!("`{self}` took longer than {}", seconds(limit))),
            Ok(Ok(printed)) => Ok(printed),
            Ok(Err(error)) => Err(format!("`{self}` can't be read: {error}")),
            Err(_) => Err(format!("`{self}` can't be read")),
        }
    }

    /// Standard error, if the command succeeds or not: for programs that report there.
    pub(crate) fn said(&self) -> Result<String, String> {
        let output =
            self.command().output().map_err(|error| format!("`{self}` could not be started: {error}"))?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn command(&self) -> Command {
        let program = match self.program.as_str() {
            "cargo" => env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
            other => other.to_owned(),
        };
        let mut command = Command::new(program);
        command.args(&self.arguments).current_dir(root()).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}='{value}' ")?;
        }
        write!(f, "{}", self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, what, repeat } = self;
        write!(f, "FAILED: {step}\n{what}\n\nRepeat it with:\n  {repeat}")
    }
}

/// Waits for the end, and makes it when the time is over.
fn ends_within(child: &mut Child, limit: Duration) -> std::io::Result<bool> {
    let started = now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(true)
}

#[expect(
    clippy::disallowed_methods,
    reason = "it measures how long a step took, and stops what takes too long"
)]
fn now() -> Instant {
    Instant::now()
}

fn seconds(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_how_to_repeat_it() {
        let run = cargo(&["no-such-subcommand"]).env("RUSTDOCFLAGS", "-D warnings");
        let failure = Step::new("nonsense").run(run).unwrap_err().to_string();
        assert!(failure.starts_with("FAILED: nonsense ("), "{failure}");
        assert!(failure.ends_with("\n  RUSTDOCFLAGS='-D warnings' cargo no-such-subcommand"), "{failure}");
    }

    #[test]
    fn what_is_printed_is_read_whatever_the_end_and_what_takes_too_long_is_stopped() {
        let failed = program("sh", &["-c", "echo report; exit 2"]).printed_within(Duration::from_secs(60));
        assert_eq!(failed.unwrap(), b"report\n");
        let slow = program("sleep", &["60"]).printed_within(Duration::from_millis(20)).unwrap_err();
        assert_eq!(slow, "`sleep 60` took longer than 0.0 s");
    }
}
