//! Message templates: the store of them, the calls that manage them, their reviews, and what a message of one says.
//!
//! A template is a row of its account's ([`Templates`]). What becomes of it (approval, another category, pauses, its end) is in
//! `review`: what a reviewer says is an input of the node ([`Verdict`]), or comes by itself, by the policy
//! ([`ReviewPolicy`]) and the clock. What it looks like, and whether parameters fit it, is [`graph::templates`]'s to say.

mod calls;
mod changes;
mod events;
mod hello;
mod kept;
mod marketing;
mod policy;
mod review;
mod send;
mod shown;
mod store;

pub(crate) use calls::{
    create_template, delete_template, delete_templates, edit_template, unpause_template, upsert_templates,
};
pub use hello::id as hello_world;
pub use kept::FlowState;
pub(crate) use marketing::post_marketing_message;
pub use policy::{ReviewPolicy, TemplatePolicy};
pub use review::{Reviewed, Verdict};
pub(crate) use send::Hydrated;
pub(crate) use shown::{get_library, get_previews, get_template, get_templates};
pub(crate) use store::Templates;
