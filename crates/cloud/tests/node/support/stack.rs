//! A node in its shell: real HTTP, real QUIC to a relay where nobody is registered, and a receiver.

use super::relay::Relay;
use super::{APP, SECRET, surfaces, two_tenants};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cloud::{Doors, NodeConfig};
use kernel::{Rng, Seed};
use link::{Connection, Connector, Limits, LinkIdentity, Listener, Pin, Uplink, UplinkTransfers};
use std::net::SocketAddr;
use std::sync::Arc;
use store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// What the receiver wants to hear.
pub(crate) const VERIFY: &str = "meaty ham&hock";

pub(crate) struct Stack {
    pub(crate) api: SocketAddr,
    pub(crate) receiver: String,
    pub(crate) posts: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    pub(crate) store: Store,
    media: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    node: JoinHandle<Result<(), cloud::ServeError>>,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::start_with(two_tenants(), Doors::from).await
    }

    /// A node of this kind, that meets businesses there.
    pub(crate) async fn start_with(config: NodeConfig, doors: impl FnOnce(TcpListener) -> Doors) -> Self {
        let mut rng = Rng::for_entity(&Seed::from_number(3), "stack");
        let relay = relay(LinkIdentity::generate(&mut rng));
        let uplink = Uplink {
            connector: Arc::new(Connector::new(Limits::default())),
            identity: LinkIdentity::generate(&mut rng),
            relay: relay.0,
            pin: Pin::Key(relay.1),
            switch: link::Switch::default(),
            transfers: UplinkTransfers::default(),
        };
        let (receiver, posts) = receive().await;
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api, store) = (http.local_addr().unwrap(), Store::in_memory());
        let (stop, stopped) = oneshot::channel();
        let partition = store.partition("node");
        let dir = tempfile::tempdir().unwrap();
        let media = store::Shelf::open(&dir.path().join("media")).unwrap();
        let restored = cloud::Restored::new(config, partition).unwrap();
        let node = tokio::spawn(cloud::serve(restored, doors(http), media, uplink, rng, |_| {}, async {
            let _ = stopped.await;
        }));
        Self { api, receiver, posts, store, media: dir, stop, node }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.node.await.unwrap().unwrap();
        assert!(TcpStream::connect(self.api).await.is_err());
    }

    /// The files of media, drafts included.
    pub(crate) fn media_files(&self) -> Vec<std::path::PathBuf> {
        let dir = std::fs::read_dir(self.media.path().join("media")).unwrap();
        dir.map(|entry| entry.unwrap().path()).collect()
    }

    /// Sends `bytes` and reads until the node closes: status, head, body.
    pub(crate) async fn http(&self, bytes: impl AsRef<[u8]>) -> (u16, String, String) {
        let mut connection = TcpStream::connect(self.api).await.unwrap();
        connection.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        surfaces::response(surfaces::head(head), body.as_bytes());
        (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
    }

    /// A POST of JSON with a bearer token.
    pub(crate) async fn post(&self, path: &str, token: &str, body: &str) -> (u16, String, String) {
        let length = body.len();
        self.http(format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// Asks for webhooks at `url`.
    pub(crate) async fn subscribe(&self, url: &str, verify_token: &str) -> (u16, String, String) {
        let body = serde_json::json!({
            "object": "whatsapp_business_account",
            "callback_url": url,
            "verify_token": verify_token,
        });
        self.post(&format!("/v23.0/{APP}/subscriptions"), &format!("{APP}|{SECRET}"), &body.to_string()).await
    }
}

fn relay(identity: LinkIdentity) -> (SocketAddr, wire::LinkKey) {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), &identity, Limits::default()).unwrap();
    let addr = listener.local_addr();
    tokio::spawn(async move {
        let mut relay = Relay::default();
        while let Some(Connection { sender, mut receiver, .. }) = listener.accept().await {
            while let Ok(Some(frame)) = receiver.recv().await {
                relay.handle(0, frame);
                while let Some((_, frame)) = relay.frames.pop_front() {
                    let _ = sender.send(frame).await;
                }
            }
        }
    });
    (addr, identity.public())
}

/// A business's server: it shakes hands if the token is right, and acknowledges everything.
async fn receive() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (posts, received) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().fallback(hook).with_state(posts);
    tokio::spawn(async { axum::serve(listener, router).await });
    (url, received)
}

async fn hook(State(posts): State<mpsc::UnboundedSender<(HeaderMap, Bytes)>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    if head.method == "GET" {
        let query = head.uri.query().unwrap_or_default();
        surfaces::challenge(headers, query);
        let value =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap_or_default();
        if value("hub.mode=") != "subscribe" || value("hub.verify_token=") != "meaty%20ham%26hock" {
            return StatusCode::FORBIDDEN.into_response();
        }
        return value("hub.challenge=").to_owned().into_response();
    }
    let body = to_bytes(body, 1 << 20).await.unwrap();
    surfaces::webhook(headers, head.uri.query().unwrap_or_default(), &body);
    let _ = posts.send((head.headers, body));
    StatusCode::OK.into_response()
}
