//! `/control/v1/consumers/{number}/messages` and `/read`: what an app shows, and what the person sends and has read.

use super::{Problems, Success};
use crate::ask::{Asked, Made, Said, Told, Whose};
use crate::control::Control;
use crate::error::{Error, Outcome};
use crate::told::{self, Message, named};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those after this one.
    #[serde(default)]
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
}

/// What an app shows, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Messages {
    /// `id`, `direction`, `peer`, `type` and the member of that name, `context`, `status`, `at`.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
}

/// What the person has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// These messages; everything if they are not named.
    #[serde(default)]
    ids: Option<Vec<String>>,
}

/// A message that was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    /// What the business knows it by.
    id: String,
}

/// What the app shows, oldest first.
#[utoipa::path(get, path = "/control/v1/consumers/{number}/messages",
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number"), Which),
    responses((status = 200, description = "Messages", body = Messages), Problems))]
pub(crate) async fn list_messages(
    State(control): State<Control>,
    Whose(number): Whose,
    Asked(Which { after, limit }): Asked<Which>,
) -> Outcome<Said<Messages>> {
    let limit = within(limit)?;
    let person = control.people().get(number).await?;
    let data = person.log().after(after.as_deref(), limit);
    let data =
        data.ok_or_else(|| Error::not_found("after names no message that the app shows", "leave it out"))?;
    Ok(Said(Messages { data }))
}

/// The person sends.
#[utoipa::path(post, path = "/control/v1/consumers/{number}/messages", request_body = Message,
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 201, description = "It is sent", body = Sent), Problems))]
pub(crate) async fn send_message(
    State(control): State<Control>,
    Whose(number): Whose,
    Told(message): Told<Message>,
) -> Outcome<Made<Sent>> {
    let message = message.read()?;
    let person = control.people().get(number).await?;
    let body = match &message.said {
        told::Said::Body(body) => body.clone(),
        told::Said::Media(kind, media) => crate::media::put(*kind, media)?,
    };
    Ok(Made(Sent { id: person.send(message, body).await? }))
}

/// The person has read messages: all, or these.
#[utoipa::path(post, path = "/control/v1/consumers/{number}/read", request_body = Seen,
    params(("number" = String, Path, pattern = "^[1-9][0-9]{6,14}$", description = "Telephone number")),
    responses((status = 200, description = "They are read", body = Success), Problems))]
pub(crate) async fn read(
    State(control): State<Control>,
    Whose(number): Whose,
    Told(Seen { ids }): Told<Seen>,
) -> Outcome<Said<Success>> {
    let person = control.people().get(number).await?;
    let ids = ids.map(|ids| ids.iter().map(|id| named(id)).collect::<Outcome<Vec<_>>>()).transpose()?;
    person.read(ids).map_err(|wamid| {
        let message = format!("this person has received no message {wamid}");
        Error::not_found(message, "GET …/messages lists what the app shows")
    })?;
    Ok(Success::YES)
}

/// How many at most.
pub(crate) fn within(limit: Option<u16>) -> Outcome<usize> {
    match limit.unwrap_or(100) {
        limit @ 1..=1000 => Ok(usize::from(limit)),
        _ => Err(Error::bad_request("limit is 1 to 1000", "ask again, after the last that was answered")),
    }
}
