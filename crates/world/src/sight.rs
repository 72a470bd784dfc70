//! What a party could see, as it was when it saw it: frames, requests and their answers, webhooks, screens, and lines
//! of a log, for an audit.

use crate::record::Who;
use bytes::Bytes;
use cloud::{ApiRequest, ApiResponse, WebhookPost};
use kernel::Time;

/// Something that came before a party's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Time,
    /// Who saw it.
    pub party: Who,
    /// Who was at the other end.
    pub peer: Who,
    /// The name of what happened, as [`What`](crate::What) has it, or `notice`.
    pub what: &'static str,
    /// What it was.
    pub sight: Sight,
}

/// What can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// A frame with its length before it, outside of the transport's encryption.
    Frame(Bytes),
    /// A request of a business.
    Request(ApiRequest),
    /// A node's answer.
    Response(ApiResponse),
    /// A webhook.
    Webhook(WebhookPost),
    /// The HTTP status with which a webhook is answered.
    Status(u16),
    /// A text on a screen.
    Text(String),
    /// What a server tells its operator: a line of its log.
    Notice(String),
}
