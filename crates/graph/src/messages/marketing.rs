//! `POST /{phone-number-id}/marketing_messages`: a message like any other, with what that call has beside it.

use crate::error::GraphError;
use crate::messages::Request;
use crate::messages::request::parameters;
use crate::params::Params;
use crate::templates::not_marketing_method;

/// What the request's parameters are: messages of other types have an error of their own here.
pub const MARKETING: &[&str] = parameters!("product_policy", "message_activity_sharing");

/// Those that other messages don't have.
const OWN: [&str; 2] = ["product_policy", "message_activity_sharing"];

impl Request {
    /// What the parameters of the call for marketing messages say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn of_marketing(params: &Params<'_>) -> Result<Self, GraphError> {
        if params.get("type").map(|kind| kind.text()).transpose()? != Some("template") {
            return Err(not_marketing_method());
        }
        let policy = params.get("product_policy");
        policy.map(|policy| policy.one_of(&["CLOUD_API_FALLBACK", "STRICT"])).transpose()?;
        params.get("message_activity_sharing").map(|sharing| sharing.boolean()).transpose()?;
        Self::parse(&params.without(&OWN))
    }
}
