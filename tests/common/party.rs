//! A party as a process that is killed, and lives again.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// One party: how to start it, and what it prints, over all its lives.
pub(crate) struct Party {
    arguments: Vec<String>,
    child: Child,
    lines: Sender<String>,
    pub(crate) printed: Receiver<String>,
}

impl Party {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let (lines, printed) = channel();
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let child = spawn(&arguments, &lines);
        Self { arguments, child, lines, printed }
    }

    /// The next line that it prints for which `wanted` says so.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line =
                self.printed.recv_timeout(Duration::from_secs(60)).expect("the party says what we wait for");
            let json: Value = serde_json::from_str(&line).unwrap_or_default();
            if wanted(&json) {
                return json;
            }
        }
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.child.stdin.as_ref().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn kill_nine(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.arguments, &self.lines);
    }

    /// Starts it again, at another relay.
    pub(crate) fn goes_to(&mut self, relay: &str, key: &str) {
        let place = self.arguments.iter().position(|argument| argument == "--relay").unwrap();
        self.arguments[place + 1] = relay.to_owned();
        self.arguments.extend(["--relay-key".to_owned(), key.to_owned()]);
        self.restart();
    }

    pub(crate) fn kill_nine_and_restart(&mut self) {
        self.kill_nine();
        self.restart();
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(arguments: &[String], lines: &Sender<String>) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_blindpost"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = lines.clone();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    child
}
