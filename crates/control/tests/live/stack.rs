//! A relay, a node, a business's server and the control interface in one process, over real sockets.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use cloud::{AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Portfolio, Tenant};
use control::{Control, Home, HomeError, Homes, Stack};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kernel::{Rng, Seed};
use link::{Connector, Limits, LinkIdentity, Listener, Pin, Switch, Uplink};
use relay::RelayConfig;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use wire::Number;

pub(crate) const SHOP: &str = "15550783881";
pub(crate) const PHONE: &str = "106540352242922";
pub(crate) const ALICE: &str = "16505551234";
const TOKEN: &str = "EAAtoken";

/// Everything that runs.
pub(crate) struct Live {
    pub(crate) control: String,
    pub(crate) api: String,
    pub(crate) webhooks: mpsc::UnboundedReceiver<Value>,
    /// What of them was not looked for yet.
    heard: Vec<Value>,
    stop: watch::Sender<bool>,
    parties: JoinHandle<()>,
}

/// Homes in memory; a number's link identity stays.
#[derive(Default)]
pub(crate) struct Memory {
    identities: Mutex<BTreeMap<Number, LinkIdentity>>,
    notes: Mutex<BTreeMap<Number, String>>,
    opened: AtomicU64,
}

impl Homes for Memory {
    fn numbers(&self) -> Result<Vec<Number>, HomeError> {
        Ok(self.notes.lock().unwrap().keys().copied().collect())
    }

    fn open(&self, number: Number) -> Result<Home, HomeError> {
        let opened = self.opened.fetch_add(1, Ordering::Relaxed);
        let mut rng = Rng::for_entity(&Seed::from_number(opened), &number.digits());
        let mut identities = self.identities.lock().unwrap();
        let identity = identities.entry(number).or_insert_with(|| LinkIdentity::generate(&mut rng));
        Ok(Home { identity: identity.clone(), store: Store::in_memory(), rng })
    }

    fn clear(&self, number: Number) -> Result<(), HomeError> {
        self.notes.lock().unwrap().remove(&number);
        Ok(())
    }

    fn read(&self, number: Number) -> Result<Option<String>, HomeError> {
        Ok(self.notes.lock().unwrap().get(&number).cloned())
    }

    fn write(&self, number: Number, note: &str) -> Result<(), HomeError> {
        self.notes.lock().unwrap().insert(number, note.to_owned());
        Ok(())
    }
}

impl Live {
    pub(crate) async fn start() -> Self {
        let (posts, webhooks) = mpsc::unbounded_channel();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", server.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(posts);
        tokio::spawn(async { axum::serve(server, router).await });

        let homes = Arc::new(Memory::default());
        let (control, resets) = Control::new(Arc::clone(&homes) as Arc<dyn Homes>);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let control_url = format!("http://{}/control/v1", listener.local_addr().unwrap());
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = http.local_addr().unwrap();
        let stop = watch::Sender::new(false);
        let mut stopped = stop.subscribe();
        tokio::spawn(control.clone().serve(listener, async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        }));
        let (up, mut is_up) = watch::channel(false);
        let parties = tokio::spawn(live(control, resets, http, url, stop.subscribe(), up));
        is_up.wait_for(|up| *up).await.unwrap();
        let api = format!("http://{api}/v23.0");
        Self { control: control_url, api, webhooks, heard: Vec::new(), stop, parties }
    }

    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.parties.await.unwrap();
    }

    /// A call of the control interface: status and answer.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        request(method, &format!("{}{path}", self.control), None, body).await
    }

    /// One that does what it is for.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.call(method, path, &body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// A person with the app.
    pub(crate) async fn person(&self, number: &str, with: Value) -> Value {
        let mut body = json!({ "number": number });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        self.ok("POST", "/consumers", body).await
    }

    /// A call of the business's server: status and answer.
    pub(crate) async fn graph(&self, path: &str, body: Value) -> (u16, Value) {
        request("POST", &format!("{}/{path}", self.api), Some(TOKEN), &body.to_string()).await
    }

    pub(crate) async fn graph_get(&self, path: &str) -> Value {
        request("GET", &format!("{}/{path}", self.api), Some(TOKEN), "").await.1
    }

    /// The business writes; the wamid.
    pub(crate) async fn write(&self, to: &str, text: &str) -> String {
        let body = json!({ "messaging_product": "whatsapp", "to": to, "text": { "body": text } });
        let (status, answer) = self.graph(&format!("{PHONE}/messages"), body).await;
        assert_eq!(status, 200, "{answer}");
        answer["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// What the app of `number` shows, once that is so many messages.
    pub(crate) async fn shown(&self, number: &str, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            let messages = self.ok("GET", &format!("/consumers/{number}/messages"), Value::Null).await;
            let messages = messages["data"].as_array().unwrap().clone();
            if messages.len() >= count {
                return messages;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the app of {number} does not show {count} messages");
    }

    /// The next webhook's value for which `wanted` says so.
    pub(crate) async fn hears(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&wanted) {
            return self.heard.remove(at);
        }
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.webhooks.recv()).await;
            let value = next.expect("the webhook comes").unwrap();
            if wanted(&value) {
                return value;
            }
            self.heard.push(value);
        }
    }

    /// The webhook that says that a message has come so far.
    pub(crate) async fn hears_status(&mut self, wamid: &str, status: &str) -> Value {
        let wanted =
            |value: &Value| value["statuses"][0]["id"] == wamid && value["statuses"][0]["status"] == status;
        self.hears(wanted).await["statuses"][0].clone()
    }
}

