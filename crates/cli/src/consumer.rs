//! `blindpost consumer`: an app with a terminal for a screen. Lines of standard input are sent, what arrives is printed,
//! and a message that is printed stays so through `kill -9`.

use crate::address::address;
use crate::data::{Data, PRINTED};
use crate::error::explain;
use crate::manifest::Party;
use crate::out::{errln, foreign, outln};
use crate::settings::Settings;
use crate::shutdown::{self, Shutdown};
use crate::suites::SuiteArguments;
use crate::uplink::uplink;
use ::consumer::{Command, Consumer, ConsumerConfig, Habits, Notice, Output, Reply, Sent};
use clap::Args;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs::OpenOptions;
use std::io::{BufRead, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::StoreId;
use tokio::sync::mpsc;
use wire::{Address, Number, RejectCode};

/// A consumer's app as its own process: shows what arrives, sends what you type.
///
/// Type `NUMBER text` to send a text to a number; with --to the text alone is enough. Type `/trust NUMBER` to trust the
/// identity key of somebody whose new one was refused (--identity-changes refuse).
///
/// Example: blindpost consumer --number 4915112345678 --data ./alice --reply echo
#[derive(Debug, Args)]
pub(crate) struct ConsumerArguments {
    /// The person's telephone number, with country code and without +
    #[arg(long, value_name = "DIGITS")]
    number: Option<String>,
    /// Directory for keys, sessions and messages; made if there is none [default: blindpost-data/consumer-NUMBER]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the relay listens [default: 127.0.0.1:4433]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    relay: Option<SocketAddr>,
    /// The relay's link key; if not given, the first one seen is the one
    #[arg(long, value_name = "KEY")]
    relay_key: Option<String>,
    /// What the app answers by itself: none, echo, or any other text
    #[arg(long, value_name = "REPLY", default_value = "none")]
    reply: String,
    /// Whom lines of standard input go to, if they don't start with a number
    #[arg(long, value_name = "DIGITS")]
    to: Option<String>,
    /// Don't tell senders when their messages were seen
    #[arg(long)]
    no_read_receipts: bool,
    #[command(flatten)]
    suite: SuiteArguments,
    /// The prekeys that every first message may use are made anew after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2 * 24 * 3600, value_parser = clap::value_parser!(u64).range(60..))]
    key_rotation: u64,
    /// When somebody has another identity key than before: accept it and say so, or refuse it until you type `/trust NUMBER`
    #[arg(long, value_name = "POLICY", value_enum, default_value_t)]
    identity_changes: IdentityPolicy,
    /// Settings file, section [consumer]; flags win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print events as lines of JSON
    #[arg(long)]
    json: bool,
}

/// What happens when a peer has another identity key than before.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum IdentityPolicy {
    #[default]
    Accept,
    Refuse,
}

impl From<IdentityPolicy> for endpoint::IdentityChanges {
    fn from(policy: IdentityPolicy) -> Self {
        match policy {
            IdentityPolicy::Accept => Self::Accept,
            IdentityPolicy::Refuse => Self::Refuse,
        }
    }
}

