//! A request, taken apart: version, path, parameters, token.

use crate::api::errors::GraphError;
use crate::api::params::{Params, decode, pairs};
use crate::exchange::{ApiRequest, Method};
use std::fmt;
use zeroize::Zeroizing;

/// A request whose path has the form of one; nothing is known yet of its rights or parameters.
pub(crate) struct Request {
    pub(crate) version: GraphVersion,
    pub(crate) method: Method,
    /// The path after the version.
    pub(crate) segments: Vec<String>,
    pub(crate) token: Token,
    /// Judged only after the token.
    pub(crate) params: Result<Params, GraphError>,
}

/// What a request says of who sent it.
pub(crate) enum Token {
    None,
    /// An `Authorization` header of another scheme.
    Unreadable,
    Bearer(Zeroizing<String>),
}

/// The version at the start of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GraphVersion {
    major: u16,
    minor: u16,
}

impl GraphVersion {
    /// Of paths that name none.
    pub(crate) const DEFAULT: Self = Self { major: 23, minor: 0 };

    /// Reads `v23.0` or `v23`.
    fn parse(segment: &str) -> Option<Self> {
        let (major, minor) = match segment.strip_prefix('v')?.split_once('.') {
            Some((major, minor)) => (major, minor),
            None => (segment.strip_prefix('v')?, "0"),
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

impl Request {
    pub(crate) fn parse(request: &ApiRequest) -> Self {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let mut segments: Vec<_> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| decode(segment, false))
            .collect();
        let version = segments.first().and_then(|first| GraphVersion::parse(first));
        if version.is_some() {
            segments.remove(0);
        }
        let params = Params::parse(query, request.content_type.as_deref(), &request.body);
        Self {
            version: version.unwrap_or(GraphVersion::DEFAULT),
            method: request.method,
            segments,
            token: Token::of(request.authorization.as_deref(), query, params.as_ref().ok()),
            params,
        }
    }

    /// The path after the version and the first `known` segments, for an error.
    pub(crate) fn rest(&self, known: usize) -> String {
        self.segments.get(known..).unwrap_or_default().join("/")
    }
}

impl Token {
    /// The header, or `access_token` in the query or the body.
    fn of(authorization: Option<&str>, query: &str, params: Option<&Params>) -> Self {
        if let Some(header) = authorization {
            let (scheme, token) = header.trim().split_once(' ').unwrap_or((header, ""));
            let token = token.trim();
            return match scheme.to_ascii_lowercase().as_str() {
                "bearer" | "oauth" if !token.is_empty() => Self::Bearer(Zeroizing::new(token.to_owned())),
                _ => Self::Unreadable,
            };
        }
        let in_query = pairs(query).find(|(name, _)| name == "access_token").map(|(_, token)| token);
        let in_body = || params?.get("access_token")?.as_str().map(str::to_owned);
        match in_query.or_else(in_body) {
            Some(token) if !token.is_empty() => Self::Bearer(Zeroizing::new(token)),
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_optional() {
        for (path, version, segments) in [
            ("/v23.0/1/messages", "v23.0", vec!["1", "messages"]),
            ("/v17/1", "v17.0", vec!["1"]),
            ("//1//messages/?a=b", "v23.0", vec!["1", "messages"]),
            ("/vx/1", "v23.0", vec!["vx", "1"]),
            ("/v1.2.3/%31%2F", "v23.0", vec!["v1.2.3", "1/"]),
            ("", "v23.0", vec![]),
        ] {
            let request = Request::parse(&ApiRequest::get(path, "t"));
            assert_eq!(
                (request.version.to_string(), request.segments),
                (version.to_owned(), segments.into_iter().map(str::to_owned).collect())
            );
        }
    }

    proptest! {
        #[test]
        fn no_request_panics(
            path in ".{0,60}",
            authorization in prop::option::of(".{0,40}"),
            content_type in prop::option::of("application/(json|x-www-form-urlencoded)|.{0,10}"),
            body in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), "[{\\[\"a:,%=&0-9}\\]]{0,60}".prop_map(String::into_bytes)],
        ) {
            let request = ApiRequest { method: Method::Post, path, authorization, content_type, body: body.into() };
            let _ = Request::parse(&request).rest(3);
        }
    }
}
