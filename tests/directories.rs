//! Data directories of the program as people have them: whatever is taken out of one, emptied or put there from another,
//! the party is the same at the next start or says what is wrong. And nobody's directory is taken for somebody else's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

const ALICE: &str = "4915112345678";
/// Of a node that nobody has configured.
const BUSINESS: &str = "15550783881";
const BOB: &str = "4915187654321";

/// A party that runs, or ran.
struct Party {
    child: Child,
    printed: Receiver<Value>,
}

impl Party {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(Stdio::null(), arguments)
    }

    fn start_with(input: Stdio, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_blindpost"))
            .args(arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (lines, printed) = channel();
        std::thread::spawn(move || {
            let json =
                out.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).unwrap_or_default());
            json.into_iter().try_for_each(|line: Value| lines.send(line))
        });
        Self { child, printed }
    }

    /// The first line for which `wanted` says so, with those before it; or what it said when it ended with an error.
    fn until(mut self, wanted: impl Fn(&Value) -> bool) -> Result<(Self, Vec<Value>), String> {
        let mut lines = Vec::new();
        loop {
            match self.printed.recv_timeout(Duration::from_secs(30)) {
                Ok(line) => {
                    let found = wanted(&line);
                    lines.push(line);
                    if found {
                        return Ok((self, lines));
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("it says nothing, and does not end: {lines:?}"),
                Err(RecvTimeoutError::Disconnected) => {
                    let mut told = String::new();
                    self.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
                    let code = self.child.wait().unwrap().code();
                    assert_eq!(code, Some(1), "{told}");
                    return Err(told);
                }
            }
        }
    }

    /// `kill -9`, as the worst that happens to a party that isn't looked after.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How to start one, and who it is then.
struct Kind<'a> {
    start: &'a dyn Fn(&Path) -> Party,
    up: fn(&Value) -> bool,
    identity: fn(&Value) -> String,
}

fn relay(dir: &Path, address: &str) -> Party {
    Party::start(&["relay", "--json", "--data", text(dir), "--listen", address])
}

fn node(dir: &Path, relay: &str) -> Party {
    Party::start(&["cloud", "--json", "--data", text(dir), "--relay", relay, "--http", "127.0.0.1:0"])
}

fn consumer(dir: &Path, number: &str, relay: &str) -> Party {
    Party::start(&["consumer", "--json", "--data", text(dir), "--relay", relay, "--number", number])
}

fn free_address() -> String {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn relay_is_up(line: &Value) -> bool {
    line["relay"].is_string()
}

fn node_is_up(line: &Value) -> bool {
    line["base_url"].is_string()
}

fn is_online(line: &Value) -> bool {
    line["notice"] == "online"
}

fn is_registered(line: &Value) -> bool {
    line["notice"] == "registered with the relay"
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                waiting.push(entry)
            } else {
                found.push(entry.strip_prefix(dir).unwrap().into())
            }
        }
    }
    found.sort();
    found
}

fn directories(dir: &Path) -> Vec<PathBuf> {
    let files = files(dir);
    let within = files.iter().flat_map(|file| file.ancestors().skip(1));
    let mut found: Vec<_> =
        within.filter(|within| !within.as_os_str().is_empty()).map(Path::to_path_buf).collect();
    found.sort();
    found.dedup();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), target).unwrap();
    }
}

/// An error that people can read: it names the directory, says what to do, and no type of a program.
fn assert_told(told: &str, dir: &Path) {
    assert!(told.contains(text(dir)), "{told}");
    for debug in [" { ", "{ code", "Os {", "Some(", "Err(", "Error(", "Error:"] {
        assert!(!told.contains(debug), "`{debug}` in {told}");
    }
    let lines: Vec<_> = told.lines().map(str::trim).collect();
    let twice = lines
        .iter()
        .enumerate()
        .find(|(at, line)| line.len() > 12 && lines[..*at].iter().any(|l| l.contains(**line)));
    assert_eq!(twice, None, "{told}");
}

