//! The official library as a consumer's app: its cryptography in the oracle's process, our relay and our
//! node at the other end.

use crate::live::{BUSINESS, LiveStage, number};
use crate::stage::Stage as _;
use content::{Body, Content, MessageId};
use interop::{Bundle, CurveKey, Name, Official, Oracle, OracleVersion, Party as _, fields, inner_message};
use link::{Connection, Pin};
use ratchet::{Ciphertext, MessageKind};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::Handle;
use wire::{
    Address, BillingClass, Envelope, EnvelopeId, EnvelopeKind, InboxItem, OneTimeKey, Outcome, Publish,
    SignedKey, ToEndpoint, ToRelay,
};

/// An epoch of the post-quantum ratchet takes 87 messages.
const ROUNDS: u32 = 150;
const EPOCHS: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_library_talks_with_our_node_through_our_relay() {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut stage = LiveStage::start(0);
        let mut app = OfficialApp::register(&stage, runtime);
        app.opens_a_session();
        for round in 0..ROUNDS {
            let question = format!("question {round}");
            app.says(&question);
            assert_eq!(stage.next_text_from(app.address.number), question);
            let answer = format!("answer {round}");
            stage.business_sends(0, &answer);
            assert_eq!(app.reads(), answer);
        }
        assert!(app.epoch >= EPOCHS, "epoch {} after {ROUNDS} rounds", app.epoch);
    })
    .await
    .unwrap();
}

/// The node initiates, too.
#[tokio::test(flavor = "multi_thread")]
async fn our_node_opens_a_session_with_the_official_library() {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut stage = LiveStage::start(0);
        let mut app = OfficialApp::register(&stage, runtime);
        stage.business_sends(0, "hello");
        assert_eq!(app.reads(), "hello");
        app.says("who is this?");
        assert_eq!(stage.next_text_from(app.address.number), "who is this?");
        stage.business_sends(0, "the shop");
        assert_eq!(app.reads(), "the shop");
    })
    .await
    .unwrap();
}

/// A consumer's app that has nothing of ours but the link to the relay.
struct OfficialApp {
    address: Address,
    library: Official,
    relay: Connection<ToEndpoint, ToRelay>,
    runtime: Handle,
    submitted: u64,
    /// The newest epoch of the post-quantum ratchet that the library named.
    epoch: u64,
}

impl OfficialApp {
    fn register(stage: &LiveStage, runtime: Handle) -> Self {
        let oracle = Oracle::start(OracleVersion::V103, &Oracle::directory()).unwrap();
        let name = |service: &str| Name { service: service.to_owned(), device: 1 };
        let (ours, theirs) = (name("consumer"), name("business"));
        let oracle = Rc::new(RefCell::new(oracle));
        let mut library = Official::new(&oracle, &ours, &theirs, 4711, true).unwrap();
        let (bundle, _) = library.publish_openly(true).unwrap();

        let uplink = &stage.stranger;
        let Pin::Key(relay_key) = &uplink.pin else { panic!("the relay's key is known") };
        let connecting = uplink.connector.connect(&uplink.identity, uplink.relay, Some(*relay_key));
        let relay = runtime.block_on(connecting).unwrap();
        let address = Address::primary(number(0));
        let mut app = Self { address, library, relay, runtime, submitted: 0, epoch: 0 };
        app.tell(ToRelay::Hello { delivered: wire::Position::default(), gateway: false });
        app.tell(ToRelay::Publish(Box::new(publish(address, &bundle))));
        while app.hears() != ToEndpoint::Published(address) {}
        app
    }

    fn opens_a_session(&mut self) {
        let business = Address::primary(BUSINESS.parse().unwrap());
        self.tell(ToRelay::FetchBundle(business));
        let bundle = loop {
            if let ToEndpoint::Bundle(answer) = self.hears() {
                assert_eq!(answer.address, business);
                break answer.bundle.expect("the business is registered");
            }
        };
        self.library.initiate(&fetched(bundle)).unwrap().unwrap();
    }

