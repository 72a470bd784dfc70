//! `/control/v1/templates`: what reviewers decide.

use super::{Problems, Success};
use crate::ask::{Named, Said, Told};
use crate::control::Control;
use crate::error::{Error, Outcome};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

/// What reviewers decide.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    /// What becomes of the template.
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    status: ReviewWord,
    /// Why.
    #[serde(default)]
    #[expect(dead_code, reason = "read, to be refused if it is something else")]
    reason: Option<String>,
}

/// What can become of a template.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ReviewWord {
    Approved,
    Rejected,
    Paused,
    Disabled,
}

/// Reviewers decide about a template.
#[utoipa::path(post, path = "/control/v1/templates/{id}/review", request_body = Review,
    params(("id" = String, Path, description = "The id of the template")),
    responses((status = 200, description = "It is decided", body = Success), Problems))]
pub(crate) async fn review(
    State(_): State<Control>,
    Named(_): Named,
    Told(_): Told<Review>,
) -> Outcome<Said<Success>> {
    Err(Error::not_built("the review of templates"))
}