impl ConsumerArguments {
    pub(crate) async fn run(self) -> miette::Result<()> {
        let settings = Settings::read(self.config.as_deref())?.consumer;
        let Some(digits) = self.number.or(settings.number) else {
            return Err(miette::miette!(
                help = "for example --number 4915112345678",
                "whose app is it? --number is missing"
            ));
        };
        let number = parse_number(&digits)?;
        let to = self.to.as_deref().map(parse_number).transpose()?;
        let dir = self
            .data
            .or(settings.data)
            .unwrap_or_else(|| format!("blindpost-data/consumer-{}", number.digits()).into());
        let data = Data::open(&dir, Party::Consumer(number), Duration::from_secs(5))?;
        let (relay, key) = (self.relay.or(settings.relay), self.relay_key.or(settings.relay_key));
        let is_pinned = key.is_some();
        let uplink = uplink(&data, relay, key)?;
        let config = ConsumerConfig {
            address: Address::primary(number),
            habits: Habits {
                reply: parse_reply(self.reply),
                read_receipts: !self.no_read_receipts,
                ..Habits::default()
            },
            policy: endpoint::Policy {
                suites: self.suite.suites()?,
                key_rotation: Duration::from_secs(self.key_rotation),
                identity_changes: self.identity_changes.into(),
                ..endpoint::Policy::default()
            },
        };
        let partition = data.store.partition("consumer");
        let before = live::restore::<Consumer>(config.clone(), &partition).into_diagnostic()?;
        let printed = Printed::read(data.dir.join(PRINTED), data.store.id(), before.last_arrived())?;
        let registered = data.manifest.is_registered() || before.endpoint().is_published(config.address);
        if !is_pinned {
            data.check_pin(|| Ok(registered))?;
        }
        let manifest = data.manifest.clone().registered();
        if registered && manifest != data.manifest {
            manifest.write(&data.dir)?;
        }
        let standing = Standing::new(registered);
        let note = {
            let dir = data.dir.clone();
            move || manifest.write(&dir).map_err(|error| std::io::Error::other(explain(&error)))
        };
        let (commands, waiting) = mpsc::channel(16);
        std::thread::spawn(move || read_commands(to, &commands));
        let connector = Arc::clone(&uplink.connector);
        let screen = standing.watch(screen(self.json, printed), note);
        let served = ::consumer::serve(
            config,
            partition,
            uplink,
            waiting,
            data.rng,
            screen,
            standing.refused_or_asked(),
        )
        .await;
        connector.close().await;
        if standing.never_was_registered() {
            data.manifest.refused().write(&data.dir)?;
        }
        data.store.close();
        served.into_diagnostic()?;
        standing.verdict(number)
    }
}

/// What the relay thinks of this device: without its number an app has nothing to do.
#[derive(Clone)]
struct Standing {
    registered: Arc<AtomicBool>,
    refused: Shutdown,
}

impl Standing {
    fn new(registered: bool) -> Self {
        Self { registered: Arc::new(AtomicBool::new(registered)), refused: Shutdown::new() }
    }

    /// Hears what the screen hears, and has it noted that the relay knows the device, before anybody is told.
    fn watch(
        &self,
        mut screen: impl FnMut(Output) -> std::io::Result<()>,
        note: impl Fn() -> std::io::Result<()>,
    ) -> impl FnMut(Output) -> std::io::Result<()> {
        let standing = self.clone();
        move |output| {
            match &output {
                Output::Notice(Notice::Registered) => {
                    standing.registered.store(true, Ordering::Relaxed);
                    note()?;
                }
                Output::Notice(Notice::Rejected(RejectCode::AddressTaken)) => standing.refused.request(),
                _ => {}
            }
            screen(output)
        }
    }

    /// Completes when the app should end.
    async fn refused_or_asked(&self) {
        tokio::select! {
            () = self.refused.wait() => {}
            () = shutdown::requested() => {}
        }
    }

    /// True if the number was another's from the first: nothing that the directory holds was ever of use.
    fn never_was_registered(&self) -> bool {
        self.refused.is_requested() && !self.registered.load(Ordering::Relaxed)
    }

    fn verdict(&self, number: Number) -> miette::Result<()> {
        if !self.refused.is_requested() {
            return Ok(());
        }
        let help = if self.registered.load(Ordering::Relaxed) {
            "this directory had the number, and another one has it now; what was not sent is kept here"
        } else {
            "start the directory that has the number, or take another number; what was typed here was not sent"
        };
        Err(miette::miette!(help = help, "{} is another device's number at this relay", number.digits()))
    }
}

fn parse_number(digits: &str) -> miette::Result<Number> {
    let digits = digits.trim_start_matches('+');
    digits.parse().into_diagnostic().wrap_err_with(|| format!("\"{digits}\" can't be called"))
}

fn parse_reply(text: String) -> Reply {
    match text.as_str() {
        "none" => Reply::None,
        "echo" => Reply::Echo,
        _ => Reply::Text(text),
    }
}

