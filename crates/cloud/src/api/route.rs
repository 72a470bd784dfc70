//! A route of the API: which calls there are is data.

use crate::accounts::{Grant, Target};
use crate::api::respond::Asker;
use crate::media::Attached;
use crate::output::Step;
use crate::state::State;
use graph::tokens::{Scope, TokenKind};
use graph::{Answer, AppId, GraphError, MediaId, Method, Params, PhoneNumberId, TemplateId, WabaId};

/// A line of the [table](crate::ROUTES): an object, an edge of it and a method; who may, with which parameters; and the
/// function that does it.
pub struct Route {
    /// What to do.
    pub method: Method,
    /// With what of the object; empty: the object itself.
    pub edge: &'static str,
    /// Which token it takes.
    pub needs: Needs,
    /// All parameters that it has. Others are refused where something is to be changed.
    pub parameters: &'static [&'static str],
    call: Call,
}

/// A kind of object that a path begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// None: the edge is a path of its own.
    Nothing,
    /// An app.
    App,
    /// A WhatsApp Business Account.
    Account,
    /// A business's phone number.
    Number,
    /// A message template.
    Template,
    /// Media that a business has uploaded, or a consumer sent.
    Media,
}

/// Which token a route takes, of those that open its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// One that may use messages (`whatsapp_business_messaging`); an app's own may not.
    Messaging,
    /// One that may see to the business's assets (`whatsapp_business_management`).
    Management,
    /// The app's own, `APP_ID|APP_SECRET`.
    AppToken,
    /// Any.
    AnyToken,
    /// None, but an app's id and secret as `client_id` and `client_secret`.
    Client,
}

/// The function that does what a route is for, by the object that it takes.
#[derive(Clone, Copy)]
enum Call {
    Nothing(Plain),
    App(Function<AppId>),
    Account(Function<WabaId>),
    Number(Function<PhoneNumberId>),
    Template(Function<TemplateId>),
    Media(Function<MediaId>),
}

type Plain = fn(&mut State, &Asked<'_>, &mut Step<'_>) -> Outcome;
type Function<Id> = fn(&mut State, Id, &Asked<'_>, &mut Step<'_>) -> Outcome;

/// A route's function and the object that it is called with: they fit.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    Nothing(Plain),
    App(Function<AppId>, AppId),
    Account(Function<WabaId>, WabaId),
    Number(Function<PhoneNumberId>, PhoneNumberId),
    Template(Function<TemplateId>, TemplateId),
    Media(Function<MediaId>, MediaId),
}

/// What the function of a route is told beside its object.
pub(crate) struct Asked<'a> {
    /// Who waits for the answer.
    pub(crate) asker: Asker,
    /// Whose token it was.
    pub(crate) app: AppId,
    /// What that opens.
    pub(crate) grant: &'a Grant,
    /// What else was said.
    pub(crate) params: &'a Params<'a>,
    /// The file of an upload.
    pub(crate) attached: &'a Attached,
}

/// What a call comes to.
pub(crate) type Outcome = Result<Reply, GraphError>;

/// When there is an answer.
pub(crate) enum Reply {
    /// This one.
    Now(Answer),
    /// When something else has happened.
    Later,
}

impl Route {
    pub(crate) const fn path_of_its_own(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Plain,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::Nothing(call) }
    }

    pub(crate) const fn app(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Function<AppId>,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::App(call) }
    }

    pub(crate) const fn account(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Function<WabaId>,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::Account(call) }
    }

    pub(crate) const fn number(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Function<PhoneNumberId>,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::Number(call) }
    }

    pub(crate) const fn template(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Function<TemplateId>,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::Template(call) }
    }

    pub(crate) const fn media(
        method: Method,
        edge: &'static str,
        needs: Needs,
        parameters: &'static [&'static str],
        call: Function<MediaId>,
    ) -> Self {
        Self { method, edge, needs, parameters, call: Call::Media(call) }
    }

    /// The kind of object that it begins with.
    pub const fn object(&self) -> Object {
        match self.call {
            Call::Nothing(_) => Object::Nothing,
            Call::App(_) => Object::App,
            Call::Account(_) => Object::Account,
            Call::Number(_) => Object::Number,
            Call::Template(_) => Object::Template,
            Call::Media(_) => Object::Media,
        }
    }

    /// The path, of the object with this id.
    pub fn path(&self, id: &str) -> String {
        if self.object() == Object::Nothing {
            return format!("/{}", self.edge);
        }
        if self.edge.is_empty() { format!("/{id}") } else { format!("/{id}/{}", self.edge) }
    }

    /// Its function, if it is a path of its own.
    pub(crate) fn of_nothing(&self) -> Option<Bound> {
        match self.call {
            Call::Nothing(call) => Some(Bound::Nothing(call)),
            _ => None,
        }
    }

    /// Its function, to be called with `target`; `None` if it is a route of other objects.
    pub(crate) fn of(&self, target: Target) -> Option<Bound> {
        match (self.call, target) {
            (Call::App(call), Target::App(id)) => Some(Bound::App(call, id)),
            (Call::Account(call), Target::Account(id)) => Some(Bound::Account(call, id)),
            (Call::Number(call), Target::Number(id)) => Some(Bound::Number(call, id)),
            (Call::Template(call), Target::Template(id)) => Some(Bound::Template(call, id)),
            (Call::Media(call), Target::Media(id)) => Some(Bound::Media(call, id)),
            _ => None,
        }
    }

    /// Refuses tokens of the wrong kind.
    pub(crate) fn admit(&self, grant: &Grant) -> Result<(), GraphError> {
        let is_of_app = grant.kind == TokenKind::App;
        match self.needs {
            Needs::Messaging if is_of_app || !grant.scopes.has(Scope::Messaging) => {
                Err(GraphError::not_for_this_app())
            }
            Needs::Management if !grant.scopes.has(Scope::Management) => Err(GraphError::no_permission()),
            Needs::AppToken if !is_of_app => Err(GraphError::no_permission()),
            Needs::Messaging | Needs::Management | Needs::AppToken | Needs::AnyToken | Needs::Client => {
                Ok(())
            }
        }
    }
}

impl Bound {
    pub(crate) fn call(self, state: &mut State, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
        match self {
            Self::Nothing(call) => call(state, asked, step),
            Self::App(call, id) => call(state, id, asked, step),
            Self::Account(call, id) => call(state, id, asked, step),
            Self::Number(call, id) => call(state, id, asked, step),
            Self::Template(call, id) => call(state, id, asked, step),
            Self::Media(call, id) => call(state, id, asked, step),
        }
    }
}