/// Takes each file and each directory out of `sound`, empties each file, and puts another party's in its place, and the
/// one of the same party at an `earlier` time.
fn attack(sound: &Path, earlier: &Path, other: &Path, kind: &Kind<'_>) {
    let identity = |dir: &Path| {
        let (party, lines) = (kind.start)(dir).until(kind.up)?;
        party.kill();
        Ok::<_, String>((kind.identity)(lines.last().unwrap()))
    };
    let home = tempfile::tempdir().unwrap();
    let whole = home.path().join("whole");
    copy(sound, &whole);
    let expected = identity(&whole).unwrap();
    let link_key = fs::read(sound.join("link.pem")).unwrap();
    let mut outcomes = [0, 0];
    let mut judge = |harmed: &str, part: &Path, dir: &Path| match identity(dir) {
        Ok(found) => {
            outcomes[0] += 1;
            assert_eq!(found, expected, "{harmed} {}", part.display());
            assert_eq!(fs::read(dir.join("link.pem")).unwrap(), link_key);
        }
        Err(told) => {
            outcomes[1] += 1;
            assert_told(&told, dir);
            assert!(told.contains(blamed(harmed, part)), "{harmed} {}: {told}", part.display());
        }
    };
    for (number, file) in files(sound).iter().enumerate() {
        for harm in
            [Harm::Without, Harm::Emptied, Harm::From("another's", other), Harm::From("earlier", earlier)]
        {
            // Whose businesses a node speaks for, people say in this file (docs/decisions/0024).
            if matches!(harm, Harm::From("another's", _)) && file.ends_with("tenants.toml") {
                continue;
            }
            let dir = home.path().join(format!("{number}-{}", harm.name()));
            copy(sound, &dir);
            if harm.be_done(&dir, file) {
                judge(harm.name(), file, &dir);
            }
        }
    }
    for (number, part) in directories(sound).iter().enumerate() {
        let dir = home.path().join(format!("dir-{number}"));
        copy(sound, &dir);
        fs::remove_dir_all(dir.join(part)).unwrap();
        judge("without", part, &dir);
    }
    assert!(outcomes[0] > 0 && outcomes[1] > 8, "{outcomes:?}");
}

/// What the error names: the part, or what is known of it.
fn blamed<'a>(harmed: &str, part: &'a Path) -> &'a str {
    match text(part) {
        // Which journals and tables there were, only the database knows.
        "store/rows/0.jnl" if matches!(harmed, "without" | "emptied") => "NUMBER.jnl",
        table if table.contains("/tables") => "store/rows",
        // What fits nothing may be either of two.
        part if matches!(harmed, "without" | "emptied") => part,
        part if part.starts_with("store/") => "store",
        "party.toml" => "",
        part => part,
    }
}

/// What happens to a file of a directory.
enum Harm<'a> {
    Without,
    Emptied,
    From(&'static str, &'a Path),
}

impl Harm<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Without => "without",
            Self::Emptied => "emptied",
            Self::From(name, _) => name,
        }
    }

    /// False if there is nothing to do it with.
    fn be_done(&self, dir: &Path, file: &Path) -> bool {
        let target = dir.join(file);
        match self {
            Self::Without => fs::remove_file(target).unwrap(),
            Self::Emptied => fs::write(target, "").unwrap(),
            Self::From(_, theirs) if theirs.join(file).exists() => {
                fs::copy(theirs.join(file), target).unwrap();
            }
            Self::From(..) => return false,
        }
        true
    }
}

#[test]
fn a_relay_is_itself_or_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let [one, earlier, other] = ["one", "earlier", "other"].map(|name| home.path().join(name));
    let address = free_address();
    relay(&one, &address).until(relay_is_up).unwrap().0.kill();
    copy(&one, &earlier);
    for dir in [&one, &other] {
        let (transport, _) = relay(dir, &address).until(relay_is_up).unwrap();
        let (app, _) = consumer(&dir.with_extension("app"), ALICE, &address).until(is_registered).unwrap();
        app.kill();
        transport.kill();
    }
    let start = |dir: &Path| relay(dir, &address);
    let identity = |line: &Value| line["relay_key"].to_string();
    attack(&one, &earlier, &other, &Kind { start: &start, up: relay_is_up, identity });
}

#[test]
fn a_node_is_itself_or_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let [one, earlier, other] = ["one", "earlier", "other"].map(|name| home.path().join(name));
    let address = free_address();
    // Before there is a relay.
    node(&one, &address).until(node_is_up).unwrap().0.kill();
    copy(&one, &earlier);
    let (_transport, _) = relay(&home.path().join("relay"), &address).until(relay_is_up).unwrap();
    for dir in [&one, &other] {
        let (node, _) = node(dir, &address).until(node_is_up).unwrap();
        while !has_seen_its_relay(dir) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // The relay takes the first that comes for its gateway.
        if dir == &one {
            writes_to_business(&home.path().join("app"), &address);
        }
        node.kill();
    }
    let start = |dir: &Path| node(dir, &address);
    let identity = |line: &Value| format!("{} {}", line["node_key"], line["tenants"]);
    attack(&one, &earlier, &other, &Kind { start: &start, up: node_is_up, identity });
}

