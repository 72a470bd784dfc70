//! Node, relay and consumer as machines that hand each other what they say, at once.

use bytes::Bytes;
use cloud::{
    AccessToken, ApiRequest, App, BusinessAccount, BusinessNumber, Node, NodeConfig, Portfolio, ReplyId,
    Tenant, WebhookOutcome,
};
use consumer::{Consumer, ConsumerConfig, Habits};
use kernel::{Effects, Machine, Rng, Seed, Time};
use relay::{Relay, RelayConfig};
use std::collections::VecDeque;
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeId, EnvelopeKind, LinkEvent, LinkKey, Outgoing,
    ToEndpoint, ToRelay,
};

const NODE: ConnectionId = ConnectionId(1);
const CONSUMER: ConnectionId = ConnectionId(2);
const TOKEN: &str = "EAA";
const PHONE_NUMBER_ID: &str = "106540352242922";
const BUSINESS: &str = "15550783881";
const PERSON: &str = "4915112345678";
const NOW: Time = Time::from_secs(1_790_000_000);

/// One business, one consumer, and the relay between them; webhooks are answered at once.
pub(crate) struct Path {
    relay: Relay,
    node: Node,
    consumer: Consumer,
    rng: Rng,
    shown: u64,
    replies: u64,
    body: Bytes,
    submitted: u64,
    acknowledged: u64,
}

enum Said {
    ToRelay(Outgoing<ToRelay>),
    ToEndpoint(Outgoing<ToEndpoint>),
    Shown(u64),
    Webhook(cloud::DeliveryId),
}

impl Path {
    pub(crate) fn new() -> Self {
        let mut rng = Rng::for_entity(&Seed::from_number(1), "path");
        let config = ConsumerConfig {
            address: Address::primary(PERSON.parse().unwrap()),
            habits: Habits { read_receipts: false, ..Habits::default() },
            policy: endpoint::Policy::default(),
        };
        let text = "x".repeat(200);
        let body = serde_json::json!({
            "messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": { "body": text },
        });
        let mut path = Self {
            relay: Relay::restore(RelayConfig::default(), Vec::new()).unwrap(),
            node: Node::restore(node_config(), Vec::new()).unwrap(),
            consumer: Consumer::restore(config, Vec::new()).unwrap(),
            shown: 0,
            replies: 0,
            body: body.to_string().into(),
            submitted: 0,
            acknowledged: 0,
            rng: Rng::for_entity(&Seed::from_number(2), "path"),
        };
        let mut said = VecDeque::new();
        from_node(path.node.wake(NOW, &mut rng), &mut said);
        from_consumer(path.consumer.wake(NOW, &mut rng), &mut said);
        for connection in [NODE, CONSUMER] {
            let peer = LinkKey([u8::try_from(connection.0).unwrap(); 32]);
            let _ = path.relay.handle(NOW, relay::Input::Link(LinkEvent::Up { connection, peer }), &mut rng);
        }
        let peer = LinkKey([9; 32]);
        let up = cloud::Input::Link(LinkEvent::Up { connection: NODE, peer });
        from_node(path.node.handle(NOW, up, &mut rng), &mut said);
        let up = consumer::Input::Link(LinkEvent::Up { connection: CONSUMER, peer });
        from_consumer(path.consumer.handle(NOW, up, &mut rng), &mut said);
        path.carry(said);
        path.business_to_consumer();
        path
    }

    /// An API call until the text is on the screen, and all statuses are back: three machines, all crypto.
    pub(crate) fn business_to_consumer(&mut self) {
        let before = self.shown;
        self.replies += 1;
        let path = format!("/v23.0/{PHONE_NUMBER_ID}/messages");
        let request = ApiRequest::post(path, TOKEN, self.body.clone());
        let input = cloud::Input::Api { reply: ReplyId(self.replies), request };
        let mut said = VecDeque::new();
        from_node(self.node.handle(NOW, input, &mut self.rng), &mut said);
        self.carry(said);
        assert_eq!(self.shown, before + 1, "the text arrives");
    }

