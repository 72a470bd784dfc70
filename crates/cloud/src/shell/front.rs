//! HTTP in: requests become inputs and wait for their answers, at most so many and so large at once.

use crate::api::{ApiRequest, ApiResponse, ReplyId, body_too_large, unavailable};
use crate::node::Input;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::{Listener, ListenerExt as _};
use graph::Method;
use http_body_util::LengthLimitError;
use kernel::Rng;
use live::Acceptor;
use metrics::counter;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// The longest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What every answer of the Graph API says.
const HEADERS: [(&str, &str); 5] = [
    ("content-type", "application/json; charset=UTF-8"),
    ("cache-control", "private, no-cache, no-store, must-revalidate"),
    ("pragma", "no-cache"),
    ("expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("access-control-allow-origin", "*"),
];

/// The HTTP face of a node. It outlives the node: while there is none, it answers 503.
pub(crate) struct Front {
    node: Mutex<Option<mpsc::Sender<Input>>>,
    waiting: Mutex<BTreeMap<ReplyId, oneshot::Sender<ApiResponse>>>,
    requests: AtomicU64,
    /// Request ids are made of it: in a row they would tell one tenant how busy the others are.
    salt: [u8; 32],
}

impl Front {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            node: Mutex::default(),
            waiting: Mutex::default(),
            requests: AtomicU64::new(1),
            salt: rng.bytes(),
        }
    }

    /// Takes connections until `stopped`.
    pub(crate) async fn listen(self: Arc<Self>, http: TcpListener, stopped: oneshot::Receiver<()>) {
        let http = Connections(Acceptor::new(http)).tap_io(|connection| {
            // Without it answers are late, and no less right.
            let _ = connection.set_nodelay(true);
        });
        self.serve_on(http, stopped).await;
    }

    /// Answers what comes by `listener` until `stopped`.
    pub(super) async fn serve_on<L>(self: Arc<Self>, listener: L, stopped: oneshot::Receiver<()>)
    where
        L: Listener,
        L::Addr: std::fmt::Debug,
    {
        let router = Router::new().fallback(answer).with_state(self);
        let stopped = async {
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the HTTP server ended");
        }
    }

    /// From now on there is a node.
    pub(crate) fn open(&self, node: mpsc::Sender<Input>) {
        *lock(&self.node) = Some(node);
    }

    /// There is no node any more, and nobody to take what was sent to it: all that wait get a 503.
    pub(crate) fn close(&self) {
        *lock(&self.node) = None;
        lock(&self.waiting).clear();
    }

    /// The node answers a request.
    pub(crate) fn respond(&self, reply: ReplyId, response: ApiResponse) {
        if let Some(waiting) = lock(&self.waiting).remove(&reply) {
            // Whoever asked may be gone.
            let _ = waiting.send(response);
        }
    }

    /// `None` if there is no node, or it ended before it answered.
    async fn ask(&self, reply: ReplyId, request: ApiRequest) -> Option<ApiResponse> {
        let node = lock(&self.node).clone()?;
        let (answer, answered) = oneshot::channel();
        // First this, then the input: whoever clears after the node's end finds it.
        lock(&self.waiting).insert(reply, answer);
        if node.send(Input::Api { reply, request }).await.is_err() {
            lock(&self.waiting).remove(&reply);
        }
        answered.await.ok()
    }

    fn trace(&self, reply: ReplyId) -> String {
        let digest = Sha256::new().chain_update(self.salt).chain_update(reply.0.to_be_bytes()).finalize();
        let mut trace = hex::encode(digest);
        trace.truncate(24);
        trace
    }
}

/// Those of the API's clients.
struct Connections(Acceptor);

impl Listener for Connections {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        self.0.accept().await
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let reply = ReplyId(front.requests.fetch_add(1, Ordering::Relaxed));
    let trace = front.trace(reply);
    let response = match read(request).await {
        Ok(request) => front.ask(reply, request).await.unwrap_or_else(|| unavailable(&trace)),
        Err(TooLarge) => body_too_large(BODY_LIMIT, &trace),
    };
    counter!("blindpost_node_api_requests_total", "status" => status_name(response.status)).increment(1);
    write(response, &trace)
}

/// A word of the code, as labels must be.
fn status_name(status: u16) -> &'static str {
    match status {
        200 => "200",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        413 => "413",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}

/// The body is over the limit.
struct TooLarge;

async fn read(request: Request) -> Result<ApiRequest, TooLarge> {
    let (head, body) = request.into_parts();
    let announced = header(&head.headers, CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if announced.is_some_and(|length: usize| length > BODY_LIMIT) {
        return Err(TooLarge);
    }
    let body = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            return Err(TooLarge);
        }
        // The client stopped; what it hears, if it hears anything, is what is missing.
        Ok(Err(_)) | Err(_) => bytes::Bytes::new(),
    };
    Ok(ApiRequest {
        method: match head.method.as_str() {
            "GET" | "HEAD" => Method::Get,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            _ => Method::Other,
        },
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        // One that is no text is there, and is not right.
        authorization: head
            .headers
            .contains_key(AUTHORIZATION)
            .then(|| header(&head.headers, AUTHORIZATION).unwrap_or_default()),
        content_type: header(&head.headers, CONTENT_TYPE),
        body,
    })
}

fn write(response: ApiResponse, trace: &str) -> Response {
    let mut http = Response::new(Body::from(response.body));
    *http.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = http.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let own = [("x-fb-request-id", trace.to_owned()), ("x-fb-trace-id", trace.to_owned())];
    for (name, value) in response.headers.into_iter().chain(own) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    http
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
