//! A person with the app: a real consumer machine with keys, link and store of its own, and what stands before its screen.

use crate::error::{Error, Outcome};
use crate::home::Home;
use crate::log::{Direction, Log, wamid};
use crate::stack::Stack;
use crate::told::ToSend;
use consumer::{
    Command, Consumer, ConsumerConfig, Habits, Messages, Notice, Output, Reading, Refusal, Reply, Sent,
};
use content::{Body, Content, Context, MessageId, ProfileName};
use kernel::Rng;
use link::{Switch, Uplink};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use wire::{Address, Number, RejectCode};

/// How long an app may take for what needs nobody else.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is noted of a person beside what their app has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) name: Option<String>,
    /// `none`, `echo`, or a text.
    pub(crate) reply: String,
    pub(crate) read_receipts: bool,
    pub(crate) online: bool,
}

/// A person with the app.
pub(crate) struct Person {
    pub(crate) number: Number,
    /// Hexadecimal digits.
    pub(crate) identity_key: String,
    screen: Arc<Screen>,
    switch: Switch,
    stop: oneshot::Sender<()>,
    app: JoinHandle<()>,
    store: Store,
}

/// What the app is seen through.
pub(crate) struct Screen {
    number: Number,
    settings: Mutex<Settings>,
    log: Mutex<Log>,
    /// Names for what the person sends.
    rng: Mutex<Rng>,
    commands: mpsc::UnboundedSender<Command>,
    /// Who waits to hear if a message was taken.
    taken: Mutex<BTreeMap<MessageId, oneshot::Sender<Result<(), Refusal>>>>,
    typing: Mutex<BTreeSet<Number>>,
    standing: watch::Sender<Standing>,
}

/// What the relay thinks of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unknown,
    Registered,
    /// The number is another device's.
    Taken,
}

impl Person {
    /// Starts the app.
    pub(crate) async fn start(
        number: Number,
        home: Home,
        settings: Settings,
        stack: &Stack,
    ) -> Outcome<Self> {
        let Home { identity, store, rng } = home;
        let names = live::entropy().map_err(|error| Error::unavailable(error.to_string()))?;
        let (commands, waiting) = mpsc::unbounded_channel();
        let config = ConsumerConfig {
            address: Address::primary(number),
            habits: settings.habits(),
            policy: stack.policy.clone(),
        };
        let switch = Switch::default();
        switch.turn(settings.online);
        let screen = Arc::new(Screen {
            number,
            settings: Mutex::new(settings),
            log: Mutex::new(Log::new(number)),
            rng: Mutex::new(Rng::for_entity(&names, "names")),
            commands,
            taken: Mutex::default(),
            typing: Mutex::default(),
            standing: watch::Sender::new(Standing::Unknown),
        });
        let uplink = Uplink {
            connector: Arc::clone(&stack.connector),
            identity,
            relay: stack.relay,
            pin: link::Pin::Key(stack.relay_key),
            transfers: link::UplinkTransfers::default(),
            switch: switch.clone(),
        };
        let (stop, stopped) = oneshot::channel();
        let partition = store.partition("consumer");
        let app = tokio::spawn(run(
            config.clone(),
            partition.clone(),
            uplink,
            waiting,
            rng,
            Arc::clone(&screen),
            stopped,
        ));
        // The app's first step makes its keys; they are in its rows then.
        let mut identity_key = None;
        let mut tries = 0;
        while identity_key.is_none() && tries < 500 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            tries += 1;
            let copy = live::restore::<Consumer>(config.clone(), &partition);
            let copy = copy.map_err(|error| Error::unavailable(format!("the app can't start: {error}")))?;
            identity_key = copy.endpoint().identity(config.address).map(|key| hex::encode(key.to_bytes()));
        }
        let identity_key =
            identity_key.ok_or_else(|| Error::unavailable("the app does not make its keys"))?;
        Ok(Self { number, identity_key, screen, switch, stop, app, store })
    }

    /// Waits until the relay knows the app; false if the number is another device's there.
    pub(crate) async fn is_registered(&self) -> bool {
        let mut standing = self.screen.standing.subscribe();
        let known = standing.wait_for(|standing| *standing != Standing::Unknown);
        match tokio::time::timeout(PATIENCE, known).await {
            Ok(Ok(standing)) => *standing == Standing::Registered,
            // Slow is not refused: it goes on trying.
            _ => true,
        }
    }

    /// Ends the app.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.app.await;
        self.store.close();
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.screen.settings).clone()
    }

    /// Changes habits, and puts the phone into flight mode or takes it out.
    pub(crate) fn change(&self, settings: Settings) {
        self.switch.turn(settings.online);
        let _ = self.screen.commands.send(Command::Change(settings.habits()));
        *lock(&self.screen.settings) = settings;
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.screen.log)
    }

    /// Who is writing to the person now.
    pub(crate) fn typing(&self) -> Vec<String> {
        lock(&self.screen.typing).iter().map(|number| number.digits()).collect()
    }

    /// What the person has been told to read is read.
    pub(crate) fn read(&self, ids: Option<Vec<MessageId>>) -> Result<(), String> {
        self.log().read(ids.as_deref()).map_err(|id| wamid(self.number, Direction::In, id))?;
        let which = ids.map_or(Messages::All, Messages::These);
        let _ = self.screen.commands.send(Command::Read(which));
        Ok(())
    }

    pub(crate) fn types_to(&self, to: Number) {
        let _ = self.screen.commands.send(Command::Typing { to });
    }

    /// Sends a message; its wamid once the app has it, durably.
    pub(crate) async fn send(&self, message: ToSend, body: Body) -> Outcome<String> {
        let ToSend { to, context, .. } = message;
        let (taken, was_taken) = oneshot::channel();
        let id = self.screen.submit(to, context, body, Some(taken));
        match tokio::time::timeout(PATIENCE, was_taken).await {
            Ok(Ok(Ok(()))) => Ok(wamid(self.number, Direction::Out, &id)),
            Ok(Ok(Err(why))) => {
                self.log().forget(&id);
                Err(Error::unprocessable(why.to_string(), "the person's app does not send this"))
            }
            _ => Err(Error::unavailable("the person's app does not answer")),
        }
    }
}

