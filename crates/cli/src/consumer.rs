//! `blindpost consumer`: an app with a terminal for a screen. Lines of standard input are sent, what arrives is printed,
//! and a message that is printed stays so through `kill -9`.

mod kinds;
mod lines;
mod typed;

use crate::address::address;
use crate::data::{Data, PRINTED};
use crate::error::explain;
use crate::manifest::Party;
use crate::out::outln;
use crate::settings::Settings;
use crate::shutdown::{self, Shutdown};
use crate::suites::SuiteArguments;
use crate::uplink::uplink;
use ::consumer::{Consumer, ConsumerConfig, Habits, Notice, Output};
use clap::Args;
use lines::{json_line, text_line};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use store::StoreId;
use tokio::sync::mpsc;
use typed::{Last, Typist, parse_reply, read_commands};
use wire::{Address, Number, RejectCode};

/// A consumer's app as its own process: shows what arrives, sends what you type.
///
/// Type `NUMBER text` to send a text to a number; with --to the text alone is enough. Type `/help` for everything else: answers,
/// reactions, places, choices; `/trust NUMBER` trusts the identity key of somebody whose new one was refused
/// (--identity-changes refuse).
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
    /// What the person is called: it travels in their messages [default: nothing; others see the number]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
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
        let name = self.name.as_deref().map(str::parse).transpose();
        let name = name.into_diagnostic().wrap_err("nobody can have this --name")?;
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
                name,
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
        let last = Last::default();
        let typist = Typist { to, habits: config.habits.clone(), last: Arc::clone(&last) };
        std::thread::spawn(move || read_commands(typist, &commands));
        let connector = Arc::clone(&uplink.connector);
        let screen = standing.watch(screen(self.json, printed, last), note);
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

/// Prints what the person sees. A line is out before the app goes on; a message that was out before the
/// process was killed, but not yet confirmed to the app, is not printed again.
fn screen(json: bool, mut printed: Printed, last: Last) -> impl FnMut(Output) -> std::io::Result<()> {
    move |output| {
        if let Output::Show(message) = &output {
            let shown = (message.from.number, message.content.message_id.clone());
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        }
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

    #[test]
    fn a_number_is_taken_with_or_without_its_plus() {
        assert_eq!(parse_number("+4915112345678").unwrap(), parse_number("4915112345678").unwrap());
        let error = explain(&parse_number("0151").unwrap_err());
        assert!(error.starts_with("error: \"0151\" can't be called") && error.contains("7 to 15 digits"));
    }

    #[test]
    fn what_is_on_paper_already_is_not_printed_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed");
        assert_eq!(read(&file).through, 0);
        read(&file).advance(41);
        let mut screen = screen(true, read(&file), Last::default());
        screen(Output::Show(::consumer::Shown { sequence: 41, ..shown() })).unwrap();
        assert_eq!(read(&file).through, 41);
        std::fs::write(&file, "rubbish").unwrap();
        assert_eq!(read(&file).through, 0, "rather twice than never");
    }
}