/// Any call: status and answer.
pub(crate) async fn request(method: &str, url: &str, token: Option<&str>, body: &str) -> (u16, Value) {
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn take(State(posts): State<mpsc::UnboundedSender<Value>>, request: Request<Body>) -> StatusCode {
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for change in all(&body["entry"]).iter().flat_map(|entry| all(&entry["changes"])) {
        let value = &change["value"];
        // Several may travel in one post: each is heard by itself.
        let messages = all(&value["messages"]).into_iter().map(|message| json!({ "messages": [message] }));
        let statuses = all(&value["statuses"]).into_iter().map(|status| json!({ "statuses": [status] }));
        messages.chain(statuses).for_each(|update| drop(posts.send(update)));
    }
    StatusCode::OK
}

fn tenant(url: String) -> Tenant {
    let app = App {
        id: "700000000000001".parse().unwrap(),
        name: "Shop".into(),
        secret: "secret".into(),
        callback: Some(Callback { url, verify_token: "verify".into() }),
        webhook_version: 23,
        requires_proof: false,
    };
    let number = BusinessNumber {
        id: PHONE.parse().unwrap(),
        number: SHOP.parse().unwrap(),
        display_name: "Shop".into(),
        identity_key_check: true,
    };
    let account = BusinessAccount {
        id: "102290129340398".parse().unwrap(),
        name: "Shop".into(),
        subscribed: true,
        numbers: vec![number],
    };
    let token = AccessToken::of_system_user(TOKEN.into());
    Tenant { portfolio: Portfolio::of(&app), app, accounts: vec![account], tokens: vec![token] }
}

/// The parties, until they are to stop; after a reset from the beginning.
async fn live(
    control: Control,
    mut resets: mpsc::Receiver<control::Reset>,
    http: TcpListener,
    url: String,
    stop: watch::Receiver<bool>,
    up: watch::Sender<bool>,
) {
    let mut rng = Rng::for_entity(&Seed::from_number(1), "stack");
    let (relay_identity, node_identity) =
        (LinkIdentity::generate(&mut rng), LinkIdentity::generate(&mut rng));
    let api = http.local_addr().unwrap();
    let (mut http, mut at, mut begun) =
        (Some(http), SocketAddr::from(([127, 0, 0, 1], 0)), None::<control::Reset>);
    loop {
        let listener = Listener::bind_again(at, &relay_identity, Limits::default()).await.unwrap();
        at = listener.local_addr();
        let (connector, people) =
            (Arc::new(Connector::new(Limits::default())), Arc::new(Connector::new(Limits::default())));
        let uplink = Uplink {
            connector: Arc::clone(&connector),
            identity: node_identity.clone(),
            relay: at,
            pin: Pin::Key(relay_identity.public()),
            switch: Switch::default(),
            transfers: link::UplinkTransfers::default(),
        };
        let mut config = NodeConfig::new(vec![tenant(url.clone())]).unwrap();
        config.endpoint.gateway = true;
        let store = Store::in_memory();
        let restored = cloud::Restored::new(config, store.partition("node")).unwrap();
        let restored = restored.with_controls(Some(control.controls()));
        let stack = Stack {
            facts: json!({ "base_url": format!("http://{api}") }),
            businesses: vec![SHOP.parse().unwrap()],
            policy: endpoint::Policy { one_time_prekeys: 4, ..endpoint::Policy::default() },
            connector: Arc::clone(&people),
            relay: at,
            relay_key: relay_identity.public(),
        };
        control.attach(stack).await.unwrap();
        if let Some(begun) = begun.take() {
            begun.done();
        }
        let listening = match http.take() {
            Some(http) => http,
            None => TcpListener::bind(api).await.unwrap(),
        };
        let over = watch::Sender::new(false);
        let until = |mut over: watch::Receiver<bool>| async move {
            let _ = over.wait_for(|over| *over).await;
        };
        let config = RelayConfig {
            gateways: [node_identity.public()].into(),
            metering_interval: Duration::from_millis(200),
            ..RelayConfig::default()
        };
        let rng = |name: &str| Rng::for_entity(&Seed::from_number(live::now().as_micros()), name);
        let files = tempfile::tempdir().unwrap();
        let shelf = |name: &str| store::Shelf::open(&files.path().join(name)).unwrap();
        let (rows, blobs) = (store.partition("relay"), shelf("blobs"));
        let transport = relay::serve(config, rows, blobs, listener, rng("relay"), until(over.subscribe()));
        let observing = control.clone();
        let observe = move |output: cloud::Output| observing.observe(&output);
        let cloud = cloud::serve(
            restored,
            listening,
            shelf("media"),
            uplink,
            rng("node"),
            observe,
            until(over.subscribe()),
        );
        up.send_replace(true);
        let stopper = async {
            let reset = tokio::select! {
                () = until(stop.clone()) => None,
                reset = resets.recv() => reset,
            };
            control.detach().await;
            over.send_replace(true);
            reset
        };
        let (reset, cloud, transport) = tokio::join!(stopper, cloud, transport);
        cloud.unwrap();
        transport.unwrap();
        connector.close().await;
        people.close().await;
        store.close();
        match reset {
            Some(reset) => begun = Some(reset),
            None => return,
        }
    }
}
