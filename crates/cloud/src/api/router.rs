//! From a path to a call that the token allows.

use crate::api::auth;
use crate::api::errors::GraphError;
use crate::api::messages::{self, MessageCall};
use crate::api::objects::{Fields, Page};
use crate::api::request::Request;
use crate::api::subscriptions::{self, Change};
use crate::callbacks::Slot;
use crate::directory::{Directory, Grant, Object};
use crate::exchange::Method;
use crate::ids::{AppId, PhoneNumberId, WabaId, is_graph_id};
use kernel::Time;

/// What a request asks for. The caller may have it, and every parameter is right.
pub(crate) enum Call {
    Message {
        from: PhoneNumberId,
        call: MessageCall,
    },
    Number {
        id: PhoneNumberId,
        app: AppId,
        fields: Fields,
    },
    Account {
        id: WabaId,
        fields: Fields,
    },
    App {
        id: AppId,
        fields: Fields,
    },
    Numbers {
        account: WabaId,
        app: AppId,
        fields: Fields,
        page: Page,
    },
    /// The webhook subscription of an app.
    Subscriptions(AppId),
    /// The apps that are subscribed to an account.
    SubscribedApps(WabaId),
    /// Sets where webhooks go, with a handshake if somewhere new.
    SetCallback {
        slot: Slot,
        change: Change,
    },
}

/// What `request` asks for.
pub(crate) fn route(directory: &Directory, now: Time, request: &Request) -> Result<Call, GraphError> {
    let grant = auth::authenticate(directory, now, &request.token)?;
    let (id, edge) = match request.segments.as_slice() {
        [id] => (id, None),
        [id, edge] => (id, Some(edge.as_str())),
        [id, _, _, ..] if is_graph_id(id) => return Err(GraphError::unknown_path(&request.rest(1))),
        _ => return Err(GraphError::unknown_path(&request.rest(0))),
    };
    if !is_graph_id(id) {
        return Err(GraphError::unknown_path(&request.rest(0)));
    }
    if request.method == Method::Other {
        return Err(GraphError::unknown_method());
    }
    let unknown_object = || GraphError::unknown_object(request.method, id);
    let object = directory.object(id, &grant).ok_or_else(unknown_object)?;
    call(object, edge, &grant, request)?.ok_or_else(|| match edge {
        Some(edge) if !is_edge(object, edge) => GraphError::unknown_path(&request.rest(1)),
        _ => unknown_object(),
    })
}

/// `None`: the object has no such edge, or not with this method.
fn call(
    object: Object<'_>,
    edge: Option<&str>,
    grant: &Grant,
    request: &Request,
) -> Result<Option<Call>, GraphError> {
    let params = || request.params.as_ref().map_err(Clone::clone);
    let app = || grant.app.clone();
    Ok(Some(match (object, edge, request.method) {
        (Object::Number(phone), Some("messages"), Method::Post) => {
            if grant.is_app_token {
                return Err(GraphError::not_for_this_app());
            }
            Call::Message { from: phone.id.clone(), call: messages::parse(params()?, phone)? }
        }
        (Object::Number(phone), None, Method::Get) => {
            Call::Number { id: phone.id.clone(), app: app(), fields: Fields::parse(params()?)? }
        }
        (Object::Number(phone), None, Method::Post) => Call::SetCallback {
            slot: Slot::Number(phone.id.clone(), app()),
            change: subscriptions::number_webhook(params()?)?,
        },
        (Object::Account(account), None, Method::Get) => {
            Call::Account { id: account.id.clone(), fields: Fields::parse(params()?)? }
        }
        (Object::Account(account), Some("phone_numbers"), Method::Get) => Call::Numbers {
            account: account.id.clone(),
            app: app(),
            fields: Fields::parse(params()?)?,
            page: Page::parse(params()?)?,
        },
        (Object::Account(account), Some("subscribed_apps"), Method::Get) => {
            Call::SubscribedApps(account.id.clone())
        }
        (Object::Account(account), Some("subscribed_apps"), Method::Post) => Call::SetCallback {
            slot: Slot::Account(account.id.clone(), app()),
            change: subscriptions::subscribe_app(params()?)?,
        },
        (Object::Account(account), Some("subscribed_apps"), Method::Delete) => {
            Call::SetCallback { slot: Slot::Account(account.id.clone(), app()), change: Change::Remove }
        }
        (Object::App(own), None, Method::Get) => {
            Call::App { id: own.id.clone(), fields: Fields::parse(params()?)? }
        }
        (Object::App(_), Some("subscriptions"), _) if !grant.is_app_token => {
            return Err(GraphError::no_permission());
        }
        (Object::App(own), Some("subscriptions"), Method::Get) => Call::Subscriptions(own.id.clone()),
        (Object::App(own), Some("subscriptions"), Method::Post) => Call::SetCallback {
            slot: Slot::App(own.id.clone()),
            change: subscriptions::subscribe(params()?)?,
        },
        (Object::App(own), Some("subscriptions"), Method::Delete) => Call::SetCallback {
            slot: Slot::App(own.id.clone()),
            change: subscriptions::unsubscribe(params()?)?,
        },
        _ => return Ok(None),
    }))
}

fn is_edge(object: Object<'_>, edge: &str) -> bool {
    match object {
        Object::Number(_) => edge == "messages",
        Object::Account(_) => edge == "phone_numbers" || edge == "subscribed_apps",
        Object::App(_) => edge == "subscriptions",
    }
}
