//! What parties name towards the operating system: files and directories, threads, processes and their arguments, sockets
//! of any kind. Whoever may use the computer can list these, whatever files hold.
//!
//! A second cast says something, and walks over every route, under `strace`, which writes down every call that takes a
//! name. The first line of each is what the person typed who started the party, and is theirs.

use super::business::until;
use super::child::Child;
use super::stage::Stage;
use super::tracer::{can_trace, file_of};
use super::views::{Views, operator};
use super::walk::walk;
use super::{LiveError, LiveOptions, counted, texts};
use privacy::{Party, Scanner};
use std::fs;
use std::path::Path;

/// No party has a reason for any of these: a name that is no file's, a second program.
const NEVER: [&str; 15] = [
    "memfd_create",
    "mq_open",
    "msgget",
    "semget",
    "shmget",
    "add_key",
    "request_key",
    "keyctl",
    "sethostname",
    "setdomainname",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "execve",
    "execveat",
];

/// These make a file, a directory or a link, the last if it is told to.
const MAKE: [&str; 12] = [
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
    "creat",
];
const MAKES: &str = "O_CREAT";

/// What came of it.
pub(super) struct Looked {
    /// False if the computer has no tracer, and nobody looked at names.
    pub(super) traced: bool,
    /// Requests of the businesses on their way over all routes.
    pub(super) walked: usize,
}

/// Has a cast talk and walk, compares what was counted, and searches what was named, if the computer has a tracer.
pub(super) fn look(options: &LiveOptions, views: &mut Views) -> Result<Looked, LiveError> {
    let traced = can_trace();
    let dir = options.dir.join("named");
    let traces = dir.join("traces");
    fs::create_dir_all(&traces).map_err(|source| LiveError::File { path: traces.clone(), source })?;
    let began = live::now();
    let mut stage = Stage::start(&LiveOptions { dir, ..options.clone() }, traced.then_some(&*traces))?;
    talk(&mut stage)?;
    let walked = walk(&mut stage, views)?;
    counted::compare(&stage, &walked, began, views)?;
    let scanner = stage.scanner()?;
    for (party, child, _) in stage.processes() {
        listed(&party, child, &scanner, views);
    }
    for consumer in &mut stage.consumers {
        consumer.stop()?;
    }
    for node in &mut stage.nodes {
        node.child.stop()?;
    }
    stage.relay.stop()?;
    for (party, child, dir) in stage.processes() {
        let log = child.err.bytes();
        views.search_one(&scanner, &operator(), &format!("log of {} after a walk", party.name()), &log);
        views.logs.extend(String::from_utf8_lossy(&log).lines().map(str::to_owned));
        if traced {
            called(&party, &ended(&traces.join(file_of(child.name)))?, &dir, &scanner, views);
        }
    }
    Ok(Looked { traced, walked: walked.requests })
}

/// Everybody says something, and hears something.
fn talk(stage: &mut Stage) -> Result<(), LiveError> {
    for talk in &stage.cast.conversations {
        let Some(business) = stage.cast.businesses.get(talk.business) else { continue };
        if let Some(consumer) = stage.consumers.get_mut(talk.consumer) {
            consumer.say(&format!("{} {}", business.number, talk.up))?;
        }
    }
    let mut sent = Vec::new();
    for talk in &stage.cast.conversations {
        let name = texts::send(stage, talk.business, talk.consumer, &talk.down, Some(&talk.note))?;
        sent.push((talk.business, name));
    }
    let desks = &stage.desks;
    until("all messages under a tracer to be read", || {
        let arrived = |at: usize, text: &str| desks.get(at).is_some_and(|desk| desk.has_text(text));
        stage.cast.conversations.iter().all(|talk| arrived(talk.business, &talk.up))
            && sent.iter().all(|(at, name)| desks.get(*at).is_some_and(|desk| desk.knows(name, "read")))
    })
}