/// Longer lines are no texts of this protocol, whatever they hold.
const LONGEST_LINE: u64 = 1 << 20;

/// Lines of standard input become messages, until there are no more; the app goes on without them.
fn read_commands(to: Option<Number>, commands: &mpsc::Sender<Command>) {
    let mut input = std::io::stdin().lock();
    loop {
        let line = match read_line(&mut input) {
            Ok(Some(Ok(line))) => line,
            Ok(Some(Err(wrong))) => {
                errln!("a line was not sent: {wrong}");
                continue;
            }
            Ok(None) => return,
            Err(error) => return errln!("nothing more is sent: standard input can't be read: {error}"),
        };
        if line.trim().is_empty() {
            continue;
        }
        let command = match command_of(line, to) {
            Ok(command) => command,
            Err(wrong) => {
                errln!("{wrong}");
                continue;
            }
        };
        if commands.blocking_send(command).is_err() {
            return;
        }
    }
}

/// The next line; `None` at the end, and an error of its own for one that is no text: the next may be.
fn read_line(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, &'static str>>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Some(Err("it is longer than a text can be")));
    }
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    line.truncate(end);
    Ok(Some(String::from_utf8(line).map_err(|_| "it is not UTF-8")))
}

const NO_COMMAND: &str = "not sent: what begins with / is for the app, and all that it knows is: /trust NUMBER (a text that \
                          begins with / is sent as: NUMBER /text)";

/// A line says something to the number that it begins with, else to `to`; an error if there is neither, or nothing is said. What
/// begins with a slash says nothing to anybody, however it is mistyped: it decides whom to trust.
fn command_of(line: String, to: Option<Number>) -> Result<Command, &'static str> {
    if line.starts_with('/') {
        let mut words = line.split_whitespace();
        return match (words.next(), words.next().and_then(called), words.next()) {
            (Some("/trust"), Some(number), None) => Ok(Command::Trust { number }),
            _ => Err(NO_COMMAND),
        };
    }
    let addressed = line.split_once(' ').and_then(|(number, text)| Some((called(number)?, text.to_owned())));
    let (to, text) = match (addressed, to) {
        (Some(addressed), _) => addressed,
        (None, Some(to)) => (to, line),
        (None, None) => return Err("to whom? write: NUMBER text (or start with --to NUMBER)"),
    };
    if text.trim().is_empty() { Err("not sent: the text is empty") } else { Ok(Command::say(to, text)) }
}

fn called(number: &str) -> Option<Number> {
    number.trim_start_matches('+').parse().ok()
}

/// Prints what the person sees. A line is out before the app goes on; a message that was out before the
/// process was killed, but not yet confirmed to the app, is not printed again.
fn screen(json: bool, mut printed: Printed) -> impl FnMut(Output) -> std::io::Result<()> {
    move |output| {
        let sequence = if let Output::Show(message) = &output { Some(message.sequence) } else { None };
        if sequence.is_some_and(|sequence| sequence <= printed.through) {
            return Ok(());
        }
        if matches!(output, Output::Notice(Notice::StartedOver)) {
            // Which messages had these numbers in the state that is gone, the app does not know.
            printed.advance(0);
        }
        let line = if json { json_line(output) } else { text_line(output) };
        if let Some(line) = line {
            outln!("{line}")?;
        }
        if let Some(sequence) = sequence {
            printed.advance(sequence);
        }
        Ok(())
    }
}

/// Up to where messages are on standard output, as a file says together with the store that they are in. The file needs
/// no fsync: it has to outlive the process, and when the machine loses power the terminal is gone too.
struct Printed {
    through: u64,
    store: StoreId,
    file: PathBuf,
}

