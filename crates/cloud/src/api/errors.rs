//! Errors as the Graph API spells them.

use crate::codes::Code;
use crate::exchange::Method;
use kernel::Time;
use serde_json::{Value, json};

const OAUTH: &str = "OAuthException";
const METHOD: &str = "GraphMethodException";

/// What is wrong with a request. Says nothing that its sender does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    message: String,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    /// Of WhatsApp errors.
    details: Option<String>,
    transient: bool,
}

impl GraphError {
    /// The object of a path is not there, or not for this caller: the two must look the same.
    pub(crate) fn unknown_object(method: Method, id: &str) -> Self {
        let method = match method {
            Method::Post => "post",
            Method::Delete => "delete",
            Method::Get | Method::Other => "get",
        };
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation. Please read the Graph API \
             documentation at https://developers.facebook.com/docs/graph-api"
        );
        Self { kind: METHOD, subcode: Some(33), ..Self::graph(400, 100, message) }
    }

    /// There is no such method.
    pub(crate) fn unknown_method() -> Self {
        Self { kind: METHOD, ..Self::graph(400, 100, "Unsupported request - method type".into()) }
    }

    /// There is no such version or edge.
    pub(crate) fn unknown_path(rest: &str) -> Self {
        Self::graph(400, 2500, format!("Unknown path components: /{rest}"))
    }

    pub(crate) fn unknown_field(field: &str, node_type: &str) -> Self {
        Self::param(format!("Tried accessing nonexisting field ({field}) on node type ({node_type})"))
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::param(format!("The parameter {parameter} is required."))
    }

    pub(crate) fn unexpected_key(key: &str, path: &str) -> Self {
        Self::param(format!("Unexpected key \"{key}\" on param \"{path}\"."))
    }

    /// `what` with its article, for example "a string".
    pub(crate) fn must_be(path: &str, what: &str) -> Self {
        Self::param(format!("Param {path} must be {what}."))
    }

    pub(crate) fn too_long(path: &str, limit: usize) -> Self {
        Self::param(format!("Param {path} must be at most {limit} characters long."))
    }

    pub(crate) fn too_short(path: &str) -> Self {
        Self::param(format!("Param {path} must be at least 1 characters long."))
    }

    pub(crate) fn one_of(path: &str, allowed: &[&str], got: &str) -> Self {
        let allowed = allowed.join(", ");
        Self::param(format!("Param {path} must be one of {{{allowed}}} - got \"{got}\"."))
    }

    /// The general form since v16.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::param("Invalid parameter".into()) }
    }

    /// An error of WhatsApp's own.
    pub(crate) fn whatsapp(code: Code, details: impl Into<String>) -> Self {
        let message = format!("(#{}) {}", code.number, code.title);
        Self { details: Some(details.into()), ..Self::graph(code.status, code.number, message) }
    }

    pub(crate) fn no_token() -> Self {
        Self::graph(401, 104, "An access token is required to request this resource.".into())
    }

    pub(crate) fn bad_token() -> Self {
        Self::graph(401, 190, "Invalid OAuth access token - Cannot parse access token".into())
    }

    pub(crate) fn expired_token(expired: Time, now: Time) -> Self {
        let message = format!(
            "Error validating access token: Session has expired on {}. The current time is {}.",
            pacific(expired),
            pacific(now)
        );
        Self { subcode: Some(463), ..Self::graph(401, 190, message) }
    }

    /// A token of the wrong kind for the caller's own object.
    pub(crate) fn not_for_this_app() -> Self {
        Self::graph(403, 10, "(#10) Application does not have permission for this action".into())
    }

    /// The caller's own object, but not for this token.
    pub(crate) fn no_permission() -> Self {
        Self::graph(403, 200, "(#200) You do not have permission to access this field.".into())
    }

    /// The handshake with a callback did not succeed.
    pub(crate) fn callback_failed(why: &str) -> Self {
        let message = format!("(#2200) Callback verification failed with the following errors: {why}");
        Self::graph(400, 2200, message)
    }

    pub(crate) fn too_many_calls() -> Self {
        let message = "(#4) Application request limit reached".to_owned();
        Self { transient: true, ..Self::graph(400, 4, message) }
    }

    /// Nothing is wrong with the request; the node can't answer now.
    pub(crate) fn unavailable() -> Self {
        let message = "(#2) Service temporarily unavailable".to_owned();
        Self { transient: true, ..Self::graph(503, 2, message) }
    }

    /// The body is over the shell's limit.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        let details = format!("The request body must be at most {limit} bytes long.");
        Self { status: 413, ..Self::invalid(details) }
    }

    /// The `error` envelope; `trace` is for a person who asks what happened.
    pub(crate) fn to_json(&self, trace: &str) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind, "code": self.code });
        if let Some(error) = error.as_object_mut() {
            if let Some(details) = &self.details {
                error.insert(
                    "error_data".into(),
                    json!({ "messaging_product": "whatsapp", "details": details }),
                );
            }
            if let Some(subcode) = self.subcode {
                error.insert("error_subcode".into(), json!(subcode));
            }
            if self.transient {
                error.insert("is_transient".into(), json!(true));
            }
            error.insert("fbtrace_id".into(), json!(trace));
        }
        json!({ "error": error })
    }

    /// The header `WWW-Authenticate` of a request that was not authenticated.
    pub(crate) fn challenge(&self) -> Option<String> {
        (self.status == 401)
            .then(|| format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"", self.message))
    }

    fn param(message: String) -> Self {
        Self::graph(400, 100, format!("(#100) {message}"))
    }

    fn graph(status: u16, code: u32, message: String) -> Self {
        Self { status, message, kind: OAUTH, code, subcode: None, details: None, transient: false }
    }
}

/// As in "Tuesday, 14-Nov-23 15:13:20 PDT": Graph's clock is always seven hours behind UTC here.
fn pacific(time: Time) -> String {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    let seconds = time.as_secs().saturating_sub(7 * 3600);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days to date, with years that begin in March (Howard Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms").
    let since_era = days.saturating_add(719_468);
    let of_era = since_era % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + u64::from(month >= 10);
    format!(
        "{}, {day:02}-{}-{:02} {:02}:{:02}:{:02} PDT",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        year % 100,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_a_calendar() {
        for (seconds, shown) in [
            (7 * 3600, "Thursday, 01-Jan-70 00:00:00 PDT"),
            (1_700_000_000, "Tuesday, 14-Nov-23 15:13:20 PDT"),
            (1_709_251_199, "Thursday, 29-Feb-24 16:59:59 PDT"),
            (4_102_444_800, "Thursday, 31-Dec-99 17:00:00 PDT"),
        ] {
            assert_eq!(pacific(Time::from_secs(seconds)), shown);
        }
        let _ = pacific(Time::from_micros(u64::MAX));
    }
}
