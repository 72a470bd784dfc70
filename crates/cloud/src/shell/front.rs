//! HTTP in: requests become inputs and wait for their answers, at most so many and so large at once.

use crate::api::{ApiRequest, ApiResponse, ReplyId, body_too_large, refuse, unavailable};
use crate::media::{Attached, Bytes, MediaFile};
use crate::node::Input;
use crate::shell::carrier::Carrier;
use crate::shell::downloads::download;
use crate::shell::uploads;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RANGE};
use axum::http::request::Parts;
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
    waiting: Mutex<BTreeMap<ReplyId, oneshot::Sender<Said>>>,
    carrier: Carrier,
    requests: AtomicU64,
    /// Request ids are made of it: in a row they would tell one tenant how busy the others are.
    salt: [u8; 32],
}

/// What the node says to a request.
pub(crate) enum Said {
    /// The answer.
    Answer(ApiResponse),
    /// The file may come, to here.
    Take(MediaFile),
    /// The answer is these bytes, of that type.
    Give(Bytes, String),
}

impl Front {
    pub(crate) fn new(rng: &mut Rng, carrier: Carrier) -> Self {
        Self {
            node: Mutex::default(),
            waiting: Mutex::default(),
            carrier,
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

    /// The node says something to a request.
    pub(crate) fn respond(&self, reply: ReplyId, said: Said) {
        if let Some(waiting) = lock(&self.waiting).remove(&reply) {
            // Whoever asked may be gone.
            let _ = waiting.send(said);
        }
    }

    /// `None` if there is no node, or it ended before it answered.
    async fn ask(&self, reply: ReplyId, request: ApiRequest) -> Option<Said> {
        let node = lock(&self.node).clone()?;
        let (answer, answered) = oneshot::channel();
        // First this, then the input: whoever clears after the node's end finds it.
        lock(&self.waiting).insert(reply, answer);
        if node.send(Input::Api { reply, request }).await.is_err() {
            lock(&self.waiting).remove(&reply);
        }
        answered.await.ok()
    }

    /// A file is announced; if the node takes it, it comes, and the node is asked with it.
    async fn upload(&self, reply: ReplyId, head: Parts, body: Body, trace: &str) -> Option<ApiResponse> {
        let announced = ApiRequest { attached: Attached::Announced, ..request(&head, bytes::Bytes::new()) };
        let file = match self.ask(reply, announced).await? {
            Said::Take(file) => file,
            Said::Answer(response) => return Some(response),
            Said::Give(..) => return None,
        };
        let content_type = header(&head.headers, CONTENT_TYPE).unwrap_or_default();
        let received = match uploads::receive(body, &content_type, &self.carrier.shelf, file).await {
            Ok(received) => received,
            Err(error) => return Some(refuse(error, trace)),
        };
        let name = received.stored.as_ref().map(|stored| stored.file.name);
        let attached = received.stored.map_or(Attached::Nothing, |stored| Attached::Stored(Box::new(stored)));
        let form = Some("application/x-www-form-urlencoded".to_owned());
        let whole = ApiRequest { attached, content_type: form, ..request(&head, received.form.into()) };
        match self.ask(reply, whole).await {
            Some(Said::Answer(response)) => Some(response),
            _ => {
                // It was never durable that the file is anybody's; or it was, and the next start knows.
                name.into_iter().for_each(|name| self.carrier.shelf.remove(&name.to_string()));
                None
            }
        }
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
    let (head, body) = request.into_parts();
    let range = header(&head.headers, RANGE);
    let response = if is_upload(&head) {
        front.upload(reply, head, body, &trace).await
    } else {
        match read(&head, body).await {
            Ok(body) => match front.ask(reply, self::request(&head, body)).await {
                Some(Said::Give(bytes, mime_type)) => {
                    let response = download(&front.carrier, bytes, &mime_type, range.as_deref());
                    count(response.status().as_u16());
                    return response;
                }
                Some(Said::Answer(response)) => Some(response),
                Some(Said::Take(_)) | None => None,
            },
            Err(TooLarge) => Some(body_too_large(BODY_LIMIT, &trace)),
        }
    };
    let response = response.unwrap_or_else(|| unavailable(&trace));
    count(response.status);
    write(response, &trace)
}

fn count(status: u16) {
    counter!("blindpost_node_api_requests_total", "status" => status_name(status)).increment(1);
}

/// True for what may have a file: such a body is taken apart as it comes.
fn is_upload(head: &Parts) -> bool {
    let is_multipart = header(&head.headers, CONTENT_TYPE)
        .is_some_and(|said| said.trim().to_ascii_lowercase().starts_with("multipart/form-data"));
    head.method == "POST" && is_multipart && head.uri.path().trim_end_matches('/').ends_with("/media")
}

/// A word of the code, as labels must be.
fn status_name(status: u16) -> &'static str {
    match status {
        200 => "200",
        206 => "206",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        413 => "413",
        416 => "416",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}

/// The body is over the limit.
struct TooLarge;

async fn read(head: &Parts, body: Body) -> Result<bytes::Bytes, TooLarge> {
    let announced = header(&head.headers, CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if announced.is_some_and(|length: usize| length > BODY_LIMIT) {
        return Err(TooLarge);
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            Err(TooLarge)
        }
        // The client stopped; what it hears, if it hears anything, is what is missing.
        Ok(Err(_)) | Err(_) => Ok(bytes::Bytes::new()),
    }
}

fn request(head: &Parts, body: bytes::Bytes) -> ApiRequest {
    ApiRequest {
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
        attached: Attached::Nothing,
    }
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