/// What `ps` and `ls` show of a process that runs: its arguments, its threads, what it has open.
fn listed(party: &Party, child: &Child, scanner: &Scanner, views: &mut Views) {
    let process = Path::new("/proc").join(child.pid().to_string());
    let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
    let mut arguments = arguments.split(|byte| *byte == 0).filter(|argument| !argument.is_empty()).rev();
    let mut typed: Vec<_> = child.typed().collect();
    // A tracer's are before the program.
    typed.reverse();
    let program = arguments.by_ref().zip(&typed).find(|(shown, typed)| *shown != typed.as_encoded_bytes());
    if program.is_some_and(|(shown, _)| !shown.ends_with(b"blindpost")) || arguments.next().is_some() {
        views.broken("a process is called as it was started", format!("{} is not", party.name()));
    }
    let within = |what: &str| {
        let entries = fs::read_dir(process.join(what)).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let threads = within("task").into_iter().filter_map(|thread| fs::read(thread.join("comm")).ok());
    let open = within("fd").into_iter().filter_map(|open| fs::read_link(open).ok());
    let open = open.map(|path| path.into_os_string().into_encoded_bytes());
    let names: Vec<Vec<u8>> = threads.chain(open).collect();
    let view = format!("names of threads and open files of {}", party.name());
    views.search_one(scanner, &operator(), &view, &names.join(&b'\n'));
}

/// What a party called, but for the line that it was started with.
fn called(party: &Party, trace: &[u8], dir: &Path, scanner: &Scanner, views: &mut Views) {
    let started = trace.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let named = trace.get(started..).unwrap_or_default();
    let view = format!("names that {} gives files, threads, processes and sockets", party.name());
    views.search_one(scanner, &operator(), &view, named);
    let text = String::from_utf8_lossy(named);
    for call in ["openat", "socket", "prctl"] {
        if !text.lines().any(|line| call_of(line) == call) {
            let detail = format!("{} was never seen to call {call}", party.name());
            views.broken("every view has something in it", detail);
        }
    }
    for line in text.lines() {
        if let Some(wrong) = wrong(line, &dir.to_string_lossy()) {
            views.broken("nothing is named but a party's own files", format!("{} {wrong}", party.name()));
        }
    }
}

/// What is wrong with a call, without the name that it has.
fn wrong(line: &str, dir: &str) -> Option<String> {
    let call = call_of(line);
    let words = || line.split('"').skip(1).step_by(2);
    // What is written to /proc/self makes nothing.
    let own = |path: &str| [dir, "/proc/self/", "/dev/null"].iter().any(|own| path.starts_with(own));
    let elsewhere = || words().any(|path| !own(path));
    let wrong = match call {
        "socket" => !["AF_INET,", "AF_INET6,"].iter().any(|family| line.contains(family)),
        // Thread pools number their threads; a number of a person or a business is longer.
        "prctl" => words().any(|name| name.bytes().filter(u8::is_ascii_digit).count() > 3),
        _ if NEVER.contains(&call) => true,
        _ => (MAKE.contains(&call) || line.contains(MAKES)) && elsewhere(),
    };
    wrong.then(|| format!("calls {call} with a name that it has no reason for"))
}

/// The name of the call in a line: after the number of the process, before the parenthesis.
fn call_of(line: &str) -> &str {
    let call = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    call.split_once('(').map_or("", |(call, _)| call)
}

/// All that was written of a party's calls, once the tracer has seen it end.
fn ended(path: &Path) -> Result<Vec<u8>, LiveError> {
    let mut trace = Vec::new();
    until("a tracer to end", || {
        trace = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&trace);
        let process = text.split(' ').next().unwrap_or_default();
        // Its first thread has its number, and is the last that is heard of.
        let end =
            |line: &str| line.strip_prefix(process).is_some_and(|rest| rest.trim_start().starts_with("+++ "));
        !process.is_empty() && text.ends_with('\n') && text.lines().next_back().is_some_and(end)
    })?;
    Ok(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_party_has_no_reason_for_stand_out() {
        let dir = "/tmp/audit/node/0";
        for sound in [
            r#"41 openat(AT_FDCWD, "/tmp/audit/node/0/store/rows/1.jnl", O_WRONLY|O_CREAT, 0666) = 7"#,
            r#"41 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3"#,
            r#"41 openat(AT_FDCWD, "/proc/self/coredump_filter", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 7"#,
            r#"41 mkdir("/tmp/audit/node/0/store", 0777) = 0"#,
            r#"41 rename("/tmp/audit/node/0/a", "/tmp/audit/node/0/b") = 0"#,
            r#"41 prctl(PR_SET_NAME, "tokio-rt-worker" <unfinished ...>"#,
            "41 <... prctl resumed>) = 0",
            "41 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 9",
            "41 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=4, si_uid=0} ---",
            "41 +++ exited with 0 +++",
        ] {
            assert_eq!(wrong(sound, dir), None, "{sound}");
        }
        for odd in [
            r#"41 openat(AT_FDCWD, "/tmp/4915123", O_WRONLY|O_CREAT, 0666) = 7"#,
            r#"41 mkdir("/tmp/4915123", 0777) = 0"#,
            r#"41 rename("/tmp/audit/node/0/a", "/tmp/b") = 0"#,
            r#"41 symlink("4915123", "/tmp/audit/node/0/x") = 0"#,
            r#"41 prctl(PR_SET_NAME, "about-5123") = 0"#,
            "41 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 9",
            r#"41 memfd_create("x", MFD_CLOEXEC) = 9"#,
            "41 shmget(0x4b01c3, 4096, IPC_CREAT|0600) = 1",
            r#"41 execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0"#,
        ] {
            assert!(wrong(odd, dir).is_some_and(|said| !said.contains("5123")), "{odd}");
        }
    }
}
