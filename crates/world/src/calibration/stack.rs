//! The machines' part: a node, a relay and an app that hand each other frames.

use super::{Clock, each};
use bytes::{Bytes, BytesMut};
use cloud::{
    AccessToken, ApiRequest, App, BusinessAccount, BusinessNumber, Node, NodeConfig, Portfolio, ReplyId,
    Tenant, WebhookOutcome,
};
use consumer::{Consumer, ConsumerConfig, Habits};
use kernel::{Effects, Machine, Rng, Seed, Time};
use relay::{Relay, RelayConfig};
use std::time::Duration;
use wire::{Address, ConnectionId, Decoder, Frame, LinkEvent, LinkKey, ToRelay};

const NODE: ConnectionId = ConnectionId(1);
const APP: ConnectionId = ConnectionId(2);
const NOW: Time = Time::from_secs(1_790_000_000);

const TOKEN: &str = "EAA-calibration";
const NUMBER_ID: &str = "300000000000000";
const BUSINESS: &str = "15550000000";
const PERSON: &str = "4915000000000";

pub(super) struct Stack {
    relay: Relay,
    node: Node,
    app: Consumer,
    rng: Rng,
    replies: u64,
    /// Frames on their way to the relay, as bytes.
    to_relay: Vec<(ConnectionId, Bytes)>,
    to_endpoints: Vec<(ConnectionId, Bytes)>,
}

impl Stack {
    pub(super) fn new() -> Result<Self, String> {
        let config = ConsumerConfig {
            address: Address::primary(PERSON.parse().map_err(words)?),
            habits: Habits { read_receipts: false, ..Habits::default() },
            policy: endpoint::Policy::default(),
        };
        let relay = RelayConfig { gateways: [key(NODE)].into(), ..RelayConfig::default() };
        let mut stack = Self {
            relay: Relay::restore(relay, Vec::new()).map_err(words)?,
            node: Node::restore(node_config()?, Vec::new()).map_err(words)?,
            app: Consumer::restore(config, Vec::new()).map_err(words)?,
            rng: Rng::for_entity(&Seed::from_number(1), "calibration stack"),
            replies: 0,
            to_relay: Vec::new(),
            to_endpoints: Vec::new(),
        };
        let started = stack.node.wake(NOW, &mut stack.rng);
        stack.node_says(started);
        let started = stack.app.wake(NOW, &mut stack.rng);
        stack.app_says(started);
        for connection in [NODE, APP] {
            let event = LinkEvent::Up { connection, peer: key(connection) };
            drop(stack.relay.handle(NOW, relay::Input::Link(event), &mut stack.rng));
        }
        let up = |connection| LinkEvent::Up { connection, peer: LinkKey([9; 32]) };
        let hello = stack.node.handle(NOW, cloud::Input::Link(up(NODE)), &mut stack.rng);
        stack.node_says(hello);
        let hello = stack.app.handle(NOW, consumer::Input::Link(up(APP)), &mut stack.rng);
        stack.app_says(hello);
        let nobody_looks = || Duration::ZERO;
        stack.settle(&nobody_looks)?;
        // The first message begins the session.
        stack.messages(1, &nobody_looks)?;
        Ok(stack)
    }

    /// So many messages from the API to the app and all receipts back: what each request took the node, and each frame
    /// the relay.
    pub(super) fn messages(&mut self, times: u32, clock: &Clock<'_>) -> Result<(Duration, Duration), String> {
        let requests: Vec<ApiRequest> = (0..times).map(|_| request()).collect();
        let (answered, request) = each(times, clock, || {
            let requests = requests.into_iter();
            let answers = requests.map(|request| {
                self.replies += 1;
                let input = cloud::Input::Api { reply: ReplyId(self.replies), request };
                self.node.handle(NOW, input, &mut self.rng)
            });
            answers.collect::<Vec<_>>()
        });
        answered.into_iter().for_each(|effects| self.node_says(effects));
        let (frames, took) = self.settle(clock)?;
        Ok((request, took / frames.max(1)))
    }

