//! Calls about tokens: what one is, and an app's own.

use crate::accounts::Grant;
use crate::api::{Asked, Outcome, Reply};
use crate::output::Step;
use crate::state::State;
use graph::digest;
use graph::tokens::{Exchange, Inspect, Inspection, TokenKind};
use kernel::Time;

/// `GET /debug_token`. About tokens of another app nothing is said.
pub(crate) fn inspect_token(state: &mut State, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
    let Inspect(token) = Inspect::parse(asked.params)?;
    let grant = state.directory.grant(token.expose()).filter(|grant| grant.app == asked.app);
    let app = grant.as_ref().and_then(|grant| state.directory.app(grant.app));
    let (Some(grant), Some(app)) = (grant, app) else { return Ok(Reply::Now(Inspection::of_nothing())) };
    let inspection = Inspection {
        kind: grant.kind,
        app: app.id,
        app_name: &app.name,
        expires_s: grant.expires.map(Time::as_secs),
        is_valid: !grant.is_over(step.now),
        scopes: grant.scopes,
        accounts: grant.accounts.as_ref().map(|accounts| accounts.iter().copied().collect()),
        user: (grant.kind != TokenKind::App).then(|| user_of(&grant, token.expose())),
    };
    Ok(Reply::Now(inspection.answer()))
}

/// `GET` or `POST /oauth/access_token`: the app has said its secret, and is given its token.
pub(crate) fn exchange_token(_: &mut State, asked: &Asked<'_>, _: &mut Step<'_>) -> Outcome {
    Ok(Reply::Now(Exchange::parse(asked.params)?.answer()))
}

/// Nobody has registered a user: the id is made of the token, and tells nothing of it.
fn user_of(grant: &Grant, token: &str) -> String {
    let [a, b, c, d, e, f, g, ..] = digest(&format!("user of {} {token}", grant.app.as_str()));
    let drawn = u64::from_be_bytes([0, a, b, c, d, e, f, g]) % 900_000_000_000_000;
    (100_000_000_000_000 + drawn).to_string()
}
