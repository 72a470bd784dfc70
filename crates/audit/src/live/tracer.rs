//! How a party is started under `strace`, and which of its calls that writes down.

use std::process::{Command, Stdio};

/// The tracer's name.
pub(super) const TRACER: &str = "strace";

/// The calls that take a name: of files, directories and links, of programs with arguments, of threads, sockets, memory,
/// attributes, queues, keys and computers. None that carries what is sent.
const CALLS: &str = "trace=%file,execve,execveat,prctl,socket,bind,connect,memfd_create,mq_open,msgget,semget,shmget,\
                     add_key,request_key,keyctl,sethostname,setdomainname,setxattr,lsetxattr,fsetxattr";

/// How it is asked: the party stays our child (-D), and names are written down whole, however long the kernel takes them.
pub(super) const TRACED: [&str; 9] = ["-D", "-f", "--seccomp-bpf", "-q", "-s", "8192", "-e", CALLS, "-o"];

/// The file that a party's calls are written to.
pub(super) fn file_of(party: &str) -> String {
    format!("{}.calls", party.replace('/', "-"))
}

/// Whether the computer has a tracer, and lets it trace.
pub(super) fn can_trace() -> bool {
    let mut command = Command::new(TRACER);
    command.args(TRACED).args(["/dev/null", "true"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
