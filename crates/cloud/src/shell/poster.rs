//! HTTP out: webhooks and the handshakes before them, with a limit of time and of what is read of an answer.

use crate::node::Input;
use crate::shell::tls::Trust;
use crate::webhooks::{Challenge, ChallengeOutcome, HttpFailure, WebhookOutcome, WebhookPost};
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use metrics::counter;
use std::error::Error;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a receiver may take, from the connection to the end of its answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next webhook.
const IDLE: Duration = Duration::from_secs(30);

/// How much of an answer is read. More than that ends the connection, not the webhook.
const ANSWER_LIMIT: usize = 16 * 1024;

const AGENT: &str = "facebookexternalua";

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Posts what one node says. Dropped with it, and then stops at once.
pub(crate) struct Poster {
    client: HttpClient,
    answers: mpsc::Sender<Input>,
    /// The node bounds how many of each app there are.
    posting: JoinSet<()>,
}

impl Poster {
    pub(crate) fn new(answers: mpsc::Sender<Input>, trust: &Trust) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TIMEOUT));
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust.config())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, answers, posting: JoinSet::new() }
    }

    pub(crate) fn post(&mut self, post: WebhookPost) {
        let (client, answers, delivery) = (self.client.clone(), self.answers.clone(), post.delivery);
        self.spawn(async move {
            let outcome = match webhook(post) {
                Some(request) => match exchange(&client, request).await {
                    Ok((status, _)) => WebhookOutcome::Answered(status),
                    Err(failure) => WebhookOutcome::Failed(failure),
                },
                None => WebhookOutcome::Failed(HttpFailure::BadUrl),
            };
            counter!("blindpost_node_webhooks_total", "outcome" => outcome_name(outcome)).increment(1);
            let _ = answers.send(Input::WebhookAnswered { delivery, outcome }).await;
        });
    }

    pub(crate) fn challenge(&mut self, Challenge { challenge, url }: Challenge) {
        let (client, answers) = (self.client.clone(), self.answers.clone());
        self.spawn(async move {
            let request = target(&url)
                .and_then(|uri| Request::get(uri).header(USER_AGENT, AGENT).body(Full::default()).ok());
            let outcome = match request {
                Some(request) => match exchange(&client, request).await {
                    Ok((status, body)) => ChallengeOutcome::Answered { status, body },
                    Err(failure) => ChallengeOutcome::Failed(failure),
                },
                None => ChallengeOutcome::Failed(HttpFailure::BadUrl),
            };
            let _ = answers.send(Input::ChallengeAnswered { challenge, outcome }).await;
        });
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.posting.try_join_next().is_some() {}
        self.posting.spawn(task);
    }
}

/// A word of the code, as labels must be.
fn outcome_name(outcome: WebhookOutcome) -> &'static str {
    match outcome {
        WebhookOutcome::Answered(200) => "acknowledged",
        WebhookOutcome::Answered(_) => "refused",
        WebhookOutcome::Failed(HttpFailure::TimedOut) => "timed_out",
        WebhookOutcome::Failed(HttpFailure::Unreachable) => "unreachable",
        WebhookOutcome::Failed(HttpFailure::Untrusted) => "untrusted",
        WebhookOutcome::Failed(HttpFailure::BadUrl) => "bad_url",
    }
}

fn webhook(post: WebhookPost) -> Option<Request<Full<Bytes>>> {
    Request::post(target(&post.url)?)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header("x-hub-signature-256", post.signature_256)
        .header("x-hub-signature", post.signature)
        .body(Full::new(post.body))
        .ok()
}

/// Where to, with or without TLS.
fn target(url: &str) -> Option<Uri> {
    url.parse::<Uri>().ok().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
}

/// Why there is no answer: of all that a library says only whether it was TLS.
fn failure(error: &(dyn Error + 'static)) -> HttpFailure {
    if is_tls(error) { HttpFailure::Untrusted } else { HttpFailure::Unreachable }
}

/// True if it, or what it came from, is an error of TLS. An error of I/O is not the source of what it holds, but its outside.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let held = held.map(|held| held as &(dyn Error + 'static));
    error.is::<rustls::Error>() || held.or_else(|| error.source()).is_some_and(is_tls)
}

async fn exchange(client: &HttpClient, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), HttpFailure> {
    let exchange = async {
        let response: Response<Incoming> = client.request(request).await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        // The status says all; a body that breaks off, or is too long, does not matter to a webhook.
        Ok((status, body.map(http_body_util::Collected::to_bytes).unwrap_or_default()))
    };
    tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or(Err(HttpFailure::TimedOut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::subscriptions::is_callback;
    use proptest::prelude::*;

    proptest! {
        /// One check for flag, file and API: what it lets pass, this poster does not read in another way.
        #[test]
        fn what_is_a_callback_can_be_posted_to(
            url in "https?://[a-z\\[\\]:@.0-9]{0,9}(:[0-9]{1,5})?([/?][ -~]{0,12})?",
        ) {
            prop_assert!(!is_callback(&url) || target(&url).is_some());
            if is_callback(&url) {
                // A port that it could not read it would take for none.
                let uri: Uri = url.parse().unwrap();
                let (_, port) = uri.authority().unwrap().as_str().rsplit_once(':').unwrap_or_default();
                prop_assert_eq!(uri.port_u16(), port.parse().ok().filter(|_| !port.ends_with(']')));
            }
        }
    }
}