/// Once a message has arrived there, the relay has the keys of the business.
fn writes_to_business(dir: &Path, relay: &str) {
    let typed = dir.with_extension("typed");
    fs::write(&typed, "Are you open on Sundays?\n").unwrap();
    let input = fs::File::open(&typed).unwrap();
    let arguments =
        ["consumer", "--json", "--data", text(dir), "--relay", relay, "--number", ALICE, "--to", BUSINESS];
    let app = Party::start_with(input.into(), &arguments);
    app.until(|line| line["status"] == "delivered").unwrap().0.kill();
}

fn has_seen_its_relay(dir: &Path) -> bool {
    fs::read_to_string(dir.join("relay.key")).is_ok_and(|key| key.trim().len() == 64)
}

#[test]
fn a_consumer_is_itself_or_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let [one, earlier, other] = ["one", "earlier", "other"].map(|name| home.path().join(name));
    let address = free_address();
    // Before there is a relay.
    let app = consumer(&one, ALICE, &address);
    while !one.join("party.toml").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    app.kill();
    copy(&one, &earlier);
    let (_transport, _) = relay(&home.path().join("relay"), &address).until(relay_is_up).unwrap();
    for (dir, number) in [(&one, ALICE), (&other, BOB)] {
        consumer(dir, number, &address).until(is_registered).unwrap().0.kill();
    }
    let start = |dir: &Path| consumer(dir, ALICE, &address);
    // One with a new identity would register it first.
    let identity = |line: &Value| line.to_string();
    let up = |line: &Value| is_online(line) || is_registered(line);
    attack(&one, &earlier, &other, &Kind { start: &start, up, identity });
}

#[test]
fn a_directory_that_was_torn_in_the_making_is_finished() {
    let home = tempfile::tempdir().unwrap();
    let address = free_address();
    for round in 0..24 {
        let dir = home.path().join(format!("torn-{round}"));
        let party = relay(&dir, &address);
        std::thread::sleep(Duration::from_millis(3 * round));
        party.kill();
        relay(&dir, &address).until(relay_is_up).unwrap().0.kill();
    }
    // And step by step, as it is made: the manifest comes last.
    let whole = home.path().join("whole");
    let (party, lines) = relay(&whole, &address).until(relay_is_up).unwrap();
    party.kill();
    for made in [&["link.pem"][..], &["store"], &["link.pem", "store"]] {
        let dir = home.path().join(made.concat());
        copy(&whole, &dir);
        for part in ["link.pem", "store", "party.toml"] {
            let path = dir.join(part);
            match made.contains(&part) {
                true => {}
                false if path.is_dir() => fs::remove_dir_all(path).unwrap(),
                false => fs::remove_file(path).unwrap(),
            }
        }
        let (party, again) = relay(&dir, &address).until(relay_is_up).unwrap();
        party.kill();
        if made.contains(&"link.pem") {
            assert_eq!(again[0]["relay_key"], lines[0]["relay_key"]);
        }
    }
}

#[test]
fn a_directory_is_one_partys_and_one_persons() {
    let home = tempfile::tempdir().unwrap();
    let address = free_address();
    let (transport, _) = relay(&home.path().join("parties/relay"), &address).until(relay_is_up).unwrap();
    let alice = home.path().join("parties/alice");
    consumer(&alice, ALICE, &address).until(is_registered).unwrap().0.kill();
    let refused = |party: Party| party.until(|line| is_online(line) || relay_is_up(line)).err().unwrap();

    let told = refused(consumer(&alice, BOB, &address));
    assert_told(&told, &alice);
    assert!(told.contains(ALICE) && told.contains(BOB), "{told}");
    let plus = format!("+{ALICE}");
    let (again, lines) = consumer(&alice, &plus, &address).until(is_online).unwrap();
    again.kill();
    assert!(!lines.iter().any(is_registered), "it is the same with a plus, after a wrong number: {lines:?}");

    assert!(
        refused(node(&alice, &address))
            .contains("is the data directory of consumer 4915112345678, not of a node")
    );
    assert!(refused(relay(&alice, "127.0.0.1:0")).contains("not of a relay"));
    let told = refused(relay(&home.path().join("parties"), "127.0.0.1:0"));
    assert!(
        told.contains("it holds those of others") && told.contains("help: did you mean --data "),
        "{told}"
    );
    transport.kill();
}

