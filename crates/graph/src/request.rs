//! A request, taken apart: version, path, parameters, token.

use crate::error::GraphError;
use crate::escape::pairs;
use crate::method::Method;
use crate::params::Params;
use crate::path::Path;
use std::borrow::Cow;

/// A request as HTTP has it.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// What to do.
    pub method: Method,
    /// Path and query as they came.
    pub target: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body, without transfer coding.
    pub body: &'a [u8],
}

/// A request whose path has the form of one; nothing is known yet of its rights or parameters.
pub struct Request<'a> {
    /// What to do.
    pub method: Method,
    /// To what.
    pub path: Path<'a>,
    /// In whose name.
    pub token: Token<'a>,
    /// To be judged only after the token.
    pub params: Result<Params<'a>, GraphError>,
}

/// What a request says of who sent it.
#[derive(Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// Nothing.
    None,
    /// Something of another scheme.
    Unreadable,
    /// A token.
    Bearer(Cow<'a, str>),
}

impl<'a> Request<'a> {
    /// Takes a request apart.
    pub fn parse(raw: Raw<'a>) -> Self {
        let (path, query) = raw.target.split_once('?').unwrap_or((raw.target, ""));
        let params = Params::parse(query, raw.content_type, raw.body);
        Self {
            method: raw.method,
            path: Path::parse(path),
            token: Token::of(raw.authorization, query, params.as_ref().ok()),
            params,
        }
    }
}

impl<'a> Token<'a> {
    /// The header, or `access_token` in the query or the body.
    fn of(authorization: Option<&'a str>, query: &'a str, params: Option<&Params<'_>>) -> Self {
        if let Some(header) = authorization {
            let (scheme, token) = header.trim().split_once(' ').unwrap_or((header, ""));
            let known = ["bearer", "oauth"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            let token = token.trim();
            return if known && !token.is_empty() { Self::Bearer(token.into()) } else { Self::Unreadable };
        }
        let in_query = pairs(query).filter(|(name, _)| name == "access_token").map(|(_, token)| token).last();
        let in_query = in_query.filter(|token| token != "null");
        let in_body = || Some(Cow::Owned(params?.get("access_token")?.text().ok()?.to_owned()));
        match in_query.or_else(in_body) {
            Some(token) if !token.is_empty() => Self::Bearer(token),
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw<'a>(target: &'a str, authorization: Option<&'a str>, body: &'a [u8]) -> Raw<'a> {
        Raw { method: Method::Post, target, authorization, content_type: None, body }
    }

    #[test]
    fn a_token_may_be_in_three_places() {
        let bearer = |token: &'static str| Token::Bearer(token.into());
        for (target, authorization, body, token) in [
            ("/1?access_token=q", Some("Bearer h"), "access_token=b", bearer("h")),
            ("/1?access_token=q%7C1", None, "access_token=b", bearer("q|1")),
            ("/1", None, "a=1&access_token=b", bearer("b")),
            ("/1", None, r#"{"access_token":"b"}"#, bearer("b")),
            ("/1", None, r#"{"access_token":1}"#, Token::None),
            ("/1?access_token=", None, "", Token::None),
            ("/1", Some("OAUTH  x "), "", bearer("x")),
            ("/1?access_token=q", Some("Basic x"), "", Token::Unreadable),
            ("/1", Some("Bearer"), "", Token::Unreadable),
        ] {
            assert!(
                Request::parse(raw(target, authorization, body.as_bytes())).token == token,
                "{target} {body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_request_panics(
            target in ".{0,60}",
            authorization in prop::option::of(".{0,40}"),
            content_type in prop::option::of("application/(json|x-www-form-urlencoded)|.{0,10}"),
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..80),
                "[{\\[\"a:,%=&0-9}\\]]{0,60}".prop_map(String::into_bytes),
            ],
        ) {
            let raw = Raw { content_type: content_type.as_deref(), ..raw(&target, authorization.as_deref(), &body) };
            let _ = Request::parse(raw).path.rest(3);
        }
    }
}
