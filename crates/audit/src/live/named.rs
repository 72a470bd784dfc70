//! What parties name towards the operating system: files and directories, threads, processes and their arguments, sockets
//! of any kind. Whoever may use the computer can list these, whatever files hold.
//!
//! A second cast says something, and walks over every route, under `strace`, which writes down every call that takes a name. The first line of each is
//! what the person typed who started the party, and is theirs.

use super::business::until;
use super::stage::Stage;
use super::views::{Views, operator};
use super::walk::walk;
use super::{LiveError, LiveOptions, script};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The calls that take a name: of files, directories and links, of programs with arguments, of threads, sockets, memory,
/// attributes, queues and keys. None that carries what is sent.
pub(super) const CALLS: &str = "trace=%file,execve,execveat,prctl,socket,bind,connect,memfd_create,mq_open,add_key,\
                                sethostname,setxattr,lsetxattr,fsetxattr";

/// The tracer's name.
pub(super) const TRACER: &str = "strace";

/// The whole of every name that the kernel takes.
pub(super) const LONGEST_NAME: &str = "8192";

/// What came of it.
pub(super) struct Looked {
    /// False if the computer has no tracer, and nobody looked at names.
    pub(super) traced: bool,
    /// Requests of the businesses on their way over all routes.
    pub(super) walked: usize,
}

/// Has a cast talk and walk, and searches what it names, if the computer has a tracer.
pub(super) fn look(options: &LiveOptions, views: &mut Views) -> Result<Looked, LiveError> {
    let traced = can_trace();
    let dir = options.dir.join("named");
    let traces = dir.join("traces");
    make(&traces)?;
    let mut stage = Stage::start(&LiveOptions { dir, ..options.clone() }, traced.then_some(&*traces))?;
    talk(&mut stage)?;
    let walked = walk(&stage, views)?;
    let scanner = stage.scanner()?;
    for consumer in &mut stage.consumers {
        consumer.stop()?;
    }
    for node in &mut stage.nodes {
        node.child.stop()?;
    }
    stage.relay.stop()?;
    for (party, child, _) in stage.processes() {
        let log = child.err.bytes();
        views.search_one(&scanner, &operator(), &format!("log of {} after a walk", party.name()), &log);
        views.logs.extend(String::from_utf8_lossy(&log).lines().map(str::to_owned));
        if !traced {
            continue;
        }
        let trace = ended(&traces.join(file_of(child.name)))?;
        // What was typed to start it.
        let typed = trace.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let named = trace.get(typed..).unwrap_or_default();
        for call in ["openat(", "socket(", "prctl("] {
            if !named.windows(call.len()).any(|window| window == call.as_bytes()) {
                views.broken(
                    "every view has something in it",
                    format!("{} was never seen to call {call}…)", party.name()),
                );
            }
        }
        let view = format!("names that {} gives files, threads, processes and sockets", party.name());
        views.search_one(&scanner, &operator(), &view, named);
    }
    Ok(Looked { traced, walked })
}

/// The file that a party's calls are written to.
pub(super) fn file_of(party: &str) -> String {
    format!("{}.calls", party.replace('/', "-"))
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
        let name = script::send(stage, talk.business, talk.consumer, &talk.down, Some(&talk.note))?;
        sent.push((talk.business, name));
    }
    let desks = &stage.desks;
    until("all messages under a tracer to be read", || {
        let arrived = |at: usize, text: &str| desks.get(at).is_some_and(|desk| desk.has_text(text));
        stage.cast.conversations.iter().all(|talk| arrived(talk.business, &talk.up))
            && sent.iter().all(|(at, name)| desks.get(*at).is_some_and(|desk| desk.knows(name, "read")))
    })
}

/// Whether the computer has a tracer, and lets it trace.
fn can_trace() -> bool {
    let mut command = Command::new(TRACER);
    command.args(["-D", "-f", "--seccomp-bpf", "-qq", "-e", "trace=execve", "-o", "/dev/null", "true"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// All that was written of a party's calls, once its tracer has ended, too.
fn ended(path: &Path) -> Result<Vec<u8>, LiveError> {
    let read = || fs::read(path).map_err(|source| LiveError::File { path: path.to_owned(), source });
    let mut trace = read()?;
    until("a tracer to end", || {
        let last = trace.len();
        trace = read().unwrap_or_default();
        let end = trace.get(trace.len().saturating_sub(200)..).unwrap_or_default();
        last == trace.len() && end.windows(4).any(|window| window == b" +++")
    })?;
    Ok(trace)
}

fn make(dir: &Path) -> Result<(), LiveError> {
    fs::create_dir_all(dir).map_err(|source: io::Error| LiveError::File { path: dir.to_owned(), source })
}
