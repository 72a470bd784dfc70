//! From a request to its answer.

use crate::api::auth::authenticate;
use crate::api::exchange::{ApiRequest, ApiResponse, ReplyId};
use crate::api::route::{Asked, Outcome, Reply};
use crate::api::routes::find;
use crate::node::{Node, Output, Step};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use endpoint::Provider;
use graph::{Answer, GraphError, Method, Request, Version};

/// Who waits for an answer, and in which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) reply: ReplyId,
    pub(crate) version: Version,
}

impl<P: Provider> Node<P> {
    /// Answers a request, now or when something else has happened.
    pub(crate) fn on_request(&mut self, reply: ReplyId, request: &ApiRequest, step: &mut Step<'_>) {
        let request = Request::parse(request.as_raw());
        let asker = Asker { reply, version: request.path.version };
        match self.call(asker, &request, step) {
            Ok(Reply::Now(answer)) => respond(asker, Ok(answer), step),
            Ok(Reply::Later) => {}
            Err(error) => respond(asker, Err(error), step),
        }
    }

    fn call(&mut self, asker: Asker, request: &Request<'_>, step: &mut Step<'_>) -> Outcome {
        let grant = authenticate(&self.directory, step.now, &request.token)?;
        let (route, bound) = find(&self.directory, &grant, request)?;
        route.admit(&grant)?;
        let params = request.params.as_ref().map_err(Clone::clone)?;
        if route.method == Method::Post {
            params.only(route.parameters)?;
        }
        bound.call(self, &Asked { asker, app: grant.app, params }, step)
    }
}

/// Says what a request came to.
pub(crate) fn respond(asker: Asker, result: Result<Answer, GraphError>, step: &mut Step<'_>) {
    let trace = format!("A{}", URL_SAFE_NO_PAD.encode(step.rng.bytes::<16>()));
    let response = response(asker.version, result, &trace);
    step.say(Output::Respond { reply: asker.reply, response });
}

/// The answer of a node that can't make its promises durable now.
pub(crate) fn unavailable(trace: &str) -> ApiResponse {
    response(Version::DEFAULT, Err(GraphError::unavailable()), trace)
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