impl Printed {
    /// What the file says of a store in which `last` messages have arrived. One that is missing or says nothing is borne:
    /// some messages are printed twice then. One of a later time than the store never hides what arrives.
    fn read(file: PathBuf, store: StoreId, last: u64) -> miette::Result<Self> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let mut words = text.split_whitespace();
        let through = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        if words.next().is_some_and(|other| other != store.to_string()) {
            return Err(miette::miette!(
                help = "remove it: messages that were printed and not confirmed are printed once more then",
                "{} is of another directory",
                file.display()
            ));
        }
        Ok(Self { through: last.min(through), store, file })
    }

    /// One write in place, always of as many digits: whenever the process is killed, the file has this number or the one
    /// before.
    fn advance(&mut self, sequence: u64) {
        self.through = sequence;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.file);
        let written =
            file.and_then(|mut file| file.write_all(format!("{sequence:020} {}", self.store).as_bytes()));
        if let Err(error) = written {
            tracing::warn!(kind = %error.kind(), "can't note what was printed; it may be printed again");
        }
    }
}

fn text_line(output: Output) -> Option<String> {
    match output {
        Output::Show(message) => {
            let body = &message.content.body;
            let said = body.as_text().map_or_else(|| format!("[{}]", body.kind()), foreign);
            Some(format!("{}: {said}", message.from.number.digits()))
        }
        Output::Status { sent: Sent::Failed(failure), .. } => Some(format!("not delivered: {failure}")),
        Output::Status { sent, .. } => Some(format!("({})", status_name(sent))),
        Output::NotSent { why, .. } => Some(format!("[not sent: {why}]")),
        Output::Typing { from, typing } => {
            Some(format!("[{} is {}writing]", from.digits(), if typing { "" } else { "no longer " }))
        }
        Output::Notice(notice) => Some(format!("[{}]", notice_text(notice))),
        Output::Send(_) => None,
    }
}

fn json_line(output: Output) -> Option<String> {
    let json = match output {
        Output::Show(message) => serde_json::json!({
            "event": "message", "sequence": message.sequence, "from": message.from.number.digits(),
            "id": message.content.message_id.as_str(), "text": message.content.body.as_text(),
        }),
        Output::Status { message_id, sent } => {
            serde_json::json!({ "event": "status", "id": message_id.as_str(), "status": status_name(sent) })
        }
        Output::NotSent { message_id, why } => serde_json::json!({
            "event": "not_sent", "id": message_id.as_str(), "why": why.to_string(),
        }),
        Output::Typing { from, typing } => {
            serde_json::json!({ "event": "typing", "from": from.digits(), "typing": typing })
        }
        Output::Notice(notice @ Notice::IdentityChanged { number, trusted }) => serde_json::json!({
            "event": "identity_changed", "number": number.digits(), "trusted": trusted, "notice": notice_text(notice),
        }),
        Output::Notice(notice) => serde_json::json!({ "event": "notice", "notice": notice_text(notice) }),
        Output::Send(_) => return None,
    };
    Some(json.to_string())
}

fn status_name(sent: Sent) -> &'static str {
    match sent {
        Sent::Pending => "pending",
        Sent::Accepted => "sent",
        Sent::Delivered => "delivered",
        Sent::Read => "read",
        Sent::Failed(_) => "failed",
    }
}

