//! The businesses' servers of a demonstration: they call the API, so many at a time, until all messages are posted.

use super::stack::Api;
use super::tracker::Tracker;
use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::JoinSet;

/// Sends all messages, `concurrency` at a time.
pub(crate) async fn send_all(api: Api, tracker: Arc<Tracker>, concurrency: u32) {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let next = Arc::new(AtomicU32::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let (client, api, tracker, next) =
            (client.clone(), api.clone(), Arc::clone(&tracker), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let message = next.fetch_add(1, Ordering::Relaxed);
                if message >= tracker.messages {
                    return;
                }
                tracker.posted(message, live::now());
                let wamid = post(&client, &api, &tracker, message).await;
                tracker.accepted(message, wamid, live::now());
            }
        });
    }
    workers.join_all().await;
}

/// One API call; the `wamid` if it was accepted.
async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    api: &Api,
    tracker: &Tracker,
    message: u32,
) -> Option<String> {
    let business = api.business_of(message)?;
    let body = serde_json::json!({
        "messaging_product": "whatsapp",
        "to": api.number_of(message)?.digits(),
        "type": "text",
        "text": { "body": tracker.text(message) },
    });
    let request =
        hyper::Request::post(format!("{}/v23.0/{}/messages", api.base_url, business.phone_number_id))
            .header("authorization", format!("Bearer {}", business.token))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))
            .ok()?;
    let response = client.request(request).await.ok()?;
    if response.status() != 200 {
        return None;
    }
    let answer = response.into_body().collect().await.ok()?.to_bytes();
    let answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
    answer.pointer("/messages/0/id")?.as_str().map(str::to_owned)
}
