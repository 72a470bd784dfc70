//! The Graph API's language, and nothing else: what a request says, and what answers and webhooks look like.
//!
//! A request is taken apart by [`Request::parse`]; its parameters are [`Params`], whatever they were encoded as, and
//! become types that can't be wrong ([`messages::Request`], [`subscriptions`]). Answers ([`objects`], [`messages`]) and
//! webhook bodies ([`webhook`]) are types that are written straight to bytes. What is wrong is a [`GraphError`].
//!
//! Nothing here has a state or decides anything: `cloud` decides, `graph` speaks. It links nothing that can read a
//! message.
//!
//! Three rules hold for all parameters. What is `null` is not there: a parameter, a member of an object however deep, an item
//! of a list, a whole body, and in a query or form the word. Of a name that is given twice the last counts, and the body's
//! counts over the query's, null or not. And whatever is sent costs bounded time and memory: see [`value`].

mod answer;
mod ascii;
pub mod codes;
mod error;
mod escape;
mod fields;
mod identity_hash;
mod ids;
pub mod media;
pub mod messages;
mod method;
mod multipart;
pub mod objects;
mod paging;
mod params;
mod path;
mod reading;
mod request;
mod rules;
mod secret;
#[cfg(test)]
mod shape;
mod signature;
pub mod subscriptions;
mod table;
pub mod templates;
pub mod tokens;
pub mod value;
mod wamid;
pub mod webhook;

pub use answer::{Answer, SUCCESS};
pub use codes::Code;
pub use error::GraphError;
pub use escape::encode_component;
pub use fields::{Field, Fields, Node, Selected};
pub use identity_hash::IdentityHash;
pub use ids::{AppId, GraphIdError, MediaId, PhoneNumberId, PortfolioId, TemplateId, WabaId, is_graph_id};
pub use method::Method;
pub use multipart::{PartReader, Piece};
pub use paging::{Page, PageRequest};
pub use params::Params;
pub use path::{Path, Version};
pub use reading::{Items, Members, Param};
pub use request::{Raw, Request, Token};
pub use rules::Json;
pub use secret::{Secret, digest};
pub use signature::{Signatures, SigningKey};
pub use wamid::{Sender, Wamid};
