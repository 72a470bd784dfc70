//! All parties in one process, each with its own keys, store and sockets.

use super::summary::unbilled;
use super::tracker::Tracker;
use super::views::{Control, RelayTap, Views, canaries};
use crate::data::{Data, rng};
use crate::log::Lines;
use crate::manifest::Party;
use crate::shutdown::Shutdown;
use crate::sink::{self, Receiver};
use crate::tenants::{self, TenantSettings};
use cloud::BillLine;
use consumer::{ConsumerConfig, Habits, Notice, Output, Reply};
use endpoint::Suites;
use kernel::Rng;
use link::{Connector, Limits, LinkIdentity, Listener, Pin, Uplink, UplinkTransfers};
use miette::IntoDiagnostic as _;
use privacy::Scanner;
use relay::RelayConfig;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Partition, Store};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::{Address, Direction, Number};

const BUSINESSES: u64 = 2;
const FIRST_CONSUMER: u64 = 4_915_100_000_000;
const KEY_LIFETIME: Duration = Duration::from_secs(2);
const METERING_INTERVAL: Duration = Duration::from_millis(500);
const START_TAKES_AT_MOST: Duration = Duration::from_secs(60);

type Bill = Arc<Mutex<Vec<BillLine>>>;

/// Everything that runs.
pub(crate) struct Stack {
    api: Api,
    tap: Arc<RelayTap>,
    scanner: Scanner,
    control: Arc<Control>,
    bill: Bill,
    stop: Shutdown,
    tasks: JoinSet<miette::Result<()>>,
    stores: Vec<Store>,
    connector: Arc<Connector>,
}

/// What the businesses' servers know.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) base_url: String,
    businesses: Arc<[TenantSettings]>,
    consumers: Arc<[Number]>,
}

impl Stack {
    /// Starts all parties and waits until every consumer is registered.
    pub(crate) async fn start(dir: &Path, suites: Suites, tracker: Arc<Tracker>) -> miette::Result<Self> {
        let relay = Data::open(&dir.join("relay"), Party::Relay, KEY_LIFETIME)?;
        let mut node = Data::open(&dir.join("node"), Party::Node, KEY_LIFETIME)?;
        let phones = Data::open(&dir.join("phones"), Party::Phones, KEY_LIFETIME)?;

        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let webhooks = TcpListener::bind(loopback).await.into_diagnostic()?;
        let url = format!("http://{}/webhooks", webhooks.local_addr().into_diagnostic()?);
        let businesses: Vec<_> = (0..BUSINESSES)
            .map(|index| TenantSettings {
                webhook: Some(url.clone()),
                ..TenantSettings::generate(index, &mut node.rng)
            })
            .collect();

        let scanner = Scanner::new(canaries(&tracker, &businesses)).into_diagnostic()?;
        let tap = Arc::new(RelayTap::new(scanner.clone()));
        let listener = Listener::bind(loopback, &relay.identity, Limits::default()).into_diagnostic()?;
        let listener = listener.with_tap(Arc::clone(&tap) as Arc<dyn link::Tap>);
        let http = TcpListener::bind(loopback).await.into_diagnostic()?;
        let base_url = format!("http://{}", http.local_addr().into_diagnostic()?);
        let (relay_addr, relay_key) = (listener.local_addr(), relay.identity.public());
        let connector = Arc::new(Connector::new(Limits::default()));
        let uplink = |identity: LinkIdentity| Uplink {
            connector: Arc::clone(&connector),
            identity,
            relay: relay_addr,
            pin: Pin::Key(relay_key),
            switch: link::Switch::default(),
            transfers: UplinkTransfers::default(),
        };

        let blobs = relay.blobs()?;
        let stop = Shutdown::new();
        let mut tasks = JoinSet::new();
        let config = RelayConfig {
            gateways: [node.identity.public()].into(),
            metering_interval: METERING_INTERVAL,
            ..RelayConfig::default()
        };
        let transport =
            relay::serve(config, relay.store.partition("relay"), blobs, listener, relay.rng, stop.wait());
        tasks.spawn(async move { transport.await.into_diagnostic() });

        let bill = Bill::default();
        let billed = Arc::clone(&bill);
        let observe = move |output: cloud::Output| {
            if let cloud::Output::Metered(lines) = output {
                *billed.lock().unwrap_or_else(PoisonError::into_inner) = lines;
            }
        };
        let partition = node.store.partition("node");
        let mut config = tenants::node_config(&businesses, suites)?;
        config.base_url = base_url.clone().into();
        let media = node.media()?;
        let restored = cloud::Restored::new(config, partition).into_diagnostic()?;
        let cloud = cloud::serve(
            restored,
            http,
            media,
            uplink(node.identity.clone()),
            node.rng,
            observe,
            stop.wait(),
        );
        tasks.spawn(async move { cloud.await.into_diagnostic() });

        let receivers = businesses.iter().map(|business| Receiver {
            app_secret: business.app_secret.clone(),
            verify_token: business.verify_token.clone(),
        });
        let (arrived, forged) = (Arc::clone(&tracker), Arc::clone(&tracker));
        let control = Arc::new(Control::new(&scanner));
        let seen = Arc::clone(&control);
        let sinking = sink::serve(
            webhooks,
            receivers.collect(),
            move |event| {
                seen.look_at(&event);
                arrived.webhook(event, live::now());
                Ok(())
            },
            move || forged.forged(),
            stop.wait(),
        );
        tasks.spawn(async move { sinking.await.into_diagnostic() });

        let numbers =
            (0..u64::from(tracker.consumers)).map(|index| Number::from_integer(FIRST_CONSUMER + index));
        let consumers: Arc<[_]> = numbers.collect::<Result<_, _>>().into_diagnostic()?;
        let api = Api { base_url, businesses: businesses.into(), consumers: Arc::clone(&consumers) };
        for (index, number) in consumers.iter().enumerate() {
            let mut rng = rng(&format!("consumer/{index}"))?;
            let identity = LinkIdentity::generate(&mut rng);
            let partition = phones.store.partition(&format!("consumer/{index}"));
            let screen = screen(Arc::clone(&tracker));
            tasks.spawn(person(*number, suites, partition, uplink(identity), rng, screen, stop.wait()));
        }
        let stores = vec![relay.store, node.store, phones.store];
        let stack = Self { api, tap, scanner, control, bill, stop, tasks, stores, connector };
        stack.wait_for_registrations(&tracker).await?;
        Ok(stack)
    }