impl Settings {
    fn habits(&self) -> Habits {
        Habits {
            // It answers as the person would, so that what it says is on the screen too.
            reply: Reply::None,
            reading: Reading::WhenTold,
            read_receipts: self.read_receipts,
            name: self.name.as_deref().and_then(|name| name.parse::<ProfileName>().ok()),
        }
    }

    fn answer(&self) -> Reply {
        match self.reply.as_str() {
            "none" => Reply::None,
            "echo" => Reply::Echo,
            text => Reply::Text(text.to_owned()),
        }
    }
}

impl Screen {
    /// Has the app send something; what it is called.
    fn submit(
        &self,
        to: Number,
        context: Context,
        body: Body,
        taken: Option<oneshot::Sender<Result<(), Refusal>>>,
    ) -> MessageId {
        let id = MessageId::from_random(&lock(&self.rng).bytes::<10>());
        let now = live::now();
        let content = Content {
            message_id: id.clone(),
            sent_at_s: now.as_secs(),
            context: context.clone(),
            body: body.clone(),
        };
        lock(&self.log).add(Direction::Out, to, content, now);
        if let Some(taken) = taken {
            lock(&self.taken).insert(id.clone(), taken);
        }
        let _ = self.commands.send(Command::Send { name: Some(id.clone()), to, context, body });
        id
    }

    fn see(&self, output: Output) {
        match output {
            Output::Show(shown) => {
                let (from, id) = (shown.from.number, shown.content.message_id.clone());
                let answer = lock(&self.settings).answer().to(&shown.content.body);
                lock(&self.log).add(Direction::In, from, shown.content, live::now());
                if let Some(body) = answer.filter(|_| from != self.number) {
                    self.submit(from, Context::answering(id), body, None);
                }
            }
            Output::Status { message_id, sent } => {
                lock(&self.log).progress(&message_id, sent);
                if sent == Sent::Pending {
                    self.taken(&message_id, Ok(()));
                }
            }
            Output::NotSent { message_id, why } => self.taken(&message_id, Err(why)),
            Output::Typing { from, typing: true } => drop(lock(&self.typing).insert(from)),
            Output::Typing { from, typing: false } => drop(lock(&self.typing).remove(&from)),
            Output::Notice(Notice::Registered) => drop(self.standing.send_replace(Standing::Registered)),
            Output::Notice(Notice::Rejected(RejectCode::AddressTaken)) => {
                self.standing.send_replace(Standing::Taken);
            }
            // Frames are not for the screen, and nothing else is asked for.
            Output::Send(_) | Output::Notice(_) => {}
        }
    }

    fn taken(&self, id: &MessageId, taken: Result<(), Refusal>) {
        if let Some(waiting) = lock(&self.taken).remove(id) {
            let _ = waiting.send(taken);
        }
    }
}

/// Runs the app until it is to stop.
async fn run(
    config: ConsumerConfig,
    partition: store::Partition,
    uplink: Uplink,
    mut waiting: mpsc::UnboundedReceiver<Command>,
    rng: Rng,
    screen: Arc<Screen>,
    stopped: oneshot::Receiver<()>,
) {
    let (commands, taken) = mpsc::channel(64);
    let carry = async {
        while let Some(command) = waiting.recv().await {
            if commands.send(command).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let see = |output| {
        screen.see(output);
        Ok(())
    };
    let stopped = async {
        let _ = stopped.await;
    };
    tokio::select! {
        () = carry => {}
        // Its store is the only thing that can fail; then calls that need the app are not answered, and say so.
        _ = consumer::serve(config, partition, uplink, taken, rng, see, stopped) => {}
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
