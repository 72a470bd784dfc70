//! What the end-to-end tests share.

#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod http;
pub(crate) mod live;
pub(crate) mod party;
