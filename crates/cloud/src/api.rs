//! The Graph API, purely: what a request asks for, and what the answers look like.
//!
//! A request becomes a [`Request`](request::Request), is [routed](router::route) to a
//! [`Call`](router::Call) that its token allows and whose parameters are all right, and only then does
//! the node do anything.

pub(crate) mod auth;
pub(crate) mod errors;
pub(crate) mod messages;
pub(crate) mod objects;
pub(crate) mod params;
pub(crate) mod request;
pub(crate) mod router;
pub(crate) mod subscriptions;
