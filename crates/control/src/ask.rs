//! What calls are made of: the body, the query and the name in the path, each read whole or refused with the place of the
//! mistake.

use crate::error::{Error, json};
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use wire::Number;

/// The longest body, in bytes: media comes in base64.
const BODY_LIMIT: usize = 140 << 20;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The body of a call, as JSON. No body is the empty object.
pub(crate) struct Told<T>(pub(crate) T);

/// The query of a call.
pub(crate) struct Asked<T>(pub(crate) T);

/// A telephone number in the path.
pub(crate) struct Whose(pub(crate) Number);

/// A text in the path.
pub(crate) struct Named(pub(crate) String);

/// An answer that something was made.
pub(crate) struct Made<T>(pub(crate) T);

/// An answer.
pub(crate) struct Said<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self.0)
    }
}

impl<T: Serialize> IntoResponse for Said<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let reading = to_bytes(request.into_body(), BODY_LIMIT);
        let body = match tokio::time::timeout(BODY_TIMEOUT, reading).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let message = format!("the body breaks off, or is longer than {BODY_LIMIT} bytes");
                return Err(Error::bad_request(message, "send less, or all of it"));
            }
            Err(_) => return Err(Error::bad_request("the body did not arrive in time", "send it faster")),
        };
        read(&body).map(Self)
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        Error::bad_request(
            format!("the body is not what this call takes: {error}"),
            "GET /control/v1/openapi.json describes it",
        )
    })
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = Query::from_request_parts(parts, state).await.map_err(|error| {
            let message = format!("the query is not what this call takes: {}", error.body_text());
            Error::bad_request(message, "GET /control/v1/openapi.json describes it")
        })?;
        Ok(Self(query.0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::not_found("the path names nothing", "see GET /control/v1/openapi.json"))?;
        Ok(Self(name))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Whose {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Named(name) = Named::from_request_parts(parts, state).await?;
        number(&name).map(Self).ok_or_else(|| no_person(&name))
    }
}

/// There is nobody with this number.
pub(crate) fn no_person(number: &str) -> Error {
    let message = format!("there is no person with the number \"{}\"", short(number));
    Error::not_found(message, "GET /control/v1/consumers lists them; POST to it makes one")
}

/// What a caller wrote, as long as it is shown.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A telephone number: its digits, with or without `+`.
pub(crate) fn number(text: &str) -> Option<Number> {
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

/// True if a page of another origin asks.
fn is_of_a_page(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host_of = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    headers.contains_key(ORIGIN) && header(ORIGIN).and_then(host_of).as_deref() != header(HOST)
}

/// Refuses what a page in a browser asks for: it runs on this machine, and was written elsewhere.
pub(crate) async fn no_pages(request: Request, next: Next) -> Response {
    if is_of_a_page(request.headers()) {
        let message = "the call comes from a page of another origin";
        return Error::bad_request(message, "call from a program, without the header Origin").into_response();
    }
    next.run(request).await
}
