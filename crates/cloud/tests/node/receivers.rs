//! Receivers of webhooks that misbehave in every way: each costs a retry, and nothing else.

use crate::support::{PHONE, Stack, TOKEN, VERIFY, two_tenants};
use cloud::{Doors, RetrySchedule};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const TEXT: &str = r#"{"messaging_product":"whatsapp","to":"491512345678","text":{"body":"hi"}}"#;

/// What a receiver answers; one after the other.
const ANSWERS: [&str; 8] = [
    "",
    "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
    "what is HTTP?\r\n\r\n",
    "HTTP/1.1 200 OK\r\nendless: ",
    // The status says all, whatever comes behind it.
    "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n",
];

/// Whether more follows than anybody would read.
fn is_endless(answer: &str) -> bool {
    answer.contains("endless") || answer.contains("1000000000000")
}

/// First line and body of what comes.
async fn read(stream: &mut TcpStream) -> (String, String) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await.unwrap_or_default();
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length == 0 || body.len() >= wanted.map_or(0, |wanted| wanted.parse().unwrap()) {
                return (head.lines().next().unwrap().to_owned(), body.to_owned());
            }
        } else if length == 0 {
            return (String::new(), String::new());
        }
    }
}

async fn misbehave(listener: TcpListener, heard: mpsc::UnboundedSender<(String, String)>) {
    let mut answers = ANSWERS.into_iter();
    while let Ok((mut stream, _)) = listener.accept().await {
        let (line, body) = read(&mut stream).await;
        if let Some((_, query)) = line.split_once("hub.challenge=") {
            let (echo, _) = query.split_once('&').unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n{echo}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            continue;
        }
        let answer = answers.next().unwrap_or("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let _ = heard.send((line, body));
        tokio::spawn(async move {
            let _ = stream.write_all(answer.as_bytes()).await;
            // Until the node has had enough.
            while is_endless(answer) && stream.write_all(&[b'x'; 65536]).await.is_ok() {}
        });
    }
}

#[tokio::test]
async fn whatever_a_receiver_does_the_update_comes_again_until_it_is_acknowledged() {
    let mut config = two_tenants();
    let day = Duration::from_secs(24 * 3600);
    config.webhooks.retry = RetrySchedule::new(vec![Duration::from_millis(50)], day);
    let stack = Stack::start_with(config, Doors::from).await;
    // By IPv6 where there is any.
    let listener = match TcpListener::bind("[::1]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await.unwrap(),
    };
    let url = format!("http://{}/hook/;a=1?b=%20c", listener.local_addr().unwrap());
    let (heard, mut hears) = mpsc::unbounded_channel();
    let receiver = tokio::spawn(misbehave(listener, heard));
    let (status, _, body) = stack.subscribe(&url, VERIFY).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(stack.post(&format!("/v23.0/{PHONE}/messages"), TOKEN, TEXT).await.0, 200);
    let mut posted = Vec::new();
    while posted.len() < ANSWERS.len() {
        posted.push(timeout(Duration::from_secs(30), hears.recv()).await.unwrap().unwrap());
    }
    assert!(posted.iter().all(|post| *post == posted[0]), "{posted:?}");
    assert_eq!(posted[0].0, "POST /hook/;a=1?b=%20c HTTP/1.1");
    assert!(posted[0].1.contains("\"failed\""), "{posted:?}");
    assert!(timeout(Duration::from_secs(1), hears.recv()).await.is_err(), "it was acknowledged");
    receiver.abort();
    stack.stop().await;
}
