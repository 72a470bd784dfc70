//! Whose token it is.

use crate::api::errors::GraphError;
use crate::api::request::Token;
use crate::directory::{Directory, Grant};
use kernel::Time;

/// What the request's token opens.
pub(crate) fn authenticate(directory: &Directory, now: Time, token: &Token) -> Result<Grant, GraphError> {
    let token = match token {
        Token::None => return Err(GraphError::no_token()),
        Token::Unreadable => return Err(GraphError::bad_token()),
        Token::Bearer(token) => token,
    };
    let grant = directory.grant(token).ok_or_else(GraphError::bad_token)?;
    match grant.expires {
        Some(expires) if expires <= now => Err(GraphError::expired_token(expires, now)),
        _ => Ok(grant),
    }
}