#[test]
fn one_number_is_one_default_directory() {
    let home = tempfile::tempdir().unwrap();
    let address = free_address();
    let (_transport, _) = relay(&home.path().join("relay"), &address).until(relay_is_up).unwrap();
    for number in [ALICE.to_owned(), format!("+{ALICE}")] {
        let mut app = Command::new(env!("CARGO_BIN_EXE_blindpost"))
            .args(["consumer", "--relay", &address, "--number", &number])
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(app.stdout.take().unwrap()).read_line(&mut first).unwrap();
        app.kill().unwrap();
        app.wait().unwrap();
    }
    let made: Vec<_> = fs::read_dir(home.path().join("blindpost-data"))
        .unwrap()
        .map(|dir| dir.unwrap().file_name())
        .collect();
    assert_eq!(made, [format!("consumer-{ALICE}").as_str()]);
}

#[test]
fn who_takes_anothers_number_is_told_once_and_may_take_another() {
    let home = tempfile::tempdir().unwrap();
    let address = free_address();
    let (_transport, _) = relay(&home.path().join("relay"), &address).until(relay_is_up).unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| home.path().join(name));
    consumer(&alice, ALICE, &address).until(is_registered).unwrap().0.kill();

    let mut party = consumer(&bob, ALICE, &address);
    let mut input = String::new();
    party.child.stderr.take().unwrap().read_to_string(&mut input).unwrap();
    assert_eq!(party.child.wait().unwrap().code(), Some(1));
    assert!(input.contains("error: 4915112345678 is another device's number at this relay"), "{input}");
    assert!(input.contains("help: "), "{input}");
    let refusals = party
        .printed
        .iter()
        .filter(|line| line["notice"].as_str().is_some_and(|told| told.contains("refused")));
    assert_eq!(refusals.count(), 1, "it is said once");

    // The directory holds nothing that was of use, so another number may have it.
    consumer(&bob, BOB, &address).until(is_registered).unwrap().0.kill();
    consumer(&bob, BOB, &address).until(is_online).unwrap().0.kill();
    consumer(&alice, ALICE, &address).until(is_online).unwrap().0.kill();
    let told = consumer(&bob, ALICE, &address).until(is_online).err().unwrap();
    assert!(told.contains("is the data directory of consumer 4915187654321"), "{told}");
}

#[test]
fn who_finds_their_number_taken_at_another_relay_stays_who_they_are() {
    let home = tempfile::tempdir().unwrap();
    let [here, there] = [free_address(), free_address()];
    let (_here, _) = relay(&home.path().join("here"), &here).until(relay_is_up).unwrap();
    let (_there, lines) = relay(&home.path().join("there"), &there).until(relay_is_up).unwrap();
    let key = lines[0]["relay_key"].as_str().unwrap();
    let [alice, other] = ["alice", "other"].map(|name| home.path().join(name));
    consumer(&alice, ALICE, &here).until(is_registered).unwrap().0.kill();
    consumer(&other, ALICE, &there).until(is_registered).unwrap().0.kill();
    let link_key = fs::read(alice.join("link.pem")).unwrap();
    for _ in 0..3 {
        let arguments = [
            "consumer",
            "--json",
            "--data",
            text(&alice),
            "--relay",
            &there,
            "--number",
            ALICE,
            "--relay-key",
            key,
        ];
        let told = Party::start(&arguments).until(is_registered).err().unwrap();
        assert!(told.contains("is another device's number at this relay"), "{told}");
        assert!(told.contains("help: this directory had the number"), "{told}");
    }
    consumer(&alice, ALICE, &here).until(is_online).unwrap().0.kill();
    assert_eq!(fs::read(alice.join("link.pem")).unwrap(), link_key);
}

