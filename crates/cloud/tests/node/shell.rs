//! The live shell over real sockets.

use crate::support::{PHONE, SECRET, Stack, TOKEN, VERIFY};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const TEXT: &str = r#"{"messaging_product":"whatsapp","to":"491512345678","text":{"body":"hi"}}"#;

fn messages() -> String {
    format!("/v23.0/{PHONE}/messages")
}

#[tokio::test]
async fn a_webhook_arrives_with_its_signature() {
    let mut stack = Stack::start().await;
    let (status, _, body) = stack.subscribe(&stack.receiver, VERIFY).await;
    assert_eq!((status, body.as_str()), (200, r#"{"success":true}"#));
    let (status, head, body) = stack.post(&messages(), TOKEN, TEXT).await;
    assert_eq!(status, 200, "{body}");
    assert!(head.contains("content-type: application/json; charset=utf-8"), "{head}");
    assert!(head.contains("facebook-api-version: v23.0") && head.contains("x-fb-request-id: "), "{head}");

    // Nobody is registered at the relay: the message fails.
    let posted = timeout(Duration::from_secs(20), stack.posts.recv()).await.unwrap();
    let (headers, payload) = posted.unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&payload);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(headers["x-hub-signature-256"], signature.as_str());
    assert!(headers["x-hub-signature"].to_str().unwrap().starts_with("sha1="));
    assert_eq!(headers["content-type"], "application/json");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let status = &payload["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(status["id"], answer["messages"][0]["id"]);
    assert_eq!(
        (status["status"].as_str(), status["errors"][0]["code"].as_u64()),
        (Some("failed"), Some(131_026))
    );
    stack.stop().await;
}

#[tokio::test]
async fn a_callback_that_refuses_is_not_saved() {
    let stack = Stack::start().await;
    let receiver = stack.receiver.clone();
    for (url, token, why) in [
        (receiver.as_str(), "wrong", "HTTP Status Code = 403"),
        ("https://127.0.0.1:9/hook", VERIFY, "no connection"),
        ("http://127.0.0.1:9/hook", VERIFY, "no connection"),
    ] {
        let (status, _, body) = stack.subscribe(url, token).await;
        assert_eq!(status, 400);
        assert!(body.contains("(#2200)") && body.contains(why), "{body}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn bodies_come_in_all_forms() {
    let stack = Stack::start().await;
    let (path, length) = (messages(), TEXT.len());
    let head = |more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nConnection: close\r\n{more}\r\n"
        )
    };
    let (status, _, body) = stack.post(&path, TOKEN, "{\"to\":").await;
    assert_eq!(status, 400);
    assert!(body.contains("not valid JSON"), "{body}");

    let (first, rest) = TEXT.split_at(20);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n", first.len(), rest.len());
    let (status, _, body) = stack.http(head("Transfer-Encoding: chunked\r\n") + &chunks).await;
    assert_eq!(status, 200, "{body}");

    // A body over the limit is refused before it is read, and while it is read.
    let (status, _, body) = stack.http(head("Content-Length: 2000000\r\n")).await;
    assert_eq!(status, 413);
    assert!(serde_json::from_str::<Value>(&body).unwrap()["error"]["fbtrace_id"].is_string());
    let mut connection = TcpStream::connect(stack.api).await.unwrap();
    connection.write_all(head("Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..20 {
        // The node may have answered and closed already.
        if connection.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");

    // Whoever waits for a sign gets it.
    let mut connection = TcpStream::connect(stack.api).await.unwrap();
    let expecting = head(&format!("Expect: 100-continue\r\nContent-Length: {length}\r\n"));
    connection.write_all(expecting.as_bytes()).await.unwrap();
    let mut sign = [0; 25];
    connection.read_exact(&mut sign).await.unwrap();
    assert_eq!(&sign, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(TEXT.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stack.stop().await;
}

#[tokio::test]
async fn no_promise_is_made_while_the_store_fails() {
    let mut stack = Stack::start().await;
    assert_eq!(stack.post(&messages(), TOKEN, TEXT).await.0, 200);
    std::mem::replace(&mut stack.store, store::Store::in_memory()).close();
    for _ in 0..3 {
        let (status, _, body) = stack.post(&messages(), TOKEN, TEXT).await;
        let error: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, error["error"]["code"].as_u64()), (503, Some(2)), "{body}");
        assert_eq!(error["error"]["is_transient"], true);
    }
    stack.stop().await;
}
