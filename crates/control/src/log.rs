//! What an app shows: the last messages of a person's, both ways, and how far each has come.

use consumer::Sent;
use content::{Content, MessageId};
use graph::Wamid;
use kernel::Time;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use wire::Number;

/// So many messages are kept; of more the oldest are gone.
const MOST: usize = 10_000;

/// The messages of one person.
pub(crate) struct Log {
    /// Whose.
    person: Number,
    entries: VecDeque<Entry>,
}

/// One message.
pub(crate) struct Entry {
    pub(crate) direction: Direction,
    /// Who is at the other end.
    pub(crate) peer: Number,
    pub(crate) content: Content,
    status: &'static str,
    at: Time,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the person.
    In,
    /// From the person.
    Out,
}

impl Log {
    pub(crate) fn new(person: Number) -> Self {
        Self { person, entries: VecDeque::new() }
    }

    /// A message arrived, or is about to be sent.
    pub(crate) fn add(&mut self, direction: Direction, peer: Number, content: Content, at: Time) {
        // What was shown before the app was started again is shown again.
        if self.find(direction, &content.message_id).is_some() {
            return;
        }
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        let status = if direction == Direction::In { "delivered" } else { "pending" };
        self.entries.push_back(Entry { direction, peer, content, status, at });
    }

    /// What the person sent came further.
    pub(crate) fn progress(&mut self, id: &MessageId, sent: Sent) {
        let status = match sent {
            Sent::Pending => "pending",
            Sent::Accepted => "sent",
            Sent::Delivered => "delivered",
            Sent::Read => "read",
            Sent::Failed(_) => "failed",
        };
        if let Some(entry) = self.find(Direction::Out, id) {
            entry.status = status;
        }
    }

    /// The person has read these, or all; `Err` has the first that is not there.
    pub(crate) fn read<'a>(&mut self, ids: Option<&'a [MessageId]>) -> Result<(), &'a MessageId> {
        let missing = ids.unwrap_or_default().iter().find(|id| self.find(Direction::In, id).is_none());
        if let Some(missing) = missing {
            return Err(missing);
        }
        let is_meant = |entry: &Entry| ids.is_none_or(|ids| ids.contains(&entry.content.message_id));
        for entry in self.entries.iter_mut().filter(|entry| entry.direction == Direction::In) {
            if is_meant(entry) {
                entry.status = "read";
            }
        }
        Ok(())
    }

    /// A message was not sent after all.
    pub(crate) fn forget(&mut self, id: &MessageId) {
        self.entries.retain(|entry| entry.direction == Direction::In || entry.content.message_id != *id);
    }

    /// Messages after the one with this wamid, or from the first on, in the order in which they came; `None` if the log has
    /// no such message.
    pub(crate) fn after(&self, wamid: Option<&str>, limit: usize) -> Option<Vec<Value>> {
        let from = match wamid {
            None => 0,
            Some(wamid) => self.entries.iter().position(|entry| self.wamid(entry) == wamid)? + 1,
        };
        Some(self.entries.iter().skip(from).take(limit).map(|entry| self.shape(entry)).collect())
    }

    /// The name of a message of the conversation, whoever sent it.
    fn name(&self, id: &MessageId) -> String {
        let is_own = self
            .entries
            .iter()
            .any(|entry| entry.direction == Direction::Out && entry.content.message_id == *id);
        wamid(self.person, if is_own { Direction::Out } else { Direction::In }, id)
    }

    fn wamid(&self, entry: &Entry) -> String {
        wamid(self.person, entry.direction, &entry.content.message_id)
    }

    fn shape(&self, entry: &Entry) -> Value {
        let Content { context, body, .. } = &entry.content;
        let (kind, said) = crate::shown::shape(body, |id| self.name(id));
        let mut shape = Map::new();
        let mut set = |name: &str, value: Value| drop(shape.insert(name.to_owned(), value));
        set("id", self.wamid(entry).into());
        set("direction", if entry.direction == Direction::In { "in" } else { "out" }.into());
        set("peer", entry.peer.digits().into());
        set("type", kind.into());
        set(kind, said);
        if let Some(quoted) = &context.quoted {
            set("context", json!({ "id": self.name(quoted) }));
        }
        set("status", entry.status.into());
        set("at", crate::when::rfc3339(entry.at).into());
        Value::Object(shape)
    }

    fn find(&mut self, direction: Direction, id: &MessageId) -> Option<&mut Entry> {
        let is_it = |entry: &&mut Entry| entry.direction == direction && entry.content.message_id == *id;
        self.entries.iter_mut().rev().find(is_it)
    }
}

/// The name that a business knows a message by.
pub(crate) fn wamid(person: Number, direction: Direction, id: &MessageId) -> String {
    match direction {
        Direction::In => Wamid::sent(person, id.as_str()).to_string(),
        Direction::Out => Wamid::received(person, id.as_str()).to_string(),
    }
}