#[test]
fn errors_are_sentences() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    fs::write(home.path().join("file"), "rubbish").unwrap();
    fs::create_dir(home.path().join("full")).unwrap();
    fs::write(home.path().join("full/thesis.tex"), "years of work").unwrap();
    fs::write(home.path().join("bad.toml"), "version = 1\nname = 3\n").unwrap();
    fs::write(home.path().join("tenants.toml"), "[[tenants]]\nname = 3\n").unwrap();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (udp, tcp) = (taken.local_addr().unwrap().to_string(), TcpListener::bind("127.0.0.1:0").unwrap());
    let tcp_address = tcp.local_addr().unwrap().to_string();
    let held = home.path().join("held");
    let (_held, _) = relay(&held, "127.0.0.1:0").until(relay_is_up).unwrap();
    let (file, full, bad, nowhere) = (path("file"), path("full"), path("bad.toml"), path("nowhere/x"));
    let (dir, tenants) = (path("new"), path("tenants.toml"));
    let key = "ab".repeat(32);
    for arguments in [
        &["relay", "--data", &file][..],
        &["relay", "--data", text(&held), "--listen", "127.0.0.1:0"],
        &["relay", "--data", &dir, "--listen", &udp],
        &["relay", "--data", &dir, "--listen", "192.0.2.1:4433"],
        &["relay", "--data", &dir, "--gateway", "xyz"],
        &["relay", "--data", &dir, "--config", &nowhere],
        &["relay", "--data", &dir, "--config", &bad],
        &["relay", "--data", &dir, "--metrics", &tcp_address],
        &["cloud", "--data", &path("node"), "--http", &tcp_address],
        &["cloud", "--data", &path("node"), "--http", "127.0.0.1:0", "--tenants", &tenants],
        &["cloud", "--data", &path("node"), "--http", "127.0.0.1:0", "--relay-key", "12"],
        &["serve", "--data", &file],
        &["serve", "--data", &path("serve"), "--http", &tcp_address, "--listen", "127.0.0.1:0"],
        &["consumer", "--number", "12"],
        &["consumer", "--number", ALICE, "--data", &file],
        &["consumer", "--number", ALICE, "--data", &path("app"), "--relay-key", "zz"],
        &["consumer", "--number", ALICE, "--data", &path("app"), "--to", "x", "--relay-key", &key],
        &["run", &nowhere],
        &["run", &bad],
        &["run", "--resume", &file],
        &["run", "--resume", &nowhere],
        &["run", "scenarios/quickstart.toml", "--out", &full],
        &["run", "scenarios/quickstart.toml", "--out", &file],
        &["run", "scenarios/quickstart.toml", "--costs", &file],
        &["report", &full],
        &["report", &nowhere],
        &["sweep", &file, "--out", &dir],
        &["sweep", "scenarios/sweeps/loss.toml", "--out", &full],
        &["audit", "--views", &nowhere],
        &["calibrate", "--out", &nowhere],
        &["demo", "--data", &full],
        &["sink", "--listen", &tcp_address],
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_blindpost"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success(), "{arguments:?} went well");
        assert!(told.contains("error: "), "{arguments:?}: {told}");
        for debug in ["{ code", "Os {", "Some(", "None)", "Err(", "Error(", "Error {", "FjallError", "\\\""] {
            assert!(!told.contains(debug), "{arguments:?}: `{debug}` in {told}");
        }
        let lines: Vec<_> = told.lines().map(|line| line.trim().trim_start_matches("error: ")).collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.len() > 12 && !line.contains('|'))
        {
            assert!(
                !lines[..at].iter().any(|before| before.contains(line)),
                "{arguments:?}: twice `{line}` in {told}"
            );
        }
    }
}

#[test]
fn two_runs_into_one_directory_are_not_mixed() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let run = |seed: &str| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_blindpost"));
        run.args([
            "run",
            "scenarios/quickstart.toml",
            "--seed",
            seed,
            "--format",
            "csv",
            "--out",
            text(&out),
            "--force",
        ]);
        run.current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        run.spawn().unwrap()
    };
    let runs = [run("1"), run("2"), run("3")].map(|run| run.wait_with_output().unwrap());
    let whole = runs.iter().filter(|run| run.status.success()).count();
    assert!(whole >= 1, "the one that was first");
    for refused in runs.iter().filter(|run| !run.status.success()) {
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("another process writes into"), "{told}");
    }
    let report = |run: &Path| {
        let report =
            Command::new(env!("CARGO_BIN_EXE_blindpost")).args(["report", text(run)]).output().unwrap();
        (report.status.success(), String::from_utf8(report.stderr).unwrap())
    };
    assert!(report(&out).0, "{}", report(&out).1);
    let table = out.join("messages.csv");
    let mut changed = fs::read_to_string(&table).unwrap();
    changed.push('\n');
    fs::write(&table, changed).unwrap();
    let (reported, told) = report(&out);
    assert!(!reported && told.contains("messages.csv is not what the run wrote: its bytes are "), "{told}");
}
