//! `/control/v1/facts`, `/bill` and `/reset`.

use super::{Nothing, Problems, Success};
use crate::ask::{Asked, Said, Told};
use crate::control::Control;
use crate::error::Outcome;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A line of the bill.
#[derive(Serialize, ToSchema)]
pub(crate) struct BillShape {
    /// The account that it goes to.
    waba_id: String,
    /// The phone number that sent or received.
    phone_number_id: String,
    /// Which way.
    direction: &'static str,
    /// As the sender declared it.
    billing_class: &'static str,
    /// Country calling code of the consumers.
    country_calling_code: u32,
    /// How many envelopes.
    envelopes: u64,
    /// Bytes of ciphertext.
    bytes: u64,
}

/// What the relay counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Bill {
    /// A line for each phone number, direction, class and country.
    data: Vec<BillShape>,
}

/// What the relay counted for businesses.
#[utoipa::path(get, path = "/control/v1/bill",
    responses((status = 200, description = "The bill", body = Bill), Problems))]
pub(crate) async fn bill(State(control): State<Control>, Asked(Nothing {}): Asked<Nothing>) -> Said<Bill> {
    let line = |line: &cloud::BillLine| BillShape {
        waba_id: line.account.as_str().to_owned(),
        phone_number_id: line.phone_number.as_str().to_owned(),
        direction: match line.reading.direction {
            wire::Direction::BusinessToConsumer => "business_to_consumer",
            _ => "consumer_to_business",
        },
        billing_class: match line.reading.billing_class {
            wire::BillingClass::Marketing => "marketing",
            wire::BillingClass::Utility => "utility",
            wire::BillingClass::Authentication => "authentication",
            _ => "service",
        },
        country_calling_code: line.reading.country_calling_code,
        envelopes: line.reading.envelopes,
        bytes: line.reading.bytes,
    };
    Said(Bill { data: control.bill().iter().map(line).collect() })
}

/// What `serve --json` printed.
#[utoipa::path(get, path = "/control/v1/facts",
    responses((status = 200, description = "What there is", body = Object), Problems))]
pub(crate) async fn facts(
    State(control): State<Control>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Outcome<Said<Value>> {
    Ok(Said(control.stack()?.facts.clone()))
}

/// Everything is as after the start, but for the clock, which goes forward only. No people are left.
#[utoipa::path(post, path = "/control/v1/reset",
    responses((status = 200, description = "It is", body = Success), Problems))]
pub(crate) async fn reset(
    State(control): State<Control>,
    Told(Nothing {}): Told<Nothing>,
) -> Outcome<Said<Success>> {
    control.reset().await?;
    Ok(Success::YES)
}
