//! Requests of businesses' servers, and their answers, without a socket.
//!
//! `Debug` of everything here shows no token, body, URL or id.

use crate::media::Attached;
use bytes::Bytes;
use graph::{Method, Raw};
use std::fmt;

/// Which waiting request an answer is for; the shell counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyId(pub u64);

/// A request of a business's server.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// What to do.
    pub method: Method,
    /// Path and query as they came.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body, without transfer coding.
    pub body: Bytes,
    /// The file of an upload, which is not in the body.
    pub attached: Attached,
}

/// The answer to an [`ApiRequest`]: JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Bytes,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
}

impl ApiRequest {
    /// A GET.
    pub fn get(path: impl Into<String>, token: &str) -> Self {
        Self::bare(Method::Get, path.into(), token)
    }

    /// A DELETE.
    pub fn delete(path: impl Into<String>, token: &str) -> Self {
        Self::bare(Method::Delete, path.into(), token)
    }

    /// A POST of JSON.
    pub fn post(path: impl Into<String>, token: &str, body: impl Into<Bytes>) -> Self {
        Self {
            content_type: Some("application/json".into()),
            body: body.into(),
            ..Self::bare(Method::Post, path.into(), token)
        }
    }

    pub(crate) fn as_raw(&self) -> Raw<'_> {
        Raw {
            method: self.method,
            target: &self.path,
            authorization: self.authorization.as_deref(),
            content_type: self.content_type.as_deref(),
            body: &self.body,
        }
    }

    fn bare(method: Method, path: String, token: &str) -> Self {
        let authorization = Some(format!("Bearer {token}"));
        Self {
            method,
            path,
            authorization,
            content_type: None,
            body: Bytes::new(),
            attached: Attached::Nothing,
        }
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiRequest({:?})", self.method)
    }
}

impl fmt::Debug for ApiResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiResponse({})", self.status)
    }
}