fn notice_text(notice: Notice) -> String {
    match notice {
        Notice::Registered => "registered with the relay".into(),
        Notice::Online => "online".into(),
        Notice::StartedOver => "this app or its relay was put back to an older copy, or the relay is another: all sessions are made anew \
             and what had not arrived is sent again; what only the state knew that is gone is lost"
            .into(),
        Notice::Offline => "offline; messages wait".into(),
        Notice::Rejected(code) => format!("the relay refused: {}", link::advice(code)),
        Notice::Unreadable(unreadable) => format!("a message can't be read: {unreadable}"),
        Notice::IdentityChanged { number, trusted: true } => {
            format!("{} has a new identity key: a new device, or somebody in between", number.digits())
        }
        Notice::IdentityChanged { number, trusted: false } => {
            format!(
                "{0} has a new identity key, which is not trusted: nothing is sent or shown. If they say that it is theirs, type: \
                 /trust {0}",
                number.digits()
            )
        }
        Notice::NothingToTrust { number } => {
            format!("no identity key of {} was refused since this start", number.digits())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use content::{Body, Content};
    use std::path::Path;

    const STORE: StoreId = StoreId([7; 16]);

    fn read(file: &Path) -> Printed {
        Printed::read(file.to_owned(), STORE, u64::MAX).unwrap()
    }

    #[test]
    fn what_another_app_or_a_later_time_has_printed_hides_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed");
        read(&file).advance(41);
        let older = Printed::read(file.clone(), STORE, 30).unwrap();
        assert_eq!(older.through, 30, "message 31 is to come");
        let error = Printed::read(file.clone(), StoreId([8; 16]), 50).err().unwrap();
        assert!(explain(&error).contains("printed is of another directory"));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read(&file).through, 0);
    }

    #[test]
    fn a_number_that_is_anothers_ends_the_app_and_any_other_refusal_does_not() {
        for (registered, code, ends) in [
            (false, RejectCode::AddressTaken, true),
            (true, RejectCode::AddressTaken, true),
            (false, RejectCode::TooManyPrekeys, false),
        ] {
            let standing = Standing::new(registered);
            let mut heard = 0;
            let mut screen = |_| {
                heard += 1;
                Ok(())
            };
            standing.watch(&mut screen, || Ok(()))(Output::Notice(Notice::Rejected(code))).unwrap();
            assert_eq!((heard, standing.verdict(number("4915112345678")).is_err()), (1, ends));
            assert_eq!(standing.never_was_registered(), ends && !registered);
        }
    }

    #[test]
    fn whenever_it_is_killed_the_file_says_up_to_where() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed");
        let mut printed = read(&file);
        printed.advance(1);
        let reader = std::thread::spawn({
            let file = file.clone();
            move || {
                let mut last = 0;
                while last < 20_000 {
                    let through = read(&file).through;
                    assert!(through >= last.max(1), "{through} after {last}");
                    last = through;
                }
            }
        });
        (2..=20_000).for_each(|sequence| printed.advance(sequence));
        reader.join().unwrap();
    }

    fn number(digits: &str) -> Number {
        digits.parse().unwrap()
    }

    fn shown() -> ::consumer::Shown {
        ::consumer::Shown {
            sequence: 7,
            from: Address::primary(number("4915112345678")),
            content: Content::new("AB12".parse().unwrap(), 1_790_000_000, Body::text("hi \"you\"")),
        }
    }

    fn status(sent: Sent) -> Output {
        Output::Status { message_id: "AB12".parse().unwrap(), sent }
    }

    #[test]
    fn a_number_is_taken_with_or_without_its_plus() {
        assert_eq!(parse_number("+4915112345678").unwrap(), parse_number("4915112345678").unwrap());
        let error = explain(&parse_number("0151").unwrap_err());
        assert!(error.starts_with("error: \"0151\" can't be called") && error.contains("7 to 15 digits"));
    }

    #[test]
    fn any_reply_but_two_words_is_said_as_it_stands() {
        for (said, reply) in
            [("none", Reply::None), ("echo", Reply::Echo), ("Echo", Reply::Text("Echo".into()))]
        {
            assert_eq!(parse_reply(said.into()), reply);
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_told_and_the_next_one_is_read() {
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap() + 9);
        let typed = [b"hi\r\n\xff\xfe\n".as_slice(), long.as_bytes(), b"\nbye"].concat();
        let mut input = typed.as_slice();
        let mut next = || read_line(&mut input).unwrap();
        assert_eq!(next(), Some(Ok("hi".into())));
        assert_eq!(next(), Some(Err("it is not UTF-8")));
        assert_eq!(next(), Some(Err("it is longer than a text can be")));
        assert_eq!(next(), Some(Ok("bye".into())));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_message_of_several_lines_forges_no_other() {
        let mut message = shown();
        message.content.body = Body::text("hi\n(read)\u{1b}[2J");
        assert_eq!(text_line(Output::Show(message)).unwrap(), "4915112345678: hi\n    (read)\\u{1b}[2J");
    }

    #[test]
    fn a_line_goes_to_the_number_that_it_begins_with_else_to_the_usual_one() {
        let (alice, bob) = (number("4915112345678"), number("4915199999999"));
        let said = |line: &str, to| command_of(line.into(), to);
        let say = |to, text: &str| Ok(Command::say(to, text));
        assert!(said("4915199999999 hello you", Some(alice)) == say(bob, "hello you"));
        assert!(said("+4915199999999 hello", None) == say(bob, "hello"));
        assert!(said("hello you", Some(alice)) == say(alice, "hello you"));
        assert!(said("12 o'clock?", Some(alice)) == say(alice, "12 o'clock?"), "too short for a number");
        assert!(said("hello", None).is_err());
        assert!(said("4915199999999  ", Some(alice)).is_err(), "nothing is said");
        assert!(said("/trust +4915199999999", Some(alice)) == Ok(Command::Trust { number: bob }));
        assert!(said("/trust\t4915199999999 ", Some(alice)) == Ok(Command::Trust { number: bob }));
        for mistyped in
            ["/trust", "/trust me", "/TRUST 4915199999999", "/trsut 4915199999999", "/trust 4915199999999 x"]
        {
            assert!(said(mistyped, Some(alice)) == Err(NO_COMMAND), "{mistyped} is nobody's text");
        }
        assert!(said("4915199999999 /trust me", None) == say(bob, "/trust me"));
    }

    #[test]
    fn events_for_programs_are_json_with_stable_keys() {
        let json = |output| serde_json::from_str::<serde_json::Value>(&json_line(output).unwrap()).unwrap();
        assert_eq!(
            json(Output::Show(shown())),
            serde_json::json!({
                "event": "message", "sequence": 7, "from": "4915112345678", "id": "AB12", "text": "hi \"you\"",
            })
        );
        let names =
            [Sent::Pending, Sent::Accepted, Sent::Delivered, Sent::Read].map(|sent| json(status(sent)));
        let names = names.each_ref().map(|status| status["status"].as_str().unwrap());
        assert_eq!(names, ["pending", "sent", "delivered", "read"]);
        assert_eq!(json(status(Sent::Failed(endpoint::Failure::Expired)))["status"], "failed");
        assert_eq!(json(Output::Notice(Notice::Online))["notice"], "online");
        let changed = Notice::IdentityChanged { number: number("4915112345678"), trusted: true };
        let changed = json(Output::Notice(changed));
        assert_eq!((&changed["event"], &changed["trusted"]), (&"identity_changed".into(), &true.into()));
        assert_eq!(changed["number"], "4915112345678");
    }

    #[test]
    fn people_are_told_why_something_did_not_arrive() {
        let text = |output| text_line(output).unwrap();
        assert_eq!(text(Output::Show(shown())), "4915112345678: hi \"you\"");
        assert_eq!(
            text(status(Sent::Failed(endpoint::Failure::UnknownRecipient))),
            "not delivered: nobody is registered at the recipient's address"
        );
        assert_eq!(text(status(Sent::Read)), "(read)");
        assert_eq!(text(Output::Notice(Notice::Offline)), "[offline; messages wait]");
        let changed = Notice::IdentityChanged { number: number("4915112345678"), trusted: true };
        assert_eq!(
            text(Output::Notice(changed)),
            "[4915112345678 has a new identity key: a new device, or somebody in between]"
        );
    }

    #[test]
    fn what_is_on_paper_already_is_not_printed_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed");
        assert_eq!(read(&file).through, 0);
        read(&file).advance(41);
        let mut screen = screen(true, read(&file));
        screen(Output::Show(::consumer::Shown { sequence: 41, ..shown() })).unwrap();
        assert_eq!(read(&file).through, 41);
        std::fs::write(&file, "rubbish").unwrap();
        assert_eq!(read(&file).through, 0, "rather twice than never");
    }
}
