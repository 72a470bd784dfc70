//! All that the node says in any of these tests is on the list of surfaces: every header, JSON path and row.

use cloud::{ApiResponse, WebhookPost};
use kernel::{Op, Transaction};
use privacy::Principal;
use privacy::surfaces::{Direction, HttpMessage, Problem, Surfaces};
use std::sync::LazyLock;

static SURFACES: LazyLock<Surfaces> = LazyLock::new(|| Surfaces::of_this_project().unwrap());

/// Headers and body of an answer, as the machine gives it or as it is on the wire.
pub(crate) fn response(headers: Vec<(String, String)>, body: &[u8]) {
    let (registered_query, query) = ("", "");
    http(HttpMessage { direction: Direction::Response, headers, registered_query, query, body });
}

pub(crate) fn machine_response(response: &ApiResponse) {
    let headers = response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    self::response(headers.collect(), &response.body);
}

/// The text before an HTTP body.
pub(crate) fn head(head: &str) -> Vec<(String, String)> {
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) fn webhook(headers: Vec<(String, String)>, query: &str, body: &[u8]) {
    http(HttpMessage { direction: Direction::Webhook, headers, registered_query: query, query, body });
}

pub(crate) fn machine_webhook(post: &WebhookPost) {
    let headers = vec![
        ("x-hub-signature-256".to_owned(), post.signature_256.clone()),
        ("x-hub-signature".to_owned(), post.signature.clone()),
    ];
    webhook(headers, post.url.split_once('?').map_or("", |(_, query)| query), &post.body);
}

/// `query` is that of a challenge; what the node adds to the receiver's own begins with `hub.mode`.
pub(crate) fn challenge(headers: Vec<(String, String)>, query: &str) {
    let (own, _) = query.split_once("hub.mode").unwrap();
    let registered_query = own.trim_end_matches('&');
    http(HttpMessage { direction: Direction::Challenge, headers, registered_query, query, body: b"" });
}

pub(crate) fn rows(transaction: &Transaction) {
    for op in transaction.ops() {
        if let Op::Swap { table, key, value, .. } | Op::Append { table, key, value, .. } = op {
            check(SURFACES.check_row(Principal::Cloud, table.name(), key, value));
        }
    }
}

fn http(message: HttpMessage<'_>) {
    check(SURFACES.check_http(&message));
}

fn check(problems: Vec<Problem>) {
    let problems: Vec<_> = problems.iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
