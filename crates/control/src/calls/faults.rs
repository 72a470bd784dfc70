//! `/control/v1/faults`: what is to go wrong.

use super::consumers::numbered;
use super::{Nothing, Problems};
use crate::ask::{Asked, Made, Named, Said, Told};
use crate::control::Control;
use crate::error::{Error, Outcome};
use crate::when::{duration, parse_duration};
use axum::extract::State;
use axum::http::StatusCode;
use cloud::{Done, Effect, Fault, Matching, Order};
use graph::codes::{Code, official};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFault {
    /// Which messages; all if it names nothing.
    #[serde(default, rename = "match")]
    matching: MatchingShape,
    /// What goes wrong.
    fault: FaultShape,
    /// How often; always if it is not said. A relay that is away stays so until the rule is removed.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 4294967295_u64)]
    times: Option<std::num::NonZeroU32>,
}

/// Which messages a rule is about: all that fit everything that it names.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchingShape {
    /// The person's number, whichever way the message goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, pattern = "^\\+?[1-9][0-9]{6,14}$")]
    to: Option<String>,
    /// The kind of message (`text`, `image`, …); of a webhook that is about no message, `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, max_length = 32)]
    r#type: Option<String>,
    /// The business's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, pattern = "^\\+?[1-9][0-9]{6,14}$")]
    business: Option<String>,
}

/// What goes wrong.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum FaultShape {
    /// What was accepted fails.
    Failed(FailedFault),
    /// What was accepted waits.
    Delayed(DelayFault),
    /// The webhook is never posted.
    Dropped(DropFault),
    /// The webhook is posted twice.
    Duplicated(DuplicateFault),
    /// The request is refused.
    Refused(ApiErrorFault),
    /// The node has no connection to the relay.
    Offline(OfflineFault),
}

/// What was accepted fails.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailedFault {
    status: FailedWord,
    /// The code of the error, of those that are documented.
    code: u32,
}

/// What was accepted waits.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayFault {
    /// For so long: `3s`.
    #[schema(pattern = "^([0-9]{1,6}(ms|s|m|h|d|w))+$", max_length = 24)]
    delay: String,
}

/// The webhook is never posted.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropFault {
    drop: WebhookWord,
}

/// The webhook is posted twice.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateFault {
    duplicate: WebhookWord,
}

/// The request is refused.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiErrorFault {
    /// The code of the error, of those that are documented.
    api_error: u32,
    /// The status of the answer; the code's own if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    http: Option<u16>,
}

/// The node has no connection to the relay.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfflineFault {
    offline: RelayWord,
}

macro_rules! word {
    ($(#[$meta:meta])* $name:ident::$variant:ident) => {
        $(#[$meta])*
        #[derive(Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            /// The only one.
            $variant,
        }
    };
}

word! {
    /// The status that a message gets.
    FailedWord::Failed
}
word! {
    /// What is dropped or doubled.
    WebhookWord::Webhook
}
word! {
    /// What is away.
    RelayWord::Relay
}

/// A rule that there is.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultRecord {
    /// Its name.
    id: String,
    /// Which messages.
    r#match: MatchingShape,
    /// What goes wrong.
    fault: FaultShape,
    /// How often it still does; nothing if always.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
}

/// All rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct Faults {
    /// In the order in which they were made.
    data: Vec<FaultRecord>,
}

/// All rules.
#[utoipa::path(get, path = "/control/v1/faults",
    responses((status = 200, description = "All rules", body = Faults), Problems))]
pub(crate) async fn list_faults(
    State(control): State<Control>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Outcome<Said<Faults>> {
    let rules = match control.order(Order::Faults).await? {
        Done::Faults(rules) => rules,
        _ => Vec::new(),
    };
    Ok(Said(Faults { data: rules.into_iter().map(|(id, fault)| FaultRecord::of(id, fault)).collect() }))
}

/// Has something go wrong.
#[utoipa::path(post, path = "/control/v1/faults", request_body = NewFault,
    responses((status = 201, description = "The rule", body = FaultRecord), Problems))]
