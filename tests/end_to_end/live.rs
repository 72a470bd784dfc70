//! All parties over real sockets, with stores on disk, inside the test's process.

use crate::common::http::{Webhook, post, take_webhooks};
use crate::stage::{Outcome, Stage};
use cloud::{AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Portfolio, Tenant};
use consumer::{Command, ConsumerConfig, Habits, Output};
use kernel::Rng;
use link::{Connector, Limits, LinkIdentity, Listener, Pin, Uplink, UplinkTransfers};
use relay::RelayConfig;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Store;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wire::{Address, Number};

const TOKEN: &str = "EAA-test";
const APP_SECRET: &str = "test-app-secret";
const PHONE_NUMBER_ID: &str = "106540352242922";
pub(crate) const BUSINESS: &str = "15550783881";
const FIRST_CONSUMER: u64 = 491_510_000_000;

/// Relay, node and consumers.
pub(crate) struct LiveStage {
    http: SocketAddr,
    shown: Arc<Mutex<Vec<(usize, String)>>>,
    consumers: Vec<mpsc::Sender<Command>>,
    webhooks: Receiver<Webhook>,
    received: Vec<Webhook>,
    /// For a client that is not ours.
    pub(crate) stranger: Uplink,
    _runtime: Runtime,
    _dir: tempfile::TempDir,
}

impl LiveStage {
    /// Everybody is registered when this returns.
    pub(crate) fn start(consumers: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = |name: &str| Store::open(&dir.path().join(name), store::Options::default()).unwrap();
        let seed = live::entropy().unwrap();
        let rng = |name: &str| Rng::for_entity(&seed, name);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let runtime = Runtime::new().unwrap();
        let _inside = runtime.enter();

        let sink = TcpListener::bind(loopback).unwrap();
        let url = format!("http://{}/webhooks", sink.local_addr().unwrap());
        let (sender, webhooks) = channel();
        take_webhooks(sink, sender);

        let relay_identity = LinkIdentity::generate(&mut rng("relay link"));
        let listener = Listener::bind(loopback, &relay_identity, Limits::default()).unwrap();
        let connector = Arc::new(Connector::new(Limits::default()));
        let (relay, pin) = (listener.local_addr(), Pin::Key(relay_identity.public()));
        let uplink = |name: &str| Uplink {
            connector: Arc::clone(&connector),
            identity: LinkIdentity::generate(&mut rng(name)),
            relay,
            pin: pin.clone(),
            switch: link::Switch::default(),
            transfers: UplinkTransfers::default(),
        };
        let forever = std::future::pending::<()>;
        let partition = store("relay").partition("relay");
        let blobs = store::Shelf::open(&dir.path().join("blobs")).unwrap();
        runtime.spawn(relay::serve(
            RelayConfig::default(),
            partition,
            blobs,
            listener,
            rng("relay"),
            forever(),
        ));

        let http = runtime.block_on(tokio::net::TcpListener::bind(loopback)).unwrap();
        let api = http.local_addr().unwrap();
        let partition = store("node").partition("node");
        runtime.spawn(cloud::serve(
            cloud::Restored::new(node_config(&url), partition).unwrap(),
            http,
            store::Shelf::open(&dir.path().join("media")).unwrap(),
            uplink("node link"),
            rng("node"),
            |_| {},
            forever(),
        ));

        let shown = Arc::new(Mutex::new(Vec::new()));
        let (registered, registrations) = channel();
        let phones = store("phones");
        let consumers = (0..consumers as usize)
            .map(|index| {
                let name = format!("consumer/{index}");
                let (commands, waiting) = mpsc::channel(16);
                let (shown, registered) = (Arc::clone(&shown), registered.clone());
                let screen = move |output| {
                    match output {
                        Output::Show(message) => {
                            let text = message.content.body.as_text().unwrap().to_owned();
                            shown.lock().unwrap().push((index, text));
                        }
                        Output::Notice(consumer::Notice::Registered) => registered.send(()).unwrap(),
                        _ => {}
                    }
                    Ok(())
                };
                let config = ConsumerConfig {
                    address: Address::primary(number(index)),
                    habits: Habits::default(),
                    policy: endpoint::Policy::default(),
                };
                let uplink = uplink(&format!("{name} link"));
                let partition = phones.partition(&name);
                runtime.spawn(consumer::serve(
                    config,
                    partition,
                    uplink,
                    waiting,
                    rng(&name),
                    screen,
                    forever(),
                ));
                commands
            })
            .collect::<Vec<_>>();
        for _ in &consumers {
            registrations.recv_timeout(Duration::from_secs(30)).expect("all consumers register");
        }
        drop(_inside);
        let received = Vec::new();
        let stranger = uplink("stranger link");
        Self { http: api, shown, consumers, webhooks, received, stranger, _runtime: runtime, _dir: dir }
    }

