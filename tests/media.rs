//! Media from end to end: what a business uploads is on the consumer's device, what a person sends can be downloaded by the
//! business, both byte for byte; the relay has ciphertext; no bytes are left where they were deleted; and a large document needs
//! no more memory than a small one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "common/http.rs"]
mod http;

use cloud::{
    AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Portfolio, Restored, Tenant,
};
use consumer::{Command, ConsumerConfig, Habits, Output, Reading, Reply};
use content::{Blob, Body, kinds};
use http::{Webhook, post, take_webhooks};
use kernel::{Rng, Seed};
use link::{Connector, Limits, LinkIdentity, Listener, Pin, Uplink, UplinkTransfers};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use store::{Shelf, Store};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wire::Address;

const TOKEN: &str = "EAA-test";
const APP_SECRET: &str = "test-app-secret";
const PHONE: &str = "106540352242922";
const BUSINESS: &str = "15550783881";
const ALICE: &str = "16505551234";
const WAIT: Duration = Duration::from_secs(60);

/// Relay, node and one consumer in this process, with their files in one directory.
struct Stage {
    dir: tempfile::TempDir,
    runtime: Runtime,
    api: SocketAddr,
    webhooks: Receiver<Webhook>,
    commands: mpsc::Sender<Command>,
    shown: Receiver<consumer::Shown>,
    device: UplinkTransfers,
    rng: Rng,
}

impl Stage {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let _inside = runtime.enter();
        let rng = |name: &str| Rng::for_entity(&Seed::from_number(5), name);
        let store = |name: &str| Store::open(&dir.path().join(name), store::Options::default()).unwrap();
        let shelf = |name: &str| Shelf::open(&dir.path().join(name)).unwrap();
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let sink = TcpListener::bind(loopback).unwrap();
        let hook = format!("http://{}/hook", sink.local_addr().unwrap());
        let (sender, webhooks) = channel();
        take_webhooks(sink, sender);

        let relay_identity = LinkIdentity::generate(&mut rng("relay link"));
        let listener = Listener::bind(loopback, &relay_identity, Limits::default()).unwrap();
        let (relay, pin) = (listener.local_addr(), Pin::Key(relay_identity.public()));
        let connector = Arc::new(Connector::new(Limits::default()));
        let uplink = |name: &str| Uplink {
            connector: Arc::clone(&connector),
            identity: LinkIdentity::generate(&mut rng(name)),
            relay,
            pin: pin.clone(),
            switch: link::Switch::default(),
            transfers: UplinkTransfers::default(),
        };
        let forever = std::future::pending::<()>;
        let (rows, blobs) = (store("relay").partition("relay"), shelf("blobs"));
        runtime.spawn(relay::serve(
            relay::RelayConfig::default(),
            rows,
            blobs,
            listener,
            rng("relay"),
            forever(),
        ));

        let http = runtime.block_on(tokio::net::TcpListener::bind(loopback)).unwrap();
        let api = http.local_addr().unwrap();
        let restored = Restored::new(config(&hook, api), store("node").partition("node")).unwrap();
        runtime.spawn(cloud::serve(
            restored,
            http,
            shelf("media"),
            uplink("node link"),
            rng("node"),
            |_| {},
            forever(),
        ));

