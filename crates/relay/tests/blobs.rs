//! Blobs: who may keep what at a relay and for how long, and that what it says it has is on its disk.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use kernel::{Machine as _, Rng, Seed, Time};
use link::{Connector, Limits, LinkIdentity, Listener, Transfer, TransferError};
use privacy::Principal;
use privacy::surfaces::Surfaces;
use relay::{Input, Output, Relay, RelayConfig, TransferEvent, Verdict};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Shadow, Shelf, Store};
use wire::{
    Address, BlobId, ConnectionId, LinkEvent, LinkKey, MAX_BLOB_BYTES, Position, Publish, Refusal, SignedKey,
    ToEndpoint, ToRelay, TransferAnswer, TransferId, TransferRequest,
};

const BLOB: BlobId = BlobId([7; 32]);

fn publish(number: &str) -> ToRelay {
    let key = |length: usize| SignedKey { id: 1, key: vec![5; length].into(), signature: vec![6; 64].into() };
    ToRelay::Publish(Box::new(Publish {
        address: Address::primary(number.parse().unwrap()),
        registration_id: 1,
        identity_key: vec![5; 33].into(),
        signed_prekey: key(33),
        last_resort_kem_prekey: key(1569),
        one_time_prekeys: Vec::new(),
        one_time_kem_prekeys: Vec::new(),
        replaces: false,
        name: 1,
    }))
}

struct Stage {
    relay: Relay,
    config: RelayConfig,
    disk: Shadow,
    rng: Rng,
    now: Time,
    transfers: u64,
}

impl Stage {
    fn new(config: RelayConfig) -> Self {
        let relay = Relay::restore(config.clone(), Vec::new()).unwrap();
        let rng = Rng::for_entity(&Seed::from_number(1), "relay");
        Self { relay, config, disk: Shadow::default(), rng, now: Time::from_secs(1000), transfers: 0 }
    }

    fn happens(&mut self, input: Input) -> Vec<Output> {
        let effects = self.relay.handle(self.now, input, &mut self.rng);
        self.disk.apply(effects.transaction).unwrap();
        effects.outputs
    }

    fn restart(&mut self) {
        let rows = self.disk.load(Relay::TABLES).unwrap();
        self.relay = Relay::restore(self.config.clone(), rows).unwrap();
    }

    /// An endpoint that has registered an address.
    fn device(&mut self, who: u8) -> ConnectionId {
        let connection = self.hello(who, false);
        let frame = publish(&format!("165055512{who:02}"));
        self.happens(Input::Link(LinkEvent::Frame { connection, frame }));
        connection
    }

    fn hello(&mut self, who: u8, gateway: bool) -> ConnectionId {
        let connection = ConnectionId(u64::from(who));
        self.happens(Input::Link(LinkEvent::Up { connection, peer: LinkKey([who; 32]) }));
        let frame = ToRelay::Hello { delivered: Position::default(), gateway };
        self.happens(Input::Link(LinkEvent::Frame { connection, frame }));
        connection
    }

    fn ask(&mut self, connection: ConnectionId, request: TransferRequest) -> (TransferId, Verdict) {
        self.transfers += 1;
        let transfer = TransferId(self.transfers);
        let event = TransferEvent::Asked { connection, request };
        let said = self.happens(Input::Transfer { transfer, event });
        (transfer, verdict(&said, transfer))
    }

    fn put(&mut self, connection: ConnectionId, blob: BlobId, length: u64) -> (TransferId, Verdict) {
        self.ask(connection, TransferRequest::Put { blob, length })
    }

    /// A blob whose bytes all came.
    fn has_put(&mut self, connection: ConnectionId, blob: BlobId, length: u64) {
        let (transfer, verdict) = self.put(connection, blob, length);
        assert_eq!(verdict, Verdict::Receive { blob, length });
        let said = self.happens(Input::Transfer { transfer, event: TransferEvent::Arrived { blob } });
        assert_eq!(said, [Output::Transfer { transfer, verdict: Verdict::Done }]);
    }

