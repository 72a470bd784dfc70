//! A business's own server: it calls the API, and takes webhooks. Every byte of both is kept.

use super::LiveError;
use super::child::{Gathered, PATIENCE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The longest webhook, head included.
const LONGEST: usize = 4 << 20;

/// What one business's server saw and did.
#[derive(Clone, Default)]
pub(super) struct Desk {
    /// Requests and answers, webhooks and answers.
    pub(super) http: Gathered,
    manners: Arc<Mutex<Manners>>,
    heard: Arc<Mutex<Heard>>,
}

/// How webhooks are answered.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Manners {
    /// At once with 200.
    #[default]
    Acknowledge,
    /// Not before that changes.
    Hold,
    /// At once with 503: they come again later.
    Refuse,
}

/// What webhooks said.
#[derive(Clone, Default)]
pub(super) struct Heard {
    /// Names of messages with what became of them.
    pub(super) statuses: BTreeSet<(String, String)>,
    /// Texts that consumers said, with the names of their messages.
    pub(super) texts: BTreeSet<(String, String)>,
    /// Names of headers: of webhooks, and of answers to calls.
    pub(super) webhook_headers: BTreeSet<String>,
    pub(super) answer_headers: BTreeSet<String>,
    /// How many calls were answered with each status.
    pub(super) answers: BTreeMap<u16, u64>,
    /// How many webhooks were acknowledged.
    pub(super) acknowledged: u64,
}

/// An answer of the API.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) text: String,
}

impl Desk {
    /// Takes webhooks for as long as the runtime runs.
    pub(super) async fn open(&self) -> Result<SocketAddr, LiveError> {
        let listener =
            TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(LiveError::Socket)?;
        let address = listener.local_addr().map_err(LiveError::Socket)?;
        let desk = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(desk.clone().take(stream));
            }
        });
        Ok(address)
    }

    /// From now on webhooks are answered so.
    pub(super) fn behave(&self, manners: Manners) {
        *self.manners.lock().unwrap_or_else(PoisonError::into_inner) = manners;
    }

    fn manners(&self) -> Manners {
        *self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn heard(&self) -> Heard {
        self.lock().clone()
    }

    /// True if a message came as far as `status`.
    pub(super) fn knows(&self, message: &str, status: &str) -> bool {
        self.lock().statuses.contains(&(message.to_owned(), status.to_owned()))
    }

    /// True if a consumer's text arrived.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.lock().texts.iter().any(|(_, heard)| heard == text)
    }

    /// One request on a connection of its own. Gives the answer.
    pub(super) fn call(
        &self,
        api: SocketAddr,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Answer, LiveError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut answer = Vec::new();
        let mut exchange = || {
            let mut stream = TcpStream::connect_timeout(&api, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut answer)
        };
        let outcome = exchange();
        self.http.add(request.as_bytes());
        self.http.add(&answer);
        outcome.map_err(LiveError::Http)?;
        let end = head_end(&answer).ok_or(LiveError::Garbled)?;
        let (head, rest) = answer.split_at(end);
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut heard = self.lock();
        heard.answer_headers.extend(header_names(&head));
        *heard.answers.entry(status).or_default() += 1;
        drop(heard);
        let text = String::from_utf8_lossy(rest).into_owned();
        Ok(Answer { status, body: serde_json::from_slice(rest).unwrap_or_default(), text })
    }

    async fn take(self, mut stream: tokio::net::TcpStream) {
        let mut request = Vec::new();
        while whole(&request).is_none() && request.len() < LONGEST {
            match tokio::time::timeout(PATIENCE, stream.read_buf(&mut request)).await {
                Ok(Ok(1..)) => {}
                _ => break,
            }
        }
        self.http.add(&request);
        let Some((head, body)) = whole(&request) else { return };
        self.listen(&head, body);
        while self.manners() == Manners::Hold {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let acknowledged = self.manners() == Manners::Acknowledge;
        let status = if acknowledged { "200 OK" } else { "503 Service Unavailable" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        self.http.add(answer.as_bytes());
        self.lock().acknowledged += u64::from(acknowledged);
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    fn listen(&self, head: &str, body: &[u8]) {
        let webhook: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let all = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let entries = all(&webhook, "entry");
        let changes: Vec<_> = entries.iter().flat_map(|entry| all(entry, "changes")).collect();
        let list =
            |name: &str| changes.iter().flat_map(|change| all(&change["value"], name)).collect::<Vec<_>>();
        let mut heard = self.lock();
        heard.webhook_headers.extend(header_names(head));
        for status in list("statuses") {
            heard.statuses.extend(text(&status, "/id").zip(text(&status, "/status")));
        }
        for message in list("messages") {
            heard.texts.extend(text(&message, "/id").zip(text(&message, "/text/body")));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// The name that the node gave a message.
    pub(super) fn message(&self) -> Option<String> {
        self.body.pointer("/messages/0/id").and_then(Value::as_str).map(str::to_owned)
    }
}

/// Waits until `done` says so, or nobody can be expected to wait any longer.
pub(super) fn until(what: &'static str, mut done: impl FnMut() -> bool) -> Result<(), LiveError> {
    let deadline = live::now() + PATIENCE;
    while !done() {
        if live::now() > deadline {
            return Err(LiveError::Late(what));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Head and body of a request, once all of it is there.
fn whole(request: &[u8]) -> Option<(String, &[u8])> {
    let (head, body) = request.split_at(head_end(request)?);
    let head = String::from_utf8_lossy(head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    (body.len() >= length.unwrap_or(0)).then_some((head, body))
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn header_names(head: &str) -> impl Iterator<Item = String> + '_ {
    head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
}