pub(crate) async fn add_fault(
    State(control): State<Control>,
    Told(told): Told<NewFault>,
) -> Outcome<Made<FaultRecord>> {
    let number = |text: Option<String>, member| text.map(|text| numbered(&text, member)).transpose();
    let matching = Matching {
        consumer: number(told.matching.to, "match.to")?,
        kind: told.matching.r#type,
        business: number(told.matching.business, "match.business")?,
    };
    let fault = Fault { matching, effect: effect(told.fault)?, times: told.times.map(Into::into) };
    match control.order(Order::AddFault(fault.clone())).await? {
        Done::Fault(id) => Ok(Made(FaultRecord::of(id, fault))),
        _ => Err(Error::unavailable("the node did not take the rule")),
    }
}

/// Takes a rule away.
#[utoipa::path(delete, path = "/control/v1/faults/{id}",
    params(("id" = String, Path, description = "The rule's name")),
    responses((status = 204, description = "It is gone"), Problems))]
pub(crate) async fn remove_fault(State(control): State<Control>, Named(name): Named) -> Outcome<StatusCode> {
    let missing = || Error::not_found("there is no such rule", "GET /control/v1/faults lists them");
    let id = name.parse().map_err(|_| missing())?;
    match control.order(Order::RemoveFault(id)).await? {
        Done::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(missing()),
    }
}

impl FaultRecord {
    fn of(id: u64, Fault { matching, effect, times }: Fault) -> Self {
        let shape = MatchingShape {
            to: matching.consumer.map(wire::Number::digits),
            r#type: matching.kind,
            business: matching.business.map(wire::Number::digits),
        };
        Self { id: id.to_string(), r#match: shape, fault: FaultShape::of(effect), times }
    }
}

impl FaultShape {
    fn of(effect: Effect) -> Self {
        match effect {
            Effect::Failed(code) => {
                Self::Failed(FailedFault { status: FailedWord::Failed, code: code.number })
            }
            Effect::Delay(delay) => Self::Delayed(DelayFault { delay: duration(delay) }),
            Effect::DropWebhook => Self::Dropped(DropFault { drop: WebhookWord::Webhook }),
            Effect::DuplicateWebhook => Self::Duplicated(DuplicateFault { duplicate: WebhookWord::Webhook }),
            Effect::ApiError(code) => {
                Self::Refused(ApiErrorFault { api_error: code.number, http: Some(code.status) })
            }
            Effect::Offline => Self::Offline(OfflineFault { offline: RelayWord::Relay }),
        }
    }
}

fn effect(shape: FaultShape) -> Outcome<Effect> {
    Ok(match shape {
        FaultShape::Failed(FailedFault { code, .. }) => Effect::Failed(documented(code)?),
        FaultShape::Delayed(DelayFault { delay }) => Effect::Delay(
            parse_duration(&delay)
                .ok_or_else(|| Error::bad_request("fault.delay is not a duration", "write 3s or 1h30m"))?,
        ),
        FaultShape::Dropped(_) => Effect::DropWebhook,
        FaultShape::Duplicated(_) => Effect::DuplicateWebhook,
        FaultShape::Refused(ApiErrorFault { api_error, http }) => {
            let code = documented(api_error)?;
            let status = http.unwrap_or(code.status);
            if !(400..=599).contains(&status) {
                return Err(Error::bad_request("fault.http is 400 to 599", "name the status of an error"));
            }
            Effect::ApiError(Code { status, ..code })
        }
        FaultShape::Offline(_) => Effect::Offline,
    })
}

fn documented(code: u32) -> Outcome<Code> {
    official(code).ok_or_else(|| {
        Error::not_found(
            format!("{code} is not the code of an error"),
            "take one of the documentation's table",
        )
    })
}
