//! Answers, and who waits for them.

use crate::api::exchange::{ApiResponse, ReplyId};
use crate::output::{Output, Step};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph::{Answer, GraphError, Version};

/// Who waits for an answer, and in which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) reply: ReplyId,
    pub(crate) version: Version,
    /// Whose random numbers are drawn for it: the app's, by its id; 0 if nobody knows who asks.
    pub(crate) whose: u64,
}

/// Says what a request came to.
pub(crate) fn respond(asker: Asker, result: Result<Answer, GraphError>, step: &mut Step<'_>) {
    let trace = format!("A{}", URL_SAFE_NO_PAD.encode(step.rng.child(asker.whose).bytes::<16>()));
    let response = response(asker.version, result, &trace);
    step.say(Output::Respond { reply: asker.reply, response });
}

/// The answer of a node that can't make its promises durable now.
pub(crate) fn unavailable(trace: &str) -> ApiResponse {
    response(Version::DEFAULT, Err(GraphError::unavailable()), trace)
}

/// The answer to a request that the shell refuses.
pub(crate) fn refuse(error: GraphError, trace: &str) -> ApiResponse {
    response(Version::DEFAULT, Err(error), trace)
}

/// The answer to a request whose body is over the shell's limit.
pub(crate) fn body_too_large(limit: usize, trace: &str) -> ApiResponse {
    response(Version::DEFAULT, Err(GraphError::body_too_large(limit)), trace)
}

fn response(version: Version, result: Result<Answer, GraphError>, trace: &str) -> ApiResponse {
    let mut headers = vec![("facebook-api-version", version.to_string())];
    let (status, body) = match result {
        Ok(answer) => (200, answer.into_bytes()),
        Err(error) => {
            headers.extend(error.challenge().map(|challenge| ("www-authenticate", challenge)));
            (error.status(), error.to_json(trace))
        }
    };
    ApiResponse { status, body, headers }
}