    fn get(&mut self, connection: ConnectionId, blob: BlobId) -> Verdict {
        self.ask(connection, TransferRequest::Get { blob, offset: 0 }).1
    }
}

fn verdict(said: &[Output], of: TransferId) -> Verdict {
    let found = said.iter().find_map(|said| match said {
        Output::Transfer { transfer, verdict } if *transfer == of => Some(*verdict),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_blob_is_there_for_whoever_knows_its_name_also_after_a_restart_and_until_it_is_deleted() {
    let mut stage = Stage::new(RelayConfig::default());
    let alice = stage.device(1);
    stage.has_put(alice, BLOB, 4112);
    stage.restart();
    let bob = stage.device(2);
    assert_eq!(stage.get(bob, BLOB), Verdict::Send { blob: BLOB, offset: 0, length: 4112 });
    assert_eq!(stage.get(bob, BlobId([8; 32])), Verdict::Refused(Refusal::NoBlob));
    stage.transfers += 1;
    let (transfer, event) = (
        TransferId(stage.transfers),
        TransferEvent::Asked { connection: bob, request: TransferRequest::Delete { blob: BLOB } },
    );
    let said = stage.happens(Input::Transfer { transfer, event });
    assert_eq!(said, [Output::DropBlob(BLOB), Output::Transfer { transfer, verdict: Verdict::Done }]);
    assert_eq!(stage.get(bob, BLOB), Verdict::Refused(Refusal::NoBlob));
    stage.restart();
    assert!(!stage.relay.keeps(BLOB));
    // A second time is as good as the first.
    let bob = stage.device(2);
    assert_eq!(stage.ask(bob, TransferRequest::Delete { blob: BLOB }).1, Verdict::Done);
}

#[test]
fn every_row_of_a_blob_is_listed() {
    let surfaces = Surfaces::of_this_project().unwrap();
    let mut stage = Stage::new(RelayConfig::default());
    let alice = stage.device(1);
    stage.has_put(alice, BLOB, 4112);
    let rows = stage.disk.load(Relay::TABLES).unwrap();
    let blobs: Vec<_> = rows.iter().filter(|row| row.table.name() == "blobs").collect();
    assert_eq!(blobs.len(), 1);
    let problems = surfaces.check_row(Principal::Transport, "blobs", &blobs[0].key, &blobs[0].value);
    assert!(problems.is_empty(), "{}", problems[0]);
}

#[test]
fn what_nobody_fetches_is_dropped_when_its_time_is_over() {
    let mut stage = Stage::new(RelayConfig::default());
    let alice = stage.device(1);
    stage.has_put(alice, BLOB, 4112);
    let due = stage.now + stage.config.blob_ttl;
    stage.restart();
    assert_eq!(stage.relay.wake_at(), Some(due));
    let effects = stage.relay.wake(due, &mut stage.rng);
    assert!(effects.outputs.contains(&Output::DropBlob(BLOB)));
    stage.disk.apply(effects.transaction).unwrap();
    stage.restart();
    assert!(!stage.relay.keeps(BLOB));
}

#[test]
fn a_blob_that_is_put_again_is_there_and_nobody_elses_takes_its_name() {
    let mut stage = Stage::new(RelayConfig::default());
    let (alice, mallory) = (stage.device(1), stage.device(2));
    stage.has_put(alice, BLOB, 4112);
    assert_eq!(stage.put(alice, BLOB, 4112).1, Verdict::Done);
    assert_eq!(stage.put(alice, BLOB, 4113).1, Verdict::Refused(Refusal::NameTaken));
    assert_eq!(stage.put(mallory, BLOB, 4112).1, Verdict::Refused(Refusal::NameTaken));
}

#[test]
fn what_a_stranger_can_make_the_relay_keep_is_bounded() {
    let config = RelayConfig {
        blob_bytes_per_endpoint: 10_000,
        blob_bytes_per_gateway: 30_000,
        blob_bytes: 30_000,
        max_transfers: 2,
        ..RelayConfig::default()
    };
    let mut stage = Stage::new(config);
    // Who has no address has no room.
    let nobody = stage.hello(9, false);
    assert_eq!(stage.put(nobody, BLOB, 1).1, Verdict::Refused(Refusal::NotAnEndpoint));
    assert_eq!(stage.put(ConnectionId(77), BLOB, 1).1, Verdict::Refused(Refusal::NotAnEndpoint));

    let name = |n: u8| BlobId([n; 32]);
    let alice = stage.device(1);
    assert_eq!(stage.put(alice, name(1), MAX_BLOB_BYTES + 1).1, Verdict::Refused(Refusal::BlobTooLarge));
    assert_eq!(stage.put(alice, name(1), 0).1, Verdict::Refused(Refusal::BlobTooLarge));
    let (coming, _) = stage.put(alice, name(1), 6_000);
    // What is on its way counts, and no longer when it was given up.
    assert_eq!(stage.put(alice, name(2), 6_000).1, Verdict::Refused(Refusal::NoRoom));
    assert_eq!(stage.put(alice, name(1), 100).1, Verdict::Refused(Refusal::NotNow));
    stage.happens(Input::Transfer { transfer: coming, event: TransferEvent::Ended });
    stage.has_put(alice, name(2), 6_000);
    assert_eq!(stage.put(alice, name(3), 6_000).1, Verdict::Refused(Refusal::NoRoom));
    stage.restart();
    let alice = stage.device(1);
    assert_eq!(stage.put(alice, name(3), 6_000).1, Verdict::Refused(Refusal::NoRoom));

    let node = stage.hello(50, true);
    assert_eq!(stage.put(node, name(4), 24_001).1, Verdict::Refused(Refusal::NoRoom), "the relay is full");
    assert!(matches!(stage.put(node, name(4), 20_000).1, Verdict::Receive { .. }));
    assert!(matches!(stage.put(node, name(5), 1).1, Verdict::Receive { .. }));
    assert_eq!(stage.put(node, name(6), 1).1, Verdict::Refused(Refusal::NotNow), "two at once");
    // A connection that is gone gives back what was to come over it.
    stage.happens(Input::Link(LinkEvent::Down { connection: node }));
    let node = stage.hello(50, true);
    assert!(matches!(stage.put(node, name(4), 20_000).1, Verdict::Receive { .. }));
}

#[test]
fn what_arrives_after_its_connection_went_is_dropped() {
    let mut stage = Stage::new(RelayConfig::default());
    let alice = stage.device(1);
    let (transfer, _) = stage.put(alice, BLOB, 4112);
    stage.happens(Input::Link(LinkEvent::Down { connection: alice }));
    let said = stage.happens(Input::Transfer { transfer, event: TransferEvent::Arrived { blob: BLOB } });
    assert_eq!(said[0], Output::DropBlob(BLOB));
    assert!(!stage.relay.keeps(BLOB));
}

/// A relay on a socket, with its files.
struct Served {
    listener_addr: std::net::SocketAddr,
    key: LinkKey,
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

fn identity(name: &str) -> LinkIdentity {
    LinkIdentity::generate(&mut Rng::for_entity(&Seed::from_number(3), name))
}

async fn served(store: &Store, dir: &Path) -> Served {
    let relay = identity("relay");
    let listener = loop {
        // The port may be the one before's for a moment.
        if let Ok(listener) = Listener::bind("127.0.0.1:0".parse().unwrap(), &relay, Limits::default()) {
            break listener;
        }
    };
    let listener_addr = listener.local_addr();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (partition, blobs) = (store.partition("relay"), Shelf::open(dir).unwrap());
    let rng = Rng::for_entity(&Seed::from_number(4), "relay");
    let task = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        relay::serve(RelayConfig::default(), partition, blobs, listener, rng, stopped).await.unwrap();
    });
    Served { listener_addr, key: relay.public(), stop, task }
}

type Endpoint = link::Connection<ToEndpoint, ToRelay>;

async fn device(connector: &Connector, served: &Served, who: &str, number: &str) -> Endpoint {
    let mut endpoint =
        connector.connect(&identity(who), served.listener_addr, Some(served.key)).await.unwrap();
    let hello = ToRelay::Hello { delivered: Position::default(), gateway: false };
    endpoint.sender.send(hello).await.unwrap();
    endpoint.sender.send(publish(number)).await.unwrap();
    loop {
        if let ToEndpoint::Published(_) = endpoint.receiver.recv().await.unwrap().unwrap() {
            return endpoint;
        }
    }
}

async fn put(endpoint: &Endpoint, blob: BlobId, bytes: &[u8]) -> Result<TransferAnswer, TransferError> {
    let length = bytes.len() as u64;
    let mut transfer = endpoint.transfers.open(TransferRequest::Put { blob, length }).await?;
    match transfer.answer().await? {
        TransferAnswer::GoOn { .. } => {}
        other => return Ok(other),
    }
    for piece in bytes.chunks(50_000) {
        transfer.write(piece).await?;
    }
    transfer.finish().await;
    transfer.answer().await
}

async fn get(endpoint: &Endpoint, blob: BlobId, offset: u64) -> Result<Vec<u8>, TransferAnswer> {
    let mut transfer = endpoint.transfers.open(TransferRequest::Get { blob, offset }).await.unwrap();
    match transfer.answer().await.unwrap() {
        TransferAnswer::GoOn { .. } => Ok(rest(&mut transfer).await),
        other => Err(other),
    }
}

async fn rest(transfer: &mut Transfer) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = transfer.read().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    bytes
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_sockets_bytes_come_back_and_what_is_cut_off_or_nobodys_leaves_no_file() {
    let (store, dir) = (Store::in_memory(), tempfile::tempdir().unwrap());
    let dir = dir.path().join("blobs");
    let relay = served(&store, &dir).await;
    let connector = Arc::new(Connector::new(Limits::default()));
    let alice = device(&connector, &relay, "alice", "16505551234").await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
    assert_eq!(put(&alice, BLOB, &bytes).await, Ok(TransferAnswer::Done));
    let bob = device(&connector, &relay, "bob", "16505551235").await;
    assert!(get(&bob, BLOB, 0).await.as_ref() == Ok(&bytes));
    assert!(get(&bob, BLOB, 2_999_000).await.unwrap() == bytes[2_999_000..]);

    // Half of one, and one that is longer than it was said to be.
    let request = TransferRequest::Put { blob: BlobId([8; 32]), length: 2_000_000 };
    let mut half = bob.transfers.open(request).await.unwrap();
    half.answer().await.unwrap();
    half.write(&bytes[..1_000_000]).await.unwrap();
    assert_eq!(files(&dir), 2);
    drop(half);
    let mut long = bob.transfers.open(request).await.unwrap();
    while long.answer().await == Ok(TransferAnswer::Refused(Refusal::NotNow)) {
        // The one before is still being given up.
        long = bob.transfers.open(request).await.unwrap();
    }
    for _ in 0..3 {
        let _ = long.write(&bytes[..1_000_000]).await;
    }
    long.finish().await;
    assert_eq!(long.answer().await, Err(TransferError::Gone));
    while files(&dir) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // What a killed relay has left is gone when it starts again, and what it had promised is there.
    relay.stop.send(()).unwrap();
    relay.task.await.unwrap();
    std::fs::write(dir.join(".77"), b"a draft").unwrap();
    std::fs::write(dir.join("ab".repeat(32)), b"nobody's").unwrap();
    let relay = served(&store, &dir).await;
    let bob = device(&connector, &relay, "bob", "16505551235").await;
    assert_eq!(files(&dir), 1);
    assert!(get(&bob, BLOB, 0).await.as_ref() == Ok(&bytes));
    let mut delete = bob.transfers.open(TransferRequest::Delete { blob: BLOB }).await.unwrap();
    assert_eq!(delete.answer().await, Ok(TransferAnswer::Done));
    assert_eq!(files(&dir), 0);
    assert_eq!(get(&bob, BLOB, 0).await, Err(TransferAnswer::Refused(Refusal::NoBlob)));
}