    /// What the businesses' servers know.
    pub(crate) fn api(&self) -> Api {
        self.api.clone()
    }

    /// The bill, once the relay has reported all `messages`, their answers and their read receipts; what there is after a
    /// while otherwise.
    pub(crate) async fn final_bill(&self, messages: u32) -> Vec<BillLine> {
        let bill = || self.bill.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for _ in 0..30 {
            let messages = u64::from(messages);
            let due =
                [(Direction::BusinessToConsumer, messages), (Direction::ConsumerToBusiness, 2 * messages)];
            if due.iter().all(|(way, envelopes)| unbilled(&bill(), *way, *envelopes) == 0) {
                break;
            }
            tokio::time::sleep(METERING_INTERVAL / 4).await;
        }
        bill()
    }

    /// Stops all parties and looks at what they leave behind.
    pub(crate) async fn stop(mut self, dir: &Path, lines: &Lines) -> miette::Result<Views> {
        self.stop.request();
        while let Some(ended) = self.tasks.join_next().await {
            ended.into_diagnostic()??;
        }
        self.connector.close().await;
        self.stores.into_iter().for_each(Store::close);
        Views::collect(&self.tap, &self.scanner, &self.control, &dir.join("relay"), lines)
    }

    async fn wait_for_registrations(&self, tracker: &Tracker) -> miette::Result<()> {
        let started = live::now();
        while !tracker.all_registered() {
            if live::now().since(started) > START_TAKES_AT_MOST {
                return Err(miette::miette!(
                    "not all consumers could register within {START_TAKES_AT_MOST:?}"
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Api {
    /// The business that sends a message.
    pub(crate) fn business_of(&self, message: u32) -> Option<&TenantSettings> {
        let consumer = (message as usize).checked_rem(self.consumers.len())?;
        self.businesses.get(consumer.checked_rem(self.businesses.len())?)
    }

    /// The consumer that a message is for.
    pub(crate) fn number_of(&self, message: u32) -> Option<Number> {
        self.consumers.get((message as usize).checked_rem(self.consumers.len())?).copied()
    }
}

/// One person with the app: reads at once, and answers with the same words.
async fn person(
    number: Number,
    suites: Suites,
    partition: Partition,
    uplink: Uplink,
    rng: Rng,
    screen: impl FnMut(Output) -> std::io::Result<()>,
    stopped: impl Future<Output = ()>,
) -> miette::Result<()> {
    let config = ConsumerConfig {
        address: Address::primary(number),
        habits: Habits { reply: Reply::Echo, ..Habits::default() },
        policy: endpoint::Policy { suites, ..endpoint::Policy::default() },
    };
    let (_nobody_types, commands) = mpsc::channel(1);
    consumer::serve(config, partition, uplink, commands, rng, screen, stopped).await.into_diagnostic()
}

fn screen(tracker: Arc<Tracker>) -> impl FnMut(Output) -> std::io::Result<()> {
    move |output| {
        match output {
            Output::Show(message) => {
                tracker.shown(message.content.body.as_text().unwrap_or_default(), live::now());
            }
            Output::Notice(Notice::Registered) => tracker.registered(),
            _ => {}
        }
        Ok(())
    }
}
