//! The table of all routes. What walks over the API (the router, the tests of tenancy, the audit) walks over this.

use crate::accounts::{
    Grant, Target, exchange_token, get_account, get_app, get_number, get_numbers, inspect_token,
};
use crate::api::route::Needs::{AnyToken, AppToken, Client, Management, Messaging};
use crate::api::route::{Bound, Route};
use crate::media::{delete_media, get_attachment, get_media, post_media};
use crate::messages::post_message;
use crate::state::State;
use crate::templates::{
    create_template, delete_template, delete_templates, edit_template, get_library, get_previews,
    get_template, get_templates, post_marketing_message, unpause_template, upsert_templates,
};
use crate::webhooks::{
    get_subscribed_apps, get_subscriptions, override_number, subscribe, subscribe_account, unsubscribe,
    unsubscribe_account,
};
use graph::Method::{self, Delete, Get, Post};
use graph::subscriptions::{OVERRIDE_OF_ACCOUNT, OVERRIDE_OF_NUMBER, SUBSCRIBE, UNSUBSCRIBE};
use graph::templates::{CREATE, DELETE, EDIT, LIBRARY, LIST as TEMPLATES, PREVIEWS, UPSERT};
use graph::tokens::{EXCHANGE, INSPECT};
use graph::{GraphError, Request, is_graph_id, media, messages};

const FIELDS: &[&str] = &["fields"];
const LIST: &[&str] = &["fields", "limit", "after", "before"];
const NONE: &[&str] = &[];

/// All that the API can do.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route::path_of_its_own(Get,  "debug_token",        AnyToken, INSPECT,  inspect_token),
    Route::path_of_its_own(Get,  "oauth/access_token", Client,   EXCHANGE, exchange_token),
    Route::path_of_its_own(Post, "oauth/access_token", Client,   EXCHANGE, exchange_token),
    Route::path_of_its_own(Get,  "message_template_library", Management, LIBRARY, get_library),
    Route::path_of_its_own(Get,  media::ATTACHMENTS, Messaging, media::ATTACHMENT, get_attachment),
    Route::app    (Get,    "",                Management, FIELDS,               get_app),
    Route::app    (Get,    "subscriptions",   AppToken,   NONE,                 get_subscriptions),
    Route::app    (Post,   "subscriptions",   AppToken,   SUBSCRIBE,            subscribe),
    Route::app    (Delete, "subscriptions",   AppToken,   UNSUBSCRIBE,          unsubscribe),
    Route::account(Get,    "",                Management, FIELDS,               get_account),
    Route::account(Get,    "phone_numbers",   Management, LIST,                 get_numbers),
    Route::account(Get,    "subscribed_apps", Management, NONE,                 get_subscribed_apps),
    Route::account(Post,   "subscribed_apps", Management, OVERRIDE_OF_ACCOUNT,  subscribe_account),
    Route::account(Delete, "subscribed_apps", Management, NONE,                 unsubscribe_account),
    Route::account(Get,    "message_templates", Management, TEMPLATES,          get_templates),
    Route::account(Post,   "message_templates", Management, CREATE,             create_template),
    Route::account(Delete, "message_templates", Management, DELETE,             delete_templates),
    Route::account(Post,   "upsert_message_templates",  Management, UPSERT,     upsert_templates),
    Route::account(Get,    "message_template_previews", Management, PREVIEWS,   get_previews),
    Route::number (Get,    "",                Management, FIELDS,               get_number),
    Route::number (Post,   "",                Management, OVERRIDE_OF_NUMBER,   override_number),
    Route::number (Post,   "messages",        Messaging,  messages::PARAMETERS, post_message),
    Route::number (Post,   "marketing_messages", Messaging, messages::MARKETING, post_marketing_message),
    Route::template(Post,   "unpause",        Management, NONE,                 unpause_template),
    Route::template(Get,    "",               Management, FIELDS,               get_template),
    Route::template(Post,   "",               Management, EDIT,                 edit_template),
    Route::template(Delete, "",               Management, NONE,                 delete_template),
    Route::number (Post,   "media",           Messaging,  media::UPLOAD,        post_media),
    Route::media  (Get,    "",                Messaging,  media::ABOUT,         get_media),
    Route::media  (Delete, "",                Messaging,  media::ABOUT,         delete_media),
];

/// The route that a request takes, and what it leads to.
pub(crate) fn find(
    state: &State,
    grant: &Grant,
    request: &Request<'_>,
) -> Result<(&'static Route, Bound), GraphError> {
    let path = &request.path;
    let whole = path.rest(0);
    let mut of_nothing = paths_of_their_own(&whole).peekable();
    if of_nothing.peek().is_some() {
        let with_method = of_nothing.find(|(route, _)| route.method == request.method);
        return with_method.ok_or_else(GraphError::unknown_method);
    }
    let (id, edge) = match path.segments() {
        [id] if is_graph_id(id) => (id, ""),
        [id, edge] if is_graph_id(id) => (id, &**edge),
        [id, _, _, ..] if is_graph_id(id) => return Err(GraphError::unknown_path(&path.rest(1))),
        _ => return Err(GraphError::unknown_path(&path.rest(0))),
    };
    if request.method == Method::Other {
        return Err(GraphError::unknown_method());
    }
    let unknown_object = || GraphError::unknown_object(request.method, id);
    let target = state.target(id, grant).ok_or_else(unknown_object)?;
    let found = with_edge(target, edge).find(|(route, _)| route.method == request.method);
    found.ok_or_else(|| {
        let is_edge = with_edge(target, edge).next().is_some();
        if is_edge { unknown_object() } else { GraphError::unknown_path(&path.rest(1)) }
    })
}

/// The routes that begin with no object, whatever the method.
fn paths_of_their_own(path: &str) -> impl Iterator<Item = (&'static Route, Bound)> {
    let routes = ROUTES.iter().filter_map(|route| Some((route, route.of_nothing()?)));
    routes.filter(move |(route, _)| route.edge == path)
}

/// The routes from an object over an edge, whatever the method.
fn with_edge(target: Target, edge: &str) -> impl Iterator<Item = (&'static Route, Bound)> {
    let of_this = move |route: &'static Route| Some((route, route.of(target)?));
    ROUTES.iter().filter(move |route| route.edge == edge).filter_map(of_this)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_route_is_there_twice() {
        let distinct: BTreeSet<_> =
            ROUTES.iter().map(|route| (route.object(), route.edge, route.method)).collect();
        assert_eq!(distinct.len(), ROUTES.len());
    }
}