    /// Submit, deliver, acknowledge, receipt: what the relay does for one envelope.
    pub(crate) fn envelope_through_relay(&mut self) {
        // Continues the node's submissions, whose number the relay knows.
        if self.submitted == 0 {
            self.submitted = 1;
            self.acknowledged = 1;
        }
        self.submitted += 1;
        self.acknowledged += 1;
        let envelope = Envelope {
            id: EnvelopeId([1; 16]),
            from: Address::primary(BUSINESS.parse().unwrap()),
            to: Address::primary(PERSON.parse().unwrap()),
            kind: EnvelopeKind::Ratchet,
            ciphertext: Bytes::from_static(&[0; 330]),
            billing_class: BillingClass::Service,
        };
        let submit = ToRelay::Submit { sequence: self.submitted, envelope };
        let mut deliveries = 0;
        for (connection, frame) in [
            (NODE, submit),
            (CONSUMER, ToRelay::Acknowledge { through: self.acknowledged, unread: Vec::new() }),
            (NODE, ToRelay::Acknowledge { through: self.acknowledged, unread: Vec::new() }),
        ] {
            let input = relay::Input::Link(LinkEvent::Frame { connection, frame });
            let effects = self.relay.handle(NOW, input, &mut self.rng);
            deliveries += effects
                .outputs
                .iter()
                .filter(|output| {
                    matches!(output, relay::Output::Send(Outgoing { frame: ToEndpoint::Delivery { .. }, .. }))
                })
                .count();
        }
        assert_eq!(deliveries, 2, "the envelope there and the receipt back");
    }

    fn carry(&mut self, mut said: VecDeque<Said>) {
        while let Some(next) = said.pop_front() {
            match next {
                Said::ToRelay(Outgoing { connection, frame }) => {
                    from_relay(
                        self.relay.handle(
                            NOW,
                            relay::Input::Link(LinkEvent::Frame { connection, frame }),
                            &mut self.rng,
                        ),
                        &mut said,
                    );
                }
                Said::ToEndpoint(Outgoing { connection, frame }) if connection == NODE => {
                    let input = cloud::Input::Link(LinkEvent::Frame { connection, frame });
                    from_node(self.node.handle(NOW, input, &mut self.rng), &mut said);
                }
                Said::ToEndpoint(Outgoing { connection, frame }) => {
                    let input = consumer::Input::Link(LinkEvent::Frame { connection, frame });
                    from_consumer(self.consumer.handle(NOW, input, &mut self.rng), &mut said);
                }
                Said::Shown(through) => {
                    self.shown += 1;
                    let input = consumer::Input::Shown { through };
                    from_consumer(self.consumer.handle(NOW, input, &mut self.rng), &mut said);
                }
                Said::Webhook(delivery) => {
                    let input =
                        cloud::Input::WebhookAnswered { delivery, outcome: WebhookOutcome::Answered(200) };
                    from_node(self.node.handle(NOW, input, &mut self.rng), &mut said);
                }
            }
        }
    }
}

fn from_relay(effects: Effects<relay::Output>, said: &mut VecDeque<Said>) {
    said.extend(effects.outputs.into_iter().filter_map(|output| match output {
        relay::Output::Send(outgoing) => Some(Said::ToEndpoint(outgoing)),
        _ => None,
    }));
}

fn from_node(effects: Effects<cloud::Output>, said: &mut VecDeque<Said>) {
    said.extend(effects.outputs.into_iter().filter_map(|output| match output {
        cloud::Output::Send(outgoing) => Some(Said::ToRelay(outgoing)),
        cloud::Output::PostWebhook(post) => Some(Said::Webhook(post.delivery)),
        _ => None,
    }));
}

fn from_consumer(effects: Effects<consumer::Output>, said: &mut VecDeque<Said>) {
    said.extend(effects.outputs.into_iter().filter_map(|output| match output {
        consumer::Output::Send(outgoing) => Some(Said::ToRelay(outgoing)),
        consumer::Output::Show(message) => Some(Said::Shown(message.sequence)),
        _ => None,
    }));
}

fn node_config() -> NodeConfig {
    let tenant = Tenant {
        portfolio: Portfolio { id: 600_000_000_000_001.into(), name: "Bench".into() },
        app: App {
            id: "700000000000001".parse().unwrap(),
            name: "Bench".into(),
            secret: "secret".into(),
            callback: Some(cloud::Callback { url: "http://127.0.0.1:1/".into(), verify_token: "v".into() }),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: "102290129340398".parse().unwrap(),
            name: "Bench".into(),
            subscribed: true,
            numbers: vec![BusinessNumber {
                id: PHONE_NUMBER_ID.parse().unwrap(),
                number: BUSINESS.parse().unwrap(),
                display_name: "Bench".into(),
                identity_key_check: false,
            }],
        }],
        tokens: vec![AccessToken::of_system_user(TOKEN.into())],
    };
    let mut config = NodeConfig::new(vec![tenant]).unwrap();
    config.endpoint.gateway = true;
    config
}
