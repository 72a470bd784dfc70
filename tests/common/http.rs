//! A business's server in as few lines as will do: one request at a time over plain sockets.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// Posts JSON; status and body of the answer.
pub(crate) fn post(to: SocketAddr, path: &str, token: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {to}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, body.to_owned()))
}

/// A webhook as it came: the signature header and the body.
pub(crate) struct Webhook {
    signature: String,
    body: Vec<u8>,
}

impl Webhook {
    /// What it says, if its signature is that of the app with this secret.
    pub(crate) fn verified(&self, app_secret: &str) -> serde_json::Value {
        let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).unwrap();
        mac.update(&self.body);
        let signature = hex::decode(self.signature.strip_prefix("sha256=").unwrap()).unwrap();
        mac.verify_slice(&signature).expect("the signature is over these bytes");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The elements of the lists of this name, of all its changes: under load updates travel together.
    pub(crate) fn elements(&self, app_secret: &str, name: &str) -> Vec<serde_json::Value> {
        let all = |value: &serde_json::Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let entries = all(&self.verified(app_secret), "entry");
        let changes = entries.iter().flat_map(|entry| all(entry, "changes"));
        changes.flat_map(|change| all(&change["value"], name)).collect()
    }
}

/// Answers every webhook with 200 and hands it on, for as long as somebody listens.
pub(crate) fn take_webhooks(listener: TcpListener, webhooks: Sender<Webhook>) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let webhooks = webhooks.clone();
            std::thread::spawn(move || while_open(stream, &webhooks));
        }
    });
}

fn while_open(stream: TcpStream, webhooks: &Sender<Webhook>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut input = BufReader::new(stream);
    loop {
        let (mut signature, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if input.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("x-hub-signature-256") => {
                    signature = value.into()
                }
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().ok()?
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).ok()?;
        webhooks.send(Webhook { signature, body }).ok()?;
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}
