//! Whose token it is, and so what a request may touch; or why it may touch nothing.

use crate::accounts::{Directory, Grant};
use graph::{GraphError, Token};
use kernel::Time;
use std::sync::Arc;

/// What the request's token opens.
pub(crate) fn authenticate(
    directory: &Directory,
    now: Time,
    token: &Token<'_>,
) -> Result<Arc<Grant>, GraphError> {
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
