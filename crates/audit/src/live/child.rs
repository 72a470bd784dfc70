//! The program's processes, which are ours to stop, kill and look into.

use super::{LiveError, tracer};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What any party may take to say what it has to, on a machine that is busy with other things.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a process may take to end by itself.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Bytes that somebody gathers while others look.
#[derive(Clone, Default)]
pub(super) struct Gathered(Arc<Mutex<Vec<u8>>>);

impl Gathered {
    pub(super) fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How all processes are started.
pub(super) struct Launcher {
    pub(super) program: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Where they are at home: nothing should turn up there.
    pub(super) home: PathBuf,
    /// Where it is written down what they name towards the operating system, if that is wanted.
    pub(super) traces: Option<PathBuf>,
}

/// One party as a process, over all its lives.
pub(super) struct Child {
    pub(super) name: &'static str,
    command: Command,
    process: Process,
    /// Its id may be another's by now.
    dead: bool,
    stdin: Option<ChildStdin>,
    lines: Sender<String>,
    said: Receiver<String>,
    /// Standard output: for the person who starts the party.
    pub(super) out: Gathered,
    /// Standard error: the log.
    pub(super) err: Gathered,
}

impl Launcher {
    /// Starts `blindpost` with `arguments` as the party `name`.
    pub(super) fn start(&self, name: &'static str, arguments: &[&str]) -> Result<Child, LiveError> {
        let mut command = match &self.traces {
            None => Command::new(&self.program),
            Some(traces) => {
                let mut command = Command::new(tracer::TRACER);
                command.args(tracer::TRACED).arg(traces.join(tracer::file_of(name))).arg(&self.program);
                command
            }
        };
        command.args(arguments).current_dir(&self.home).env("HOME", &self.home);
        // Everything, of libraries too: what is never logged at any level needs no trust in a filter.
        command.env("BLINDPOST_LOG", "trace").env("NO_COLOR", "1").env("RUST_BACKTRACE", "1");
        command.envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (lines, said) = channel();
        let (out, err) = (Gathered::default(), Gathered::default());
        let process = command.spawn().map_err(|source| LiveError::Spawn { party: name, source })?;
        let mut child = Child { name, command, process, dead: false, stdin: None, lines, said, out, err };
        child.listen();
        Ok(child)
    }
}

impl Child {
    /// The next line of JSON on standard output for which `wanted` says so.
    pub(super) fn wait_for(
        &mut self,
        what: &'static str,
        wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<serde_json::Value, LiveError> {
        let deadline = live::now() + PATIENCE;
        while live::now() < deadline {
            if let Ok(line) = self.said.recv_timeout(Duration::from_millis(50)) {
                let json = serde_json::from_str(&line).unwrap_or_default();
                if wanted(&json) {
                    return Ok(json);
                }
            } else if !matches!(self.process.try_wait(), Ok(None)) {
                return Err(LiveError::Died { party: self.name, waiting_for: what });
            }
        }
        Err(LiveError::Silent { party: self.name, waiting_for: what })
    }

    /// A line on its standard input.
    pub(super) fn say(&mut self, line: &str) -> Result<(), LiveError> {
        let stdin = self.stdin.as_mut().ok_or(std::io::ErrorKind::BrokenPipe.into());
        stdin
            .and_then(|stdin| writeln!(stdin, "{line}"))
            .map_err(|source| LiveError::Talk { party: self.name, source })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it was started with ends so.
    pub(super) fn typed(&self) -> impl Iterator<Item = &OsStr> {
        self.command.get_args()
    }

    /// True unless it was killed, or has ended when it was asked to.
    pub(super) fn is_alive(&self) -> bool {
        !self.dead
    }

    /// Stops it where it is, in all its threads: its files are then what a crash at this moment would leave.
    pub(super) fn freeze(&self) -> Result<(), LiveError> {
        self.signal(Signal::STOP)?;
        let deadline = live::now() + LAST_WORDS;
        while !self.is_frozen() {
            if live::now() > deadline {
                return Err(LiveError::Late("a process to stop"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Whoever waits for the disk stops when that is done.
    fn is_frozen(&self) -> bool {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid())) else { return false };
        threads.flatten().all(|thread| {
            // proc_pid_stat(5): the state follows the name, which is in parentheses.
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
        })
    }

    /// Lets it go on.
    pub(super) fn thaw(&self) -> Result<(), LiveError> {
        self.signal(Signal::CONT)
    }

    /// `kill -9`, and nothing else.
    pub(super) fn kill_nine(&mut self) -> Result<(), LiveError> {
        let killed = self.process.kill().and_then(|()| self.process.wait());
        self.dead = true;
        killed.map(drop).map_err(|source| LiveError::Signal { party: self.name, source })
    }

    /// Starts it again as it was started.
    pub(super) fn restart(&mut self) -> Result<(), LiveError> {
        self.process =
            self.command.spawn().map_err(|source| LiveError::Spawn { party: self.name, source })?;
        self.dead = false;
        self.listen();
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(&mut self) -> Result<(), LiveError> {
        if self.dead {
            return Ok(());
        }
        self.signal(Signal::TERM)?;
        let deadline = live::now() + LAST_WORDS;
        while live::now() < deadline {
            if !matches!(self.process.try_wait(), Ok(None)) {
                self.dead = true;
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.kill_nine()
    }

    fn signal(&self, signal: Signal) -> Result<(), LiveError> {
        if self.dead {
            return Err(LiveError::Died { party: self.name, waiting_for: "what comes next" });
        }
        kill_process(Pid::from_child(&self.process), signal)
            .map_err(|source| LiveError::Signal { party: self.name, source: source.into() })
    }

    fn listen(&mut self) {
        self.stdin = self.process.stdin.take();
        if let Some(stdout) = self.process.stdout.take() {
            let (out, lines) = (self.out.clone(), self.lines.clone());
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    out.add(line.as_bytes());
                    out.add(b"\n");
                    let _ = lines.send(line);
                }
            });
        }
        if let Some(mut stderr) = self.process.stderr.take() {
            let err = self.err.clone();
            thread::spawn(move || {
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                    err.add(buffer.get(..read).unwrap_or_default());
                }
            });
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A path as an argument.
pub(super) fn argument(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