    /// The next text that reaches the business from this number.
    pub(crate) fn next_text_from(&mut self, number: Number) -> String {
        loop {
            let webhook = self.webhooks.recv_timeout(Duration::from_secs(30)).expect("a webhook");
            if let Some(message) = webhook.elements(APP_SECRET, "messages").first() {
                assert_eq!(message["from"], number.digits());
                return message["text"]["body"].as_str().unwrap().to_owned();
            }
        }
    }
}

impl Stage for LiveStage {
    fn business_sends(&mut self, to: usize, text: &str) {
        let body = serde_json::json!({
            "messaging_product": "whatsapp", "to": number(to).digits(), "type": "text", "text": { "body": text },
        });
        let path = format!("/v23.0/{PHONE_NUMBER_ID}/messages");
        let (status, answer) = post(self.http, &path, TOKEN, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    fn consumer_says(&mut self, from: usize, text: &str) {
        let command = Command::say(BUSINESS.parse().unwrap(), text);
        self.consumers[from].blocking_send(command).unwrap();
    }

    /// Until nothing has arrived for two seconds.
    fn settle(&mut self) {
        while let Ok(webhook) = self.webhooks.recv_timeout(Duration::from_secs(2)) {
            self.received.push(webhook);
        }
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for shown in self.shown.lock().unwrap().iter() {
            *outcome.shown.entry(shown.clone()).or_default() += 1;
        }
        for webhook in &self.received {
            let list = |name: &str| webhook.elements(APP_SECRET, name);
            for status in list("statuses") {
                *outcome.statuses.entry(status["status"].as_str().unwrap().into()).or_default() += 1;
            }
            for message in list("messages") {
                let from: u64 = message["from"].as_str().unwrap().parse().unwrap();
                let text = message["text"]["body"].as_str().unwrap().to_owned();
                *outcome.received.entry(((from - FIRST_CONSUMER) as usize, text)).or_default() += 1;
            }
        }
        outcome
    }
}

pub(crate) fn number(consumer: usize) -> Number {
    Number::from_integer(FIRST_CONSUMER + consumer as u64).unwrap()
}

fn node_config(webhook: &str) -> NodeConfig {
    let tenant = Tenant {
        portfolio: Portfolio { id: 600_000_000_000_001.into(), name: "Test".into() },
        app: App {
            id: "700000000000001".parse().unwrap(),
            name: "Test".into(),
            secret: APP_SECRET.into(),
            callback: Some(Callback { url: webhook.into(), verify_token: "verify".into() }),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: "102290129340398".parse().unwrap(),
            name: "Test".into(),
            subscribed: true,
            numbers: vec![BusinessNumber {
                id: PHONE_NUMBER_ID.parse().unwrap(),
                number: BUSINESS.parse().unwrap(),
                display_name: "Test".into(),
                identity_key_check: false,
            }],
        }],
        tokens: vec![AccessToken::of_system_user(TOKEN.into())],
    };
    let mut config = NodeConfig::new(vec![tenant]).unwrap();
    config.endpoint.gateway = true;
    config
}