    fn says(&mut self, text: &str) {
        self.submitted += 1;
        let message_id = MessageId::from_random(&self.submitted.to_be_bytes().repeat(2));
        let content = Content::new(message_id, 1_700_000_000, Body::text(text));
        let plaintext = content.to_plaintext().unwrap().to_vec();
        let ciphertext = self.library.encrypt(&[plaintext]).unwrap().remove(0).unwrap();
        self.epoch = self.epoch.max(epoch(&ciphertext));
        let envelope = Envelope {
            id: EnvelopeId(u128::from(self.submitted).to_be_bytes()),
            from: self.address,
            to: Address::primary(BUSINESS.parse().unwrap()),
            kind: match ciphertext.kind {
                MessageKind::Ratchet => EnvelopeKind::Ratchet,
                MessageKind::Prekey => EnvelopeKind::Prekey,
            },
            ciphertext: ciphertext.bytes.into(),
            billing_class: BillingClass::Service,
        };
        self.tell(ToRelay::Submit { sequence: self.submitted, envelope });
    }

    /// The next text that arrives.
    fn reads(&mut self) -> String {
        loop {
            let ToEndpoint::Delivery { sequence, item, .. } = self.hears() else { continue };
            self.tell(ToRelay::Acknowledge { through: sequence, unread: Vec::new() });
            let envelope = match item {
                InboxItem::Envelope(envelope) => envelope,
                InboxItem::Receipt(receipt) => {
                    assert_eq!(receipt.outcome, Outcome::Delivered);
                    continue;
                }
            };
            let kind = match envelope.kind {
                EnvelopeKind::Ratchet => MessageKind::Ratchet,
                EnvelopeKind::Prekey => MessageKind::Prekey,
                other => panic!("{other:?}"),
            };
            let message = Ciphertext { kind, bytes: envelope.ciphertext.to_vec() };
            let plaintext = self.library.decrypt(&[message]).unwrap().remove(0).unwrap();
            match Content::from_plaintext(&plaintext).unwrap().body {
                Body::Text(text) => return text.body,
                Body::Read(_) => {}
                other => panic!("nobody sent a message of kind {}", other.kind()),
            }
        }
    }

    fn tell(&self, frame: ToRelay) {
        self.runtime.block_on(self.relay.sender.send(frame)).unwrap();
    }

    fn hears(&mut self) -> ToEndpoint {
        let next = tokio::time::timeout(Duration::from_secs(30), self.relay.receiver.recv());
        self.runtime.block_on(next).expect("the relay says something").unwrap().expect("the link stays up")
    }
}

fn publish(address: Address, bundle: &Bundle) -> Publish {
    let signed = |key: &interop::SignedKey| SignedKey {
        id: key.id,
        key: key.key.clone().into(),
        signature: key.signature.clone().into(),
    };
    let one_time = bundle.one_time.iter();
    Publish {
        address,
        registration_id: bundle.registration_id,
        identity_key: bundle.identity.clone().into(),
        signed_prekey: signed(&bundle.signed),
        last_resort_kem_prekey: signed(bundle.kyber.as_ref().unwrap()),
        one_time_prekeys: one_time
            .map(|key| OneTimeKey { id: key.id, key: key.key.clone().into() })
            .collect(),
        one_time_kem_prekeys: Vec::new(),
        replaces: false,
        name: 0,
    }
}

fn fetched(bundle: wire::PrekeyBundle) -> Bundle {
    let signed = |key: SignedKey| interop::SignedKey {
        id: key.id,
        key: key.key.to_vec(),
        signature: key.signature.to_vec(),
    };
    Bundle {
        registration_id: bundle.registration_id,
        device: 1,
        identity: bundle.identity_key.to_vec(),
        signed: signed(bundle.signed_prekey),
        one_time: bundle.one_time_prekey.map(|key| CurveKey { id: key.id, key: key.key.to_vec() }),
        kyber: Some(signed(bundle.kem_prekey)),
    }
}

/// The epoch that a message's post-quantum part names, which is in the clear: its second byte, as long as
/// that is below 128.
fn epoch(message: &Ciphertext) -> u64 {
    let inner = &message.bytes[inner_message(message).unwrap()];
    let field = fields(MessageKind::Ratchet, inner).into_iter().find(|field| field.number == 5).unwrap();
    inner[field.value][1].into()
}
