//! What all calls of the Graph API have in common: the table of routes, and the way from a request to its answer.
//!
//! A request is taken apart, its token is looked up, its path leads to a [`Route`] that the token opens, and its
//! parameters are those that the route has. Only then does the route's function read them and do something.

mod call;
mod exchange;
mod respond;
mod route;
mod routes;

pub use exchange::{ApiRequest, ApiResponse, ReplyId};
pub(crate) use respond::{Asker, body_too_large, refuse, respond, unavailable};
pub(crate) use route::{Asked, Outcome, Reply};
pub use route::{Needs, Object, Route};
pub use routes::ROUTES;
