//! `/control/v1/deliveries`: the webhooks that were posted, and what became of them.

use super::messages::within;
use super::{Problems, Success};
use crate::ask::{Asked, Named, Said, Told};
use crate::calls::Nothing;
use crate::control::Control;
use crate::error::{Error, Outcome};
use crate::watch::Delivery;
use crate::when::rfc3339;
use axum::extract::State;
use cloud::Order;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which posts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichDeliveries {
    /// Only those after this one.
    #[serde(default)]
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u16>,
}

/// A post.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryShape {
    /// Its name.
    id: String,
    /// The first event that it tells: the same for all attempts.
    event: String,
    /// Where it went.
    url: String,
    /// How often that one was posted, this time included.
    attempt: u32,
    /// The status that was answered; nothing if there was no answer.
    status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The body, exactly as it was signed.
    body: String,
    /// The header `X-Hub-Signature-256`.
    signature: String,
    /// When there was an answer, or none any more.
    #[schema(format = DateTime)]
    at: String,
}

/// Posts, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveriesShape {
    /// The posts.
    data: Vec<DeliveryShape>,
}

/// The webhooks that were posted, oldest first.
#[utoipa::path(get, path = "/control/v1/deliveries", params(WhichDeliveries),
    responses((status = 200, description = "Posts", body = DeliveriesShape), Problems))]
pub(crate) async fn list_deliveries(
    State(control): State<Control>,
    Asked(WhichDeliveries { after, limit }): Asked<WhichDeliveries>,
) -> Outcome<Said<DeliveriesShape>> {
    let limit = within(limit)?;
    let after = after.as_deref().map_or(Ok(0), str::parse);
    let after = after.map_err(|_| Error::bad_request("after is not the id of a delivery", "leave it out"))?;
    let posts = control.watch().deliveries().after(after, limit);
    Ok(Said(DeliveriesShape { data: posts.iter().map(DeliveryShape::of).collect() }))
}

/// Posts the same once more, whatever became of it.
#[utoipa::path(post, path = "/control/v1/deliveries/{id}/redeliver",
    params(("id" = String, Path, description = "The delivery's name")),
    responses((status = 200, description = "It is on its way", body = Success), Problems))]
pub(crate) async fn redeliver(
    State(control): State<Control>,
    Named(name): Named,
    Told(Nothing {}): Told<Nothing>,
) -> Outcome<Said<Success>> {
    let post = {
        let deliveries = control.watch().deliveries();
        let delivery = name.parse().ok().and_then(|id| deliveries.get(id));
        delivery.map(|delivery| delivery.post.clone())
    };
    let post = post.ok_or_else(|| {
        Error::not_found("there is no such delivery", "GET /control/v1/deliveries lists the last ones")
    })?;
    control.order(Order::Repost(post)).await?;
    Ok(Success::YES)
}

impl DeliveryShape {
    fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event: delivery.post.event.to_string(),
            url: delivery.post.url.clone(),
            attempt: delivery.post.attempt,
            status: delivery.status(),
            failure: delivery.failure().map(|failure| failure.to_string()),
            body: String::from_utf8_lossy(&delivery.post.body).into_owned(),
            signature: delivery.post.signature_256.clone(),
            at: rfc3339(delivery.at),
        }
    }
}