        let (commands, waiting) = mpsc::channel(16);
        let (screen, shown) = channel();
        let (registered, registrations) = channel();
        let alice = uplink("alice link");
        let device = alice.transfers.clone();
        let config = ConsumerConfig {
            address: Address::primary(ALICE.parse().unwrap()),
            habits: Habits { reply: Reply::None, reading: Reading::AtOnce, read_receipts: true, name: None },
            policy: endpoint::Policy::default(),
        };
        let on_screen = move |output| {
            match output {
                Output::Show(message) => screen.send(message).unwrap(),
                Output::Notice(consumer::Notice::Registered) => registered.send(()).unwrap(),
                _ => {}
            }
            Ok(())
        };
        let rows = store("alice").partition("alice");
        runtime.spawn(consumer::serve(config, rows, alice, waiting, rng("alice"), on_screen, forever()));
        registrations.recv_timeout(WAIT).expect("the consumer registers");
        drop(_inside);
        let rng = rng("test");
        Self { dir, runtime, api, webhooks, commands, shown, device, rng }
    }

    fn files(&self, of: &str) -> Vec<PathBuf> {
        let dir = fs::read_dir(self.dir.path().join(of)).unwrap();
        dir.map(|entry| entry.unwrap().path()).collect()
    }

    /// A file, of `length` bytes that repeat nothing, uploaded without being in memory.
    fn upload(&self, mime_type: &str, length: u64) -> (String, [u8; 32]) {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: {mime_type}\r\n\r\n"
        );
        let end = "\r\n--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b--\r\n";
        let total = head.len() as u64 + length + end.len() as u64;
        let mut stream = TcpStream::connect(self.api).unwrap();
        write!(
            stream,
            "POST /v23.0/{PHONE}/media HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {total}\r\n\r\n{head}"
        )
        .unwrap();
        let mut digest = Sha256::new();
        pieces(length, |piece| {
            digest.update(piece);
            stream.write_all(piece).unwrap();
        });
        stream.write_all(end.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        let body: Value = serde_json::from_str(body).unwrap();
        (body["id"].as_str().unwrap().to_owned(), digest.finalize().into())
    }

    fn send(&self, kind: &str, media: Value) {
        let body = json!({ "messaging_product": "whatsapp", "to": ALICE, "type": kind, kind: media });
        let path = format!("/v23.0/{PHONE}/messages");
        let (status, answer) = post(self.api, &path, TOKEN, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    /// What comes onto the screen next: media, and their blob.
    fn next_media(&self) -> (kinds::Media, Blob) {
        let shown = self.shown.recv_timeout(WAIT).expect("media arrive");
        let Body::Media(media) = shown.content.body else { panic!("something else arrives") };
        let blob = Blob::try_from(media.blob.as_ref().unwrap()).unwrap();
        (*media, blob)
    }

    /// The digest of what the device fetches.
    fn fetch(&self, blob: &Blob) -> [u8; 32] {
        let mut digest = Sha256::new();
        let take = |bytes: &[u8]| {
            digest.update(bytes);
            Ok(())
        };
        self.runtime.block_on(consumer::media::fetch(&self.device, blob, take)).unwrap();
        digest.finalize().into()
    }

    /// A request without a body: status, head, and a digest of the answer's.
    fn get(&self, method: &str, path: &str, more: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.api).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {TOKEN}\r\n{more}\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        (head[9..12].parse().unwrap(), head, answer[end + 4..].to_vec())
    }

    /// The next message that the business hears of.
    fn next_message(&self) -> Value {
        loop {
            let webhook = self.webhooks.recv_timeout(WAIT).expect("a webhook").verified(APP_SECRET);
            if let Some(message) = webhook.pointer("/entry/0/changes/0/value/messages/0") {
                return message.clone();
            }
        }
    }
}

/// The same bytes each time, in pieces.
fn pieces(length: u64, mut take: impl FnMut(&[u8])) {
    let mut left = length;
    let mut block = 0u64;
    while left > 0 {
        let mut piece = Vec::with_capacity(65_536);
        while piece.len() < 65_536 {
            piece.extend_from_slice(&Sha256::digest(block.to_be_bytes()));
            block += 1;
        }
        piece.truncate(usize::try_from(left).map_or(65_536, |left| left.min(65_536)));
        take(&piece);
        left -= piece.len() as u64;
    }
}

fn whole(length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    pieces(length, |piece| bytes.extend_from_slice(piece));
    bytes
}

fn has(files: &[PathBuf], needle: &[u8]) -> bool {
    files.iter().any(|file| fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
}

/// All files below a directory.
fn below(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, into) } else { into.push(path) }
    }
}

fn config(hook: &str, api: SocketAddr) -> NodeConfig {
    let tenant = Tenant {
        portfolio: Portfolio { id: 600_000_000_000_001.into(), name: "Test".into() },
        app: App {
            id: "700000000000001".parse().unwrap(),
            name: "Test".into(),
            secret: APP_SECRET.into(),
            callback: Some(Callback { url: hook.into(), verify_token: "verify".into() }),
            webhook_version: 23,
            requires_proof: false,
        },
        accounts: vec![BusinessAccount {
            id: "102290129340398".parse().unwrap(),
            name: "Test".into(),
            subscribed: true,
            numbers: vec![BusinessNumber {
                id: PHONE.parse().unwrap(),
                number: BUSINESS.parse().unwrap(),
                display_name: "Test".into(),
                identity_key_check: false,
            }],
        }],
        tokens: vec![AccessToken::of_system_user(TOKEN.into())],
    };
    let mut config = NodeConfig::new(vec![tenant]).unwrap();
    config.endpoint.gateway = true;
    config.base_url = format!("http://{api}").into();
    config
}