    /// Until nobody has anything to say: how many frames the relay handled, and how long that took it.
    fn settle(&mut self, clock: &Clock<'_>) -> Result<(u32, Duration), String> {
        let (mut frames, mut spent) = (0, Duration::ZERO);
        while !self.to_relay.is_empty() || !self.to_endpoints.is_empty() {
            let arrived = std::mem::take(&mut self.to_relay);
            frames += u32::try_from(arrived.len()).unwrap_or(u32::MAX);
            let (handled, took) = each(1, clock, || -> Result<Vec<_>, String> {
                let arrived = arrived.iter();
                arrived.map(|(connection, bytes)| self.relay_handles(*connection, bytes)).collect()
            });
            self.to_endpoints.extend(handled?.into_iter().flatten());
            spent += took;
            for (connection, bytes) in std::mem::take(&mut self.to_endpoints) {
                let frame = read(&bytes)?;
                let event = LinkEvent::Frame { connection, frame };
                if connection == NODE {
                    let effects = self.node.handle(NOW, cloud::Input::Link(event), &mut self.rng);
                    self.node_says(effects);
                } else {
                    let effects = self.app.handle(NOW, consumer::Input::Link(event), &mut self.rng);
                    self.app_says(effects);
                }
            }
        }
        Ok((frames, spent))
    }

    fn relay_handles(
        &mut self,
        connection: ConnectionId,
        bytes: &Bytes,
    ) -> Result<Vec<(ConnectionId, Bytes)>, String> {
        let event = LinkEvent::Frame { connection, frame: read::<ToRelay>(bytes)? };
        let outputs = self.relay.handle(NOW, relay::Input::Link(event), &mut self.rng).outputs.into_iter();
        let frames = outputs.filter_map(|output| match output {
            relay::Output::Send(outgoing) => Some((outgoing.connection, write(outgoing.frame))),
            _ => None,
        });
        Ok(frames.collect())
    }

    fn node_says(&mut self, effects: Effects<cloud::Output>) {
        for output in effects.outputs {
            match output {
                cloud::Output::Send(outgoing) => self.to_relay.push((NODE, write(outgoing.frame))),
                cloud::Output::PostWebhook(post) => {
                    let outcome = WebhookOutcome::Answered(200);
                    let input = cloud::Input::WebhookAnswered { delivery: post.delivery, outcome };
                    let effects = self.node.handle(NOW, input, &mut self.rng);
                    self.node_says(effects);
                }
                _ => {}
            }
        }
    }

    fn app_says(&mut self, effects: Effects<consumer::Output>) {
        for output in effects.outputs {
            match output {
                consumer::Output::Send(outgoing) => self.to_relay.push((APP, write(outgoing.frame))),
                consumer::Output::Show(message) => {
                    let input = consumer::Input::Shown { through: message.sequence };
                    let effects = self.app.handle(NOW, input, &mut self.rng);
                    self.app_says(effects);
                }
                _ => {}
            }
        }
    }
}

fn request() -> ApiRequest {
    let text = "A text as people write them, neither short nor very long.";
    let body = serde_json::json!({
        "messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": { "body": text },
    });
    ApiRequest::post(format!("/v23.0/{NUMBER_ID}/messages"), TOKEN, body.to_string())
}

fn node_config() -> Result<NodeConfig, String> {
    let number = BusinessNumber {
        id: NUMBER_ID.parse().map_err(words)?,
        number: BUSINESS.parse().map_err(words)?,
        display_name: "Calibration".into(),
        identity_key_check: false,
    };
    let callback = cloud::Callback { url: "http://business.example/0".into(), verify_token: "verify".into() };
    let tenant = Tenant {
        portfolio: Portfolio { id: 600_000_000_000_001.into(), name: "Calibration".into() },
        app: App {
            id: "100000000000000".parse().map_err(words)?,
            name: "Calibration".into(),
            secret: "secret".into(),
            callback: Some(callback),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: "200000000000000".parse().map_err(words)?,
            name: "Calibration".into(),
            subscribed: true,
            numbers: vec![number],
        }],
        tokens: vec![AccessToken::of_system_user(TOKEN.into())],
    };
    let mut config = NodeConfig::new(vec![tenant]).map_err(words)?;
    config.endpoint.gateway = true;
    Ok(config)
}

fn key(connection: ConnectionId) -> LinkKey {
    LinkKey([u8::try_from(connection.0).unwrap_or(0); 32])
}

fn write(frame: impl Frame) -> Bytes {
    let mut bytes = BytesMut::new();
    frame.encode(&mut bytes);
    bytes.freeze()
}

fn read<F: Frame>(bytes: &Bytes) -> Result<F, String> {
    let mut decoder = Decoder::default();
    decoder.feed(bytes);
    decoder.next_frame().ok().flatten().ok_or_else(|| "a frame can't be read".to_owned())
}

fn words(error: impl ToString) -> String {
    error.to_string()
}
