//! From a request to its answer: read, authenticate, find the route, check the parameters, call.

use crate::accounts::{Directory, Grant};
use crate::api::exchange::{ApiRequest, ReplyId};
use crate::api::respond::{Asker, respond};
use crate::api::route::{Asked, Outcome, Reply};
use crate::api::routes::find;
use crate::media::Attached;
use crate::output::Step;
use crate::state::State;
use graph::tokens::Exchange;
use graph::{GraphError, Method, Params, Request, Token};
use kernel::Time;

impl State {
    /// Answers a request, now or when something else has happened.
    pub(crate) fn on_request(&mut self, reply: ReplyId, asked: &ApiRequest, step: &mut Step<'_>) {
        let request = Request::parse(asked.as_raw());
        let grant = match &request.params {
            Ok(params) if request.path.rest(0) == "oauth/access_token" => client(&self.directory, params),
            params => authenticate(&self.directory, step.now, &request.token, params.as_ref().ok()),
        };
        let app = grant.as_ref().ok().map(|grant| grant.app);
        let whose = app.and_then(|app| app.as_str().parse().ok()).unwrap_or(0);
        let asker = Asker { reply, version: request.path.version, whose };
        match grant.and_then(|grant| self.call(asker, &grant, (&request, &asked.attached), step)) {
            Ok(Reply::Now(answer)) => respond(asker, Ok(answer), step),
            Ok(Reply::Later) => {}
            Err(error) => {
                if let Attached::Stored(stored) = &asked.attached {
                    self.drop_unused(stored.file.name, step);
                }
                respond(asker, Err(error), step);
            }
        }
    }

    fn call(
        &mut self,
        asker: Asker,
        grant: &Grant,
        (request, attached): (&Request<'_>, &Attached),
        step: &mut Step<'_>,
    ) -> Outcome {
        let (route, bound) = find(self, grant, request)?;
        route.admit(grant)?;
        let params = request.params.as_ref().map_err(Clone::clone)?;
        if route.method == Method::Post {
            params.only(route.parameters)?;
        }
        bound.call(self, &Asked { asker, app: grant.app, grant, params, attached }, step)
    }
}

/// What the request's token opens, or why it opens nothing.
fn authenticate(
    directory: &Directory,
    now: Time,
    token: &Token<'_>,
    params: Option<&Params<'_>>,
) -> Result<Grant, GraphError> {
    let token = match token {
        Token::None => return Err(GraphError::no_token()),
        Token::Unreadable => return Err(GraphError::bad_token()),
        Token::Bearer(token) => token,
    };
    let grant = directory.grant(token).ok_or_else(GraphError::bad_token)?;
    if let Some(expires) = grant.expires.filter(|_| grant.is_over(now)) {
        return Err(GraphError::expired_token(expires.as_secs(), now.as_secs()));
    }
    let app = directory.app(grant.app).ok_or_else(GraphError::bad_token)?;
    match params.and_then(|params| params.get("appsecret_proof")) {
        None if app.requires_proof => Err(GraphError::no_proof()),
        Some(proof) if !proof.text().is_ok_and(|proof| app.signing_key.proof(token).matches(proof)) => {
            Err(GraphError::bad_proof())
        }
        _ => Ok(grant),
    }
}

/// What an app opens that asks for its token.
fn client(directory: &Directory, params: &Params<'_>) -> Result<Grant, GraphError> {
    let Exchange { app, secret } = Exchange::parse(params)?;
    directory.client(app, secret.expose()).ok_or_else(GraphError::bad_client)
}
