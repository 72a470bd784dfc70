//! The control interface as a whole: what it has its hands on.

use crate::error::{Error, Outcome};
use crate::home::Homes;
use crate::people::People;
use crate::person::lock;
use crate::stack::Stack;
use crate::watch::Watch;
use cloud::{BillLine, Controls, Done, Order};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// The control interface. Clones are the same one.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    people: People,
    watch: Arc<Watch>,
    controls: Controls,
    bill: Mutex<Vec<BillLine>>,
    stack: Mutex<Option<Arc<Stack>>>,
    resets: mpsc::Sender<Reset>,
}

/// Somebody wants everything to be as after the start. Whoever runs the parties ends them, empties them, starts them again,
/// says [`Control::attach`], and then [`done`](Self::done).
pub struct Reset(oneshot::Sender<()>);

impl Reset {
    /// Everything is as after the start.
    pub fn done(self) {
        let _ = self.0.send(());
    }
}

impl Control {
    /// A control interface over nothing yet, and where it says that somebody wants a reset.
    pub fn new(homes: Arc<dyn Homes>) -> (Self, mpsc::Receiver<Reset>) {
        let watch = Arc::new(Watch::default());
        let (resets, wanted) = mpsc::channel(1);
        let control = Self(Arc::new(Inner {
            people: People::new(homes),
            controls: Controls::new(Arc::clone(&watch) as Arc<dyn cloud::Observer>),
            watch,
            bill: Mutex::default(),
            stack: Mutex::default(),
            resets,
        }));
        (control, wanted)
    }

    /// The way into the node, for [`cloud::Restored::with_controls`].
    pub fn controls(&self) -> Controls {
        self.0.controls.clone()
    }

    /// Hears what the node's `observe` does.
    pub fn observe(&self, output: &cloud::Output) {
        if let cloud::Output::Metered(lines) = output {
            lock(&self.0.bill).clone_from(lines);
        }
    }

    /// There are parties now: starts the apps of all people that were there before.
    ///
    /// # Errors
    /// An app can't be started; what it says is for whoever runs the program.
    pub async fn attach(&self, stack: Stack) -> Result<(), String> {
        let stack = Arc::new(stack);
        let resumed = self.0.people.resume(&stack).await;
        *lock(&self.0.stack) = Some(stack);
        resumed.map_err(|error| error.to_string())
    }

    /// The parties end: ends the apps of all people first.
    pub async fn detach(&self) {
        *lock(&self.0.stack) = None;
        self.0.people.stop().await;
    }

    pub(crate) fn people(&self) -> &People {
        &self.0.people
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    pub(crate) fn bill(&self) -> Vec<BillLine> {
        lock(&self.0.bill).clone()
    }

    pub(crate) fn stack(&self) -> Outcome<Arc<Stack>> {
        let stack = lock(&self.0.stack).clone();
        stack.ok_or_else(|| Error::unavailable("the parties are being started"))
    }

    /// Has the node do something.
    pub(crate) async fn order(&self, order: Order) -> Outcome<Done> {
        let done = self.0.controls.ask(order).await;
        done.ok_or_else(|| Error::unavailable("the node does not answer now"))
    }

    /// Everything is as after the start.
    pub(crate) async fn reset(&self) -> Outcome<()> {
        let stack = lock(&self.0.stack).take();
        if stack.is_none() {
            return Err(Error::conflict("the parties are being started", "wait until they are"));
        }
        self.0.people.clear().await?;
        let (reset, done) = oneshot::channel();
        let unheard = || Error::unavailable("the parties could not be started again");
        self.0.resets.send(Reset(reset)).await.map_err(|_| unheard())?;
        done.await.map_err(|_| unheard())?;
        self.0.watch.deliveries().clear();
        lock(&self.0.bill).clear();
        Ok(())
    }
}
