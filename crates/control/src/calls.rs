//! The calls: which there are, and which function each is.

mod clock;
mod consumers;
mod deliveries;
mod facts;
mod faults;
mod messages;
mod numbers;
mod templates;

pub(crate) use clock::*;
pub(crate) use consumers::*;
pub(crate) use deliveries::*;
pub(crate) use facts::*;
pub(crate) use faults::*;
pub(crate) use messages::*;
pub(crate) use numbers::*;
pub(crate) use templates::*;

use crate::ask::no_pages;
use crate::control::Control;
use crate::error::{Error, Problem};
use crate::openapi::openapi;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post};

/// What every call may answer beside what it is for.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only its description is of use")]
pub(crate) enum Problems {
    /// The call says nothing that can be understood.
    #[response(status = 400)]
    BadRequest(Problem),
    /// What it names is not there.
    #[response(status = 404)]
    NotFound(Problem),
    /// What is there is in the way, or a party does not answer now.
    #[response(status = 409)]
    Conflict(Problem),
    /// It can be understood, and not be done.
    #[response(status = 422)]
    Unprocessable(Problem),
}

/// All calls.
pub(crate) fn router(control: Control) -> Router {
    let person = |edge: &str| format!("/control/v1/consumers/{{number}}{edge}");
    Router::new()
        .route("/control/v1/openapi.json", get(openapi))
        .route("/control/v1/consumers", get(list_consumers).post(add_consumer))
        .route(&person(""), get(get_consumer).patch(change_consumer).delete(remove_consumer))
        .route(&person("/messages"), get(list_messages).post(send_message))
        .route(&person("/read"), post(read))
        .route(&person("/typing"), post(typing))
        .route(&person("/reinstall"), post(reinstall))
        .route(&person("/block"), post(block))
        .route(&person("/report"), post(report))
        .route(&person("/pay"), post(pay))
        .route(&person("/devices"), post(add_device))
        .route(&person("/devices/{device}"), delete(remove_device))
        .route("/control/v1/clock", get(get_clock).post(set_clock))
        .route("/control/v1/faults", get(list_faults).post(add_fault))
        .route("/control/v1/faults/{id}", delete(remove_fault))
        .route("/control/v1/deliveries", get(list_deliveries))
        .route("/control/v1/deliveries/{id}/redeliver", post(redeliver))
        .route("/control/v1/templates/{id}/review", post(review))
        .route("/control/v1/numbers/{id}", post(set_number))
        .route("/control/v1/numbers/{id}/code", get(get_code))
        .route("/control/v1/bill", get(bill))
        .route("/control/v1/facts", get(facts))
        .route("/control/v1/reset", post(reset))
        .fallback(async || Error::not_found("there is no such path", "see GET /control/v1/openapi.json"))
        .method_not_allowed_fallback(async || Error::method_not_allowed())
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(no_pages))
        .with_state(control)
}