#[test]
fn what_a_business_uploads_is_on_the_device_and_the_relay_has_ciphertext() {
    let stage = Stage::start();
    let (id, sha256) = stage.upload("image/png", 1_000_000);
    stage.send("image", json!({ "id": id, "caption": "look at this" }));
    let (media, blob) = stage.next_media();
    assert!(media.caption == "look at this" && media.kind() == kinds::MediaKind::Image);
    assert_eq!((blob.size, blob.sha256), (1_000_000, sha256));
    assert_eq!(stage.fetch(&blob), sha256);

    let (needle, mut all) = (&whole(1_000)[500..532], Vec::new());
    below(stage.dir.path(), &mut all);
    assert!(all.len() > 4 && !has(&all, needle), "bytes of media are in a file");
    let at_relay = stage.files("blobs");
    assert_eq!(at_relay.len(), 1);
    assert_eq!(fs::metadata(&at_relay[0]).unwrap().len(), blob.padded_length());
    // Deleted by who knows its name, it is gone; the node's own file is gone with its row.
    stage.runtime.block_on(consumer::media::forget(&stage.device, &blob)).unwrap();
    assert!(stage.files("blobs").is_empty());
    assert_eq!(stage.get("DELETE", &format!("/v23.0/{id}"), "").0, 200);
    assert!(stage.files("media").is_empty());
}

#[test]
fn what_a_person_sends_can_be_downloaded_whole_and_in_parts_and_deleted() {
    let mut stage = Stage::start();
    let file = stage.dir.path().join("photo");
    let bytes = whole(300_000);
    fs::write(&file, &bytes).unwrap();
    let put = consumer::media::put_file(&stage.device, &file, &mut stage.rng);
    let blob = stage.runtime.block_on(put).unwrap();
    let media = kinds::Media {
        kind: kinds::MediaKind::Image.into(),
        mime_type: "image/jpeg".into(),
        caption: "hi".into(),
        blob: Some((&blob).into()),
        ..kinds::Media::default()
    };
    let send = Command::send(BUSINESS.parse().unwrap(), Body::Media(Box::new(media)));
    stage.commands.blocking_send(send).unwrap();

    let message = stage.next_message();
    assert_eq!((message["type"].as_str(), message["image"]["caption"].as_str()), (Some("image"), Some("hi")));
    let id = message["image"]["id"].as_str().unwrap();
    let (status, _, described) = stage.get("GET", &format!("/v23.0/{id}"), "");
    let described: Value = serde_json::from_slice(&described).unwrap();
    assert_eq!((status, described["sha256"].as_str().unwrap()), (200, &*hex::encode(Sha256::digest(&bytes))));
    for url in [&described["url"], &message["image"]["url"]] {
        let url = url.as_str().unwrap().strip_prefix(&format!("http://{}", stage.api)).unwrap();
        let (status, head, got) = stage.get("GET", url, "");
        assert!(status == 200 && head.contains("image/jpeg") && got == bytes, "{head}");
        let (status, _, got) = stage.get("GET", url, "range: bytes=131070-131080\r\n");
        assert!(status == 206 && got == bytes[131_070..=131_080]);
    }
    assert!(stage.files("media").is_empty(), "nothing of it is at rest at the node");
    assert_eq!(stage.files("blobs").len(), 1);
    assert_eq!(stage.get("DELETE", &format!("/v23.0/{id}"), "").0, 200);
    while !stage.files("blobs").is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(stage.get("GET", &format!("/v23.0/{id}"), "").0, 400);
}

/// All three of them in one process, and the client too: what each of relay and node may need is 8 MiB.
#[test]
fn a_hundred_megabytes_need_no_more_memory_than_a_few() {
    let stage = Stage::start();
    // What is needed once, for buffers, threads and sessions, is there after the first.
    let way = |length: u64| {
        let (id, sha256) = stage.upload("application/pdf", length);
        stage.send("document", json!({ "id": id, "filename": "a.pdf" }));
        let (_, blob) = stage.next_media();
        assert!(stage.fetch(&blob) == sha256 && blob.size == length);
    };
    way(1 << 20);
    let before = peak();
    way(100 << 20);
    let more = peak() - before;
    assert!(more < 16 * 1024, "{more} KiB more than one of 1 MiB");
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}
