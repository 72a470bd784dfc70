//! Messages one after the other, while processes die.

use super::LiveError;
use super::business::{Desk, until};
use super::cast::MANY;
use super::stage::Stage;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Messages one after the other, for as long as crashes are wanted.
pub(super) struct Sending {
    stop: Arc<AtomicBool>,
    /// The names of messages, by number.
    names: Arc<Mutex<Vec<(usize, String)>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Sending {
    pub(super) fn start(stage: &Stage, desk: Desk) -> Result<Self, LiveError> {
        let (business, consumer) = MANY;
        let missing = LiveError::Late("a conversation");
        let (Some(business), Some(consumer), Some(node)) =
            (stage.cast.businesses.get(business), stage.cast.consumers.get(consumer), stage.nodes.first())
        else {
            return Err(missing);
        };
        let path = format!("/v23.0/{}/messages", business.phone_number_id);
        let (token, many, to) = (business.token.clone(), stage.cast.many.clone(), consumer.number);
        let (stop, names) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopped, named, api): (_, _, SocketAddr) = (Arc::clone(&stop), Arc::clone(&names), node.api);
        let thread = std::thread::spawn(move || {
            for number in 0..99_999 {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let body = serde_json::json!({
                    "messaging_product": "whatsapp", "to": to.to_string(), "type": "text",
                    "text": { "body": format!("{many}-{number:05}") },
                });
                // While the node is dead nobody answers; whether the message was taken is not known then.
                match desk
                    .call(api, "POST", &path, &token, Some(&body))
                    .ok()
                    .and_then(|answer| answer.message())
                {
                    Some(name) => {
                        named.lock().unwrap_or_else(PoisonError::into_inner).push((number, name));
                    }
                    None => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        });
        Ok(Self { stop, names, thread: Some(thread) })
    }

    /// The numbers of messages that the business heard were delivered: the node deleted what they say before it
    /// told.
    pub(super) fn delivered(&self, desk: &Desk) -> BTreeSet<usize> {
        let heard = desk.heard();
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let delivered = |name: &String| heard.statuses.contains(&(name.clone(), "delivered".to_owned()));
        names.iter().filter(|(_, name)| delivered(name)).map(|(number, _)| *number).collect()
    }

    /// No more messages; waits until all have been seen.
    pub(super) fn finish(&self, desk: &Desk) -> Result<(), LiveError> {
        self.stop.store(true, Ordering::SeqCst);
        until("all messages to be read", || {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.iter().all(|(_, name)| desk.knows(name, "read"))
        })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
