//! What is wrong with a call, and what to do: `{"error":{"code","message","hint"}}`.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What every answer with a status of 400 or more is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    error: Told,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// A word for it, the same for the same mistake.
    code: Code,
    /// What is wrong, and where.
    message: String,
    /// What to do.
    hint: String,
}

/// The words for what can go wrong.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Code {
    /// The call says nothing that can be understood.
    BadRequest,
    /// What it names is not there.
    NotFound,
    /// The path has other methods.
    MethodNotAllowed,
    /// What is there is in the way.
    Conflict,
    /// It can be understood, and not be done.
    Unprocessable,
    /// It can't be done in this version.
    NotBuilt,
    /// A party does not answer now.
    Unavailable,
}

/// An error of a call.
#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    problem: Problem,
}

/// What a call comes to.
pub(crate) type Outcome<T> = Result<T, Error>;

impl Error {
    /// The call says nothing that can be understood.
    pub(crate) fn bad_request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest, message, hint)
    }

    /// What the call names is not there.
    pub(crate) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, message, hint)
    }

    /// The path has other methods.
    pub(crate) fn method_not_allowed() -> Self {
        let hint = "the header Allow names the methods; GET /control/v1/openapi.json describes all calls";
        let message = "this path does not have this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, message, hint)
    }

    /// What is there is in the way.
    pub(crate) fn conflict(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, Code::Conflict, message, hint)
    }

    /// It can be understood, and not be done.
    pub(crate) fn unprocessable(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Unprocessable, message, hint)
    }

    /// It can't be done in this version.
    pub(crate) fn not_built(what: &str) -> Self {
        let (message, hint) = (format!("{what} is not built yet"), "do without it in this version");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::NotBuilt, message, hint)
    }

    /// A party does not answer now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        let hint = "try again; the log of the process says why if it goes on";
        Self::new(StatusCode::CONFLICT, Code::Unavailable, message, hint)
    }

    fn new(status: StatusCode, code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, problem: Problem { error: Told { code, message: message.into(), hint: hint.into() } } }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem.error.message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        json(self.status, &self.problem)
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
