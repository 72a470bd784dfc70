//! Errors as the Graph API spells them.

mod date;

use crate::codes::Code;
use crate::method::Method;
use bytes::Bytes;
use date::pacific;
use serde::Serialize;

const OAUTH: &str = "OAuthException";
const METHOD: &str = "GraphMethodException";

/// What is wrong with a request. Says nothing that its sender does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    status: u16,
    message: String,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    /// Of WhatsApp errors.
    details: Option<String>,
    transient: bool,
    /// Of errors that a person is shown: what the title of the window says, and what the window.
    user: Option<Box<(String, String)>>,
}

/// The envelope.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    r#type: &'static str,
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_data: Option<Data<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_transient: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_msg: Option<&'a str>,
    fbtrace_id: &'a str,
}

#[derive(Serialize)]
struct Data<'a> {
    messaging_product: &'static str,
    details: &'a str,
}

impl GraphError {
    /// The object of a path is not there, or not for this caller: the two must look the same.
    pub fn unknown_object(method: Method, id: &str) -> Self {
        let method = method.in_errors();
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation. Please read the Graph API \
             documentation at https://developers.facebook.com/docs/graph-api"
        );
        Self { kind: METHOD, subcode: Some(33), ..Self::graph(400, 100, message) }
    }

    /// There is no such method.
    pub fn unknown_method() -> Self {
        Self { kind: METHOD, ..Self::graph(400, 100, "Unsupported request - method type".into()) }
    }

    /// There is no such version or edge.
    pub fn unknown_path(rest: &str) -> Self {
        Self::graph(400, 2500, format!("Unknown path components: /{rest}"))
    }

    /// An object of this type has no such field.
    pub fn unknown_field(field: &str, node_type: &str) -> Self {
        Self::param(format!("Tried accessing nonexisting field ({field}) on node type ({node_type})"))
    }

    /// A parameter, or a member of one, is not there.
    pub fn missing(path: &str) -> Self {
        Self::param(format!("The parameter {path} is required."))
    }

    /// The object at `path` has a member that it can't have.
    pub fn unexpected_member(name: &str, path: &str) -> Self {
        Self::param(format!("Unexpected key \"{name}\" on param \"{path}\"."))
    }

    /// The request has a parameter that it can't have.
    pub fn unexpected_parameter(name: &str) -> Self {
        Self::invalid(format!("Unexpected key \"{name}\"."))
    }

    /// `what` with its article, for example "a string".
    pub fn must_be(path: &str, what: &str) -> Self {
        Self::param(format!("Param {path} must be {what}."))
    }

    /// A text is longer than `limit` characters.
    pub fn too_long(path: &str, limit: usize) -> Self {
        Self::param(format!("Param {path} must be at most {limit} characters long."))
    }

    /// A text is empty.
    pub fn too_short(path: &str) -> Self {
        Self::param(format!("Param {path} must be at least 1 characters long."))
    }

    /// A word is none of those that it can be.
    pub fn one_of(path: &str, allowed: &[&str], got: &str) -> Self {
        let allowed = allowed.join(", ");
        Self::param(format!("Param {path} must be one of {{{allowed}}} - got \"{got}\"."))
    }

    /// The general form since v16.
    pub fn invalid(details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::param("Invalid parameter".into()) }
    }

    /// An error of WhatsApp's own.
    pub fn whatsapp(code: Code, details: impl Into<String>) -> Self {
        let message = format!("(#{}) {}", code.number, code.title);
        Self { details: Some(details.into()), ..Self::graph(code.status, code.number, message) }
    }

    /// The request has no token.
    pub fn no_token() -> Self {
        Self::graph(401, 104, "An access token is required to request this resource.".into())
    }

    /// The token is none that there is.
    pub fn bad_token() -> Self {
        Self::graph(401, 190, "Invalid OAuth access token - Cannot parse access token".into())
    }

    /// The token opens nothing any more; both times are seconds since 1970.
    pub fn expired_token(expired_s: u64, now_s: u64) -> Self {
        let message = format!(
            "Error validating access token: Session has expired on {}. The current time is {}.",
            pacific(expired_s),
            pacific(now_s)
        );
        Self { subcode: Some(463), ..Self::graph(401, 190, message) }
    }

    /// No app has this id and this secret.
    pub fn bad_client() -> Self {
        Self::graph(400, 1, "Error validating client secret.".into())
    }

    /// The app wants a proof with each call that whoever has the token has its secret too.
    pub fn no_proof() -> Self {
        Self::graph(400, 100, "API calls from the server require an appsecret_proof argument".into())
    }

    /// The proof is none.
    pub fn bad_proof() -> Self {
        Self::graph(400, 100, "Invalid appsecret_proof provided in the API argument".into())
    }

    /// A token of the wrong kind for the caller's own object.
    pub fn not_for_this_app() -> Self {
        Self::graph(403, 10, "(#10) Application does not have permission for this action".into())
    }

    /// The caller's own object, but not for this token.
    pub fn no_permission() -> Self {
        Self::graph(403, 200, "(#200) You do not have permission to access this field.".into())
    }

    /// The handshake with a callback did not succeed.
    pub fn callback_failed(why: &str) -> Self {
        let message = format!("(#2200) Callback verification failed with the following errors: {why}");
        Self::graph(400, 2200, message)
    }

    /// A URL of media that is not one, or not any more, or not this caller's.
    pub fn no_attachment() -> Self {
        Self::graph(404, 100, "(#100) The media URL is invalid or has expired.".into())
    }

    /// The app asks more often than it may.
    pub fn too_many_calls() -> Self {
        let message = "(#4) Application request limit reached".to_owned();
        Self { transient: true, ..Self::graph(400, 4, message) }
    }

    /// Nothing is wrong with the request; the node can't answer now.
    pub fn unavailable() -> Self {
        let message = "(#2) Service temporarily unavailable".to_owned();
        Self { transient: true, ..Self::graph(503, 2, message) }
    }

    /// The body is longer than `limit` bytes.
    pub fn body_too_large(limit: usize) -> Self {
        let details = format!("The request body must be at most {limit} bytes long.");
        Self { status: 413, ..Self::invalid(details) }
    }

    /// An error of the management of assets, which a person is shown too.
    pub fn managed(subcode: u32, title: impl Into<String>, says: impl Into<String>) -> Self {
        let user = Some(Box::new((title.into(), says.into())));
        Self { subcode: Some(subcode), user, ..Self::param("Invalid parameter".into()) }
    }

    /// A business account has used up what it may do in an hour.
    pub fn account_busy() -> Self {
        let message = "(#80008) There have been too many calls to this WhatsApp Business Account.".to_owned();
        Self { transient: true, ..Self::graph(400, 80_008, message) }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body of the answer; `trace` is for a person who asks what happened.
    pub fn to_json(&self, trace: &str) -> Bytes {
        let details = self.details.as_deref();
        let error = Body {
            message: &self.message,
            r#type: self.kind,
            code: self.code,
            error_data: details.map(|details| Data { messaging_product: "whatsapp", details }),
            error_subcode: self.subcode,
            is_transient: self.transient.then_some(true),
            error_user_title: self.user.as_ref().map(|user| user.0.as_str()),
            error_user_msg: self.user.as_ref().map(|user| user.1.as_str()),
            fbtrace_id: trace,
        };
        crate::answer::to_bytes(&Envelope { error })
    }

    /// The header `WWW-Authenticate` of a request that was not authenticated.
    pub fn challenge(&self) -> Option<String> {
        (self.status == 401)
            .then(|| format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"", self.message))
    }

    fn param(message: String) -> Self {
        Self::graph(400, 100, format!("(#100) {message}"))
    }

    fn graph(status: u16, code: u32, message: String) -> Self {
        Self {
            status,
            message,
            kind: OAUTH,
            code,
            subcode: None,
            details: None,
            transient: false,
            user: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_as_documented() {
        let body = |error: GraphError| String::from_utf8(error.to_json("Abc").to_vec()).unwrap();
        assert_eq!(
            body(GraphError::whatsapp(crate::codes::NOT_VALID, "why")),
            r#"{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,"error_data":{"messaging_product":"whatsapp","details":"why"},"fbtrace_id":"Abc"}}"#
        );
        let unknown = body(GraphError::unknown_object(Method::Delete, "7"));
        assert!(
            unknown.contains(r#""type":"GraphMethodException","code":100,"error_subcode":33,"fbtrace_id""#)
        );
        assert!(unknown.contains("Unsupported delete request. Object with ID '7'"));
        assert!(body(GraphError::too_many_calls()).contains(r#""is_transient":true"#));
        assert!(
            GraphError::bad_token().challenge().is_some()
                && GraphError::no_permission().challenge().is_none()
        );
    }
}
