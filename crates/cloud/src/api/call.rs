//! From a request to its answer: read, authenticate, find the route, check the parameters, call.

use crate::accounts::{Directory, Grant};
use crate::api::exchange::{ApiRequest, ReplyId};
use crate::api::respond::{Asker, respond};
use crate::api::route::{Asked, Outcome, Reply};
use crate::api::routes::find;
use crate::media::Attached;
use crate::output::Step;
use crate::state::State;
use graph::media::ATTACHMENTS;
use graph::{GraphError, Method, Request, Token};
use kernel::Time;

impl State {
    /// Answers a request, now or when something else has happened.
    pub(crate) fn on_request(&mut self, reply: ReplyId, asked: &ApiRequest, step: &mut Step<'_>) {
        let request = Request::parse(asked.as_raw());
        let grant = authenticate(&self.directory, step.now, &request.token);
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
        if request.method == Method::Get && request.path.segments() == ATTACHMENTS {
            let params = request.params.as_ref().map_err(Clone::clone)?;
            return self.get_attachment(asker, grant, params, step);
        }
        let (route, bound) = find(self, grant, request)?;
        route.admit(grant)?;
        let params = request.params.as_ref().map_err(Clone::clone)?;
        if route.method == Method::Post {
            params.only(route.parameters)?;
        }
        bound.call(self, &Asked { asker, app: grant.app, params, attached }, step)
    }
}

/// What the request's token opens, or why it opens nothing.
fn authenticate(directory: &Directory, now: Time, token: &Token<'_>) -> Result<Grant, GraphError> {
    let token = match token {
        Token::None => return Err(GraphError::no_token()),
        Token::Unreadable => return Err(GraphError::bad_token()),
        Token::Bearer(token) => token,
    };
    let grant = directory.grant(token).ok_or_else(GraphError::bad_token)?;
    match grant.expires {
        Some(expires) if expires <= now => Err(GraphError::expired_token(expires.as_secs(), now.as_secs())),
        _ => Ok(grant),
    }
}
