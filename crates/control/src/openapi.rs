//! The description of all calls, from the code.

use crate::ask::Said;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Blindpost control interface",
        description = "People and their phones, the clock, faults, deliveries: what a test needs and the Cloud API does not offer.",
        version = "1"
    ),
    paths(
        crate::calls::add_consumer,
        crate::calls::list_consumers,
        crate::calls::get_consumer,
        crate::calls::change_consumer,
        crate::calls::remove_consumer,
        crate::calls::reinstall,
        crate::calls::typing,
        crate::calls::block,
        crate::calls::report,
        crate::calls::pay,
        crate::calls::add_device,
        crate::calls::remove_device,
        crate::calls::list_messages,
        crate::calls::send_message,
        crate::calls::read,
        crate::calls::get_clock,
        crate::calls::set_clock,
        crate::calls::list_faults,
        crate::calls::add_fault,
        crate::calls::remove_fault,
        crate::calls::list_deliveries,
        crate::calls::redeliver,
        crate::calls::review,
        crate::calls::set_number,
        crate::calls::get_code,
        crate::calls::bill,
        crate::calls::facts,
        crate::calls::reset,
        openapi,
    ),
    components(schemas(crate::error::Problem))
)]
struct Description;

/// This description.
#[utoipa::path(get, path = "/control/v1/openapi.json",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn openapi() -> Said<OpenApi> {
    Said(Description::openapi())
}
