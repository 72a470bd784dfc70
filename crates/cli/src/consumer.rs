//! `blindpost consumer`: an app with a terminal for a screen. Lines of standard input are sent, what arrives is printed,
//! and a message that is printed stays so through `kill -9`.

use crate::data::Data;
use crate::out::{errln, foreign, outln};
use crate::settings::Settings;
use crate::shutdown;
use crate::suites::SuiteArguments;
use crate::uplink::uplink;
use ::consumer::{Command, ConsumerConfig, Notice, Output, Reply, Sent};
use clap::Args;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs::OpenOptions;
use std::io::{BufRead, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::{Address, Number};

/// A consumer's app as its own process: shows what arrives, sends what you type.
///
/// Type `NUMBER text` to send a text to a number; with --to the text alone is enough.
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
    #[arg(long, value_name = "ADDR")]
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
    /// Settings file, section [consumer]; flags win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print events as lines of JSON
    #[arg(long)]
    json: bool,
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
        let dir =
            self.data.or(settings.data).unwrap_or_else(|| format!("blindpost-data/consumer-{digits}").into());
        let data = Data::open(&dir, "consumer", Duration::from_secs(5))?;
        let (relay, key) = (self.relay.or(settings.relay), self.relay_key.or(settings.relay_key));
        let uplink = uplink(&data, relay, key)?;
        let config = ConsumerConfig {
            address: Address::primary(number),
            reply: parse_reply(self.reply),
            read_receipts: !self.no_read_receipts,
            policy: endpoint::Policy {
                suites: self.suite.suites()?,
                key_rotation: Duration::from_secs(self.key_rotation),
                ..endpoint::Policy::default()
            },
        };
        let (commands, waiting) = mpsc::channel(16);
        std::thread::spawn(move || read_commands(to, &commands));
        let connector = Arc::clone(&uplink.connector);
        let screen = screen(self.json, Printed::read(data.dir.join("printed")));
        let partition = data.store.partition("consumer");
        ::consumer::serve(config, partition, uplink, waiting, data.rng, screen, shutdown::requested())
            .await
            .into_diagnostic()?;
        connector.close().await;
        data.store.close();
        Ok(())
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
        let Some(command) = command_of(line, to) else {
            errln!("to whom? write: NUMBER text (or start with --to NUMBER)");
            continue;
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

/// A line says something to the number that it begins with, else to `to`; `None` if there is neither.
fn command_of(line: String, to: Option<Number>) -> Option<Command> {
    let addressed = line.split_once(' ').and_then(|(number, text)| {
        Some((number.trim_start_matches('+').parse::<Number>().ok()?, text.to_owned()))
    });
    match addressed {
        Some((to, text)) => Some(Command::Say { to, text }),
        None => Some(Command::Say { to: to?, text: line }),
    }
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

/// Up to where messages are on standard output. The file needs no fsync: it has to outlive the process,
/// and when the machine loses power the terminal is gone too.
struct Printed {
    through: u64,
    file: PathBuf,
}

impl Printed {
    fn read(file: PathBuf) -> Self {
        let through =
            std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Self { through, file }
    }

    /// One write in place, always of as many digits: whenever the process is killed, the file has this number or the one
    /// before.
    fn advance(&mut self, sequence: u64) {
        self.through = sequence;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.file);
        let written = file.and_then(|mut file| file.write_all(format!("{sequence:020}").as_bytes()));
        if let Err(error) = written {
            tracing::warn!(kind = %error.kind(), "can't note what was printed; it may be printed again");
        }
    }
}

fn text_line(output: Output) -> Option<String> {
    match output {
        Output::Show(message) => {
            Some(format!("{}: {}", message.from.number.digits(), foreign(&message.text)))
        }
        Output::Status { sent: Sent::Failed(failure), .. } => Some(format!("not delivered: {failure}")),
        Output::Status { sent, .. } => Some(format!("({})", status_name(sent))),
        Output::Notice(notice) => Some(format!("[{}]", notice_text(notice))),
        Output::Send(_) => None,
    }
}

fn json_line(output: Output) -> Option<String> {
    let json = match output {
        Output::Show(message) => serde_json::json!({
            "event": "message", "sequence": message.sequence, "from": message.from.number.digits(),
            "id": message.message_id.as_str(), "text": message.text,
        }),
        Output::Status { message_id, sent } => {
            serde_json::json!({ "event": "status", "id": message_id.as_str(), "status": status_name(sent) })
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
        Notice::Rejected(code) => format!("the relay refused: {code:?}"),
        Notice::Unreadable(unreadable) => format!("a message can't be read: {unreadable}"),
        Notice::IdentityChanged { number, trusted: true } => {
            format!("{} has a new identity key: a new device, or somebody in between", number.digits())
        }
        Notice::IdentityChanged { number, trusted: false } => {
            format!(
                "{} has a new identity key, which is not trusted: nothing is sent or shown",
                number.digits()
            )
        }
        Notice::NotSent(error) => format!("not sent: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whenever_it_is_killed_the_file_says_up_to_where() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed");
        let mut printed = Printed::read(file.clone());
        printed.advance(1);
        let reader = std::thread::spawn({
            let file = file.clone();
            move || {
                let mut last = 0;
                while last < 20_000 {
                    let through = Printed::read(file.clone()).through;
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
            message_id: "AB12".parse().unwrap(),
            text: "hi \"you\"".into(),
        }
    }

    fn status(sent: Sent) -> Output {
        Output::Status { message_id: "AB12".parse().unwrap(), sent }
    }

    #[test]
    fn a_number_is_taken_with_or_without_its_plus() {
        assert_eq!(parse_number("+4915112345678").unwrap(), parse_number("4915112345678").unwrap());
        let error = crate::error::explain(&parse_number("0151").unwrap_err());
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
        let message = ::consumer::Shown { text: "hi\n(read)\u{1b}[2J".into(), ..shown() };
        assert_eq!(text_line(Output::Show(message)).unwrap(), "4915112345678: hi\n    (read)\\u{1b}[2J");
    }

    #[test]
    fn a_line_goes_to_the_number_that_it_begins_with_else_to_the_usual_one() {
        let (alice, bob) = (number("4915112345678"), number("4915199999999"));
        let said = |line: &str, to| command_of(line.into(), to);
        let say = |to, text: &str| Some(Command::Say { to, text: text.into() });
        assert!(said("4915199999999 hello you", Some(alice)) == say(bob, "hello you"));
        assert!(said("+4915199999999 hello", None) == say(bob, "hello"));
        assert!(said("hello you", Some(alice)) == say(alice, "hello you"));
        assert!(said("12 o'clock?", Some(alice)) == say(alice, "12 o'clock?"), "too short for a number");
        assert!(said("hello", None).is_none());
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
        assert_eq!(Printed::read(file.clone()).through, 0);
        Printed::read(file.clone()).advance(41);
        let mut screen = screen(true, Printed::read(file.clone()));
        screen(Output::Show(::consumer::Shown { sequence: 41, ..shown() })).unwrap();
        assert_eq!(Printed::read(file.clone()).through, 41);
        std::fs::write(&file, "rubbish").unwrap();
        assert_eq!(Printed::read(file).through, 0, "rather twice than never");
    }
}
