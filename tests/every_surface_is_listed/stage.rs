//! A relay, a node and a consumer's app without sockets or disks, where every frame, row, answer, webhook and log line is
//! looked at.

use bytes::BytesMut;
use cloud::{ApiRequest, Node, NodeConfig, WebhookOutcome};
use consumer::{Consumer, ConsumerConfig, Habits, Reply};
use kernel::{Effects, Machine, Op, Rng, Seed, Time, Transaction};
use privacy::Principal;
use privacy::surfaces::{Direction, HttpMessage, Problem, Surfaces};
use relay::{Relay, RelayConfig};
use std::collections::{BTreeSet, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use wire::{Address, ConnectionId, Frame, LinkEvent, LinkKey, Outgoing, ToEndpoint, ToRelay};

const NODE: ConnectionId = ConnectionId(1);
const APP: ConnectionId = ConnectionId(2);
const SHOP: &str = "15550783881";
const ALICE: &str = "4915112345678";
const PHONE: &str = "106540352242922";
const TOKEN: &str = "EAAtoken";

pub(crate) struct Stage {
    surfaces: Surfaces,
    now: Time,
    rng: Rng,
    relay: Relay,
    node: Node,
    app: Consumer,
    inputs: VecDeque<Input>,
    /// Everything that is not on the list.
    pub(crate) problems: Vec<String>,
    /// Who has written which tables.
    pub(crate) rows: BTreeSet<(Principal, &'static str)>,
    /// Who was sent frames.
    pub(crate) frames: BTreeSet<Principal>,
}

enum Input {
    Relay(relay::Input),
    Node(cloud::Input),
    App(consumer::Input),
}

impl Stage {
    pub(crate) fn new() -> Self {
        let tenant = cloud::Tenant {
            portfolio: cloud::Portfolio { id: 600_000_000_000_001.into(), name: "Shop".into() },
            app: cloud::App {
                id: "700000000000001".parse().unwrap(),
                name: "App".into(),
                secret: "secret".into(),
                callback: Some(cloud::Callback { url: "http://shop.test/".into(), verify_token: "v".into() }),
                webhook_version: 23,
                requires_proof: false,
            },
            accounts: vec![cloud::BusinessAccount {
                id: "102290129340398".parse().unwrap(),
                name: "Shop".into(),
                subscribed: true,
                numbers: vec![cloud::BusinessNumber {
                    id: PHONE.parse().unwrap(),
                    number: SHOP.parse().unwrap(),
                    display_name: "Shop".into(),
                    identity_key_check: false,
                }],
            }],
            tokens: vec![cloud::AccessToken::of_system_user(TOKEN.into())],
        };
        let mut node = NodeConfig::new(vec![tenant]).unwrap();
        node.endpoint.gateway = true;
        node.endpoint.one_time_prekeys = 2;
        let app = ConsumerConfig {
            policy: endpoint::Policy { one_time_prekeys: 2, ..endpoint::Policy::default() },
            address: Address::primary(ALICE.parse().unwrap()),
            habits: Habits { reply: Reply::Echo, ..Habits::default() },
        };
        let mut stage = Self {
            surfaces: Surfaces::of_this_project().unwrap(),
            now: Time::from_secs(1_750_000_000),
            rng: Rng::for_entity(&Seed::from_number(5), "stage"),
            relay: Relay::restore(RelayConfig::default(), Vec::new()).unwrap(),
            node: Node::restore(node, Vec::new()).unwrap(),
            app: Consumer::restore(app, Vec::new()).unwrap(),
            inputs: VecDeque::new(),
            problems: Vec::new(),
            rows: BTreeSet::new(),
            frames: BTreeSet::new(),
        };
        for connection in [NODE, APP] {
            let key = |number: u64| LinkKey([u8::try_from(number).unwrap(); 32]);
            let peer = key(connection.0);
            stage.inputs.push_back(Input::Relay(relay::Input::Link(LinkEvent::Up { connection, peer })));
            stage.hear(connection, LinkEvent::Up { connection, peer: key(0) });
        }
        stage
    }

    /// Messages both ways, statuses, receipts, a bill, a request that is refused.
    pub(crate) fn converse(&mut self) {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone()).finish();
        tracing::subscriber::with_default(subscriber, || self.talk());
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        for line in lines.lines() {
            self.note(&self.surfaces.check_log_line(line));
        }
    }

    fn talk(&mut self) {
        self.settle();
        let request = ApiRequest::get(format!("/v23.0/{PHONE}?fields=nonsense"), TOKEN);
        self.inputs.push_back(Input::Node(cloud::Input::Api { reply: cloud::ReplyId(17), request }));
        for (number, text) in ["hello", "are you there?"].into_iter().enumerate() {
            let body =
                format!(r#"{{"messaging_product":"whatsapp","to":"{ALICE}","text":{{"body":"{text}"}}}}"#);
            let request = ApiRequest::post(format!("/v23.0/{PHONE}/messages"), TOKEN, body);
            let reply = cloud::ReplyId(number.try_into().unwrap());
            self.inputs.push_back(Input::Node(cloud::Input::Api { reply, request }));
            self.settle();
            self.now = self.now + std::time::Duration::from_secs(60);
            self.settle();
        }
    }

    fn settle(&mut self) {
        loop {
            match self.inputs.pop_front() {
                Some(Input::Relay(input)) => {
                    let effects = self.relay.handle(self.now, input, &mut self.rng);
                    self.of_relay(effects);
                }
                Some(Input::Node(input)) => {
                    let effects = self.node.handle(self.now, input, &mut self.rng);
                    self.of_node(effects);
                }
                Some(Input::App(input)) => {
                    let effects = self.app.handle(self.now, input, &mut self.rng);
                    self.of_app(effects);
                }
                None if due(&self.relay, self.now) => {
                    let effects = self.relay.wake(self.now, &mut self.rng);
                    self.of_relay(effects);
                }
                None if due(&self.node, self.now) => {
                    let effects = self.node.wake(self.now, &mut self.rng);
                    self.of_node(effects);
                }
                None if due(&self.app, self.now) => {
                    let effects = self.app.wake(self.now, &mut self.rng);
                    self.of_app(effects);
                }
                None => return,
            }
        }
    }

    fn of_relay(&mut self, effects: Effects<relay::Output>) {
        self.look_at_rows(Principal::Transport, &effects.transaction);
        for output in effects.outputs {
            if let relay::Output::Send(Outgoing { connection, frame }) = output {
                let principal = if connection == NODE { Principal::Cloud } else { Principal::Consumer };
                self.look_at_frame(principal, "blindpost.transport.ToEndpoint", frame.clone());
                self.hear(connection, LinkEvent::Frame { connection, frame });
            }
        }
    }

    fn of_node(&mut self, effects: Effects<cloud::Output>) {
        self.look_at_rows(Principal::Cloud, &effects.transaction);
        for output in effects.outputs {
            match output {
                cloud::Output::Send(outgoing) => self.send_to_relay(outgoing),
                cloud::Output::Respond { response, .. } => {
                    let headers = response.headers.iter();
                    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                    self.look_at_http(Direction::Response, headers, &response.body);
                }
                cloud::Output::PostWebhook(post) => {
                    let signature = ("x-hub-signature-256".to_owned(), post.signature_256);
                    self.look_at_http(Direction::Webhook, vec![signature], &post.body);
                    let (delivery, outcome) = (post.delivery, WebhookOutcome::Answered(200));
                    let answered = cloud::Input::WebhookAnswered { delivery, outcome };
                    self.inputs.push_back(Input::Node(answered));
                }
                _ => {}
            }
        }
    }

    fn of_app(&mut self, effects: Effects<consumer::Output>) {
        self.look_at_rows(Principal::Consumer, &effects.transaction);
        for output in effects.outputs {
            match output {
                consumer::Output::Send(outgoing) => self.send_to_relay(outgoing),
                consumer::Output::Show(shown) => {
                    let shown = consumer::Input::Shown { through: shown.sequence };
                    self.inputs.push_back(Input::App(shown));
                }
                _ => {}
            }
        }
    }

    fn send_to_relay(&mut self, Outgoing { connection, frame }: Outgoing<ToRelay>) {
        self.look_at_frame(Principal::Transport, "blindpost.transport.ToRelay", frame.clone());
        self.inputs.push_back(Input::Relay(relay::Input::Link(LinkEvent::Frame { connection, frame })));
    }

    fn hear(&mut self, to: ConnectionId, event: LinkEvent<ToEndpoint>) {
        self.inputs.push_back(match to {
            NODE => Input::Node(cloud::Input::Link(event)),
            _ => Input::App(consumer::Input::Link(event)),
        });
    }

    fn look_at_frame(&mut self, principal: Principal, message: &str, frame: impl Frame) {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        // Length and version come first.
        self.note(&self.surfaces.check_frame(principal, message, &bytes[5..]));
        self.frames.insert(principal);
    }

    fn look_at_http(&mut self, direction: Direction, headers: Vec<(String, String)>, body: &[u8]) {
        let message = HttpMessage { direction, headers, registered_query: "", query: "", body };
        self.note(&self.surfaces.check_http(&message));
    }

    fn note(&mut self, problems: &[Problem]) {
        self.problems.extend(problems.iter().map(Problem::to_string));
    }

    fn look_at_rows(&mut self, principal: Principal, transaction: &Transaction) {
        for op in transaction.ops() {
            if let Op::Swap { table, key, value, .. } | Op::Append { table, key, value, .. } = op {
                self.note(&self.surfaces.check_row(principal, table.name(), key, value));
                self.rows.insert((principal, table.name()));
            }
        }
    }
}

fn due(machine: &impl Machine, now: Time) -> bool {
    machine.wake_at().is_some_and(|at| at <= now)
}

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
