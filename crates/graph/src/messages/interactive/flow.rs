//! A form to fill in.

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, any_object, kept, label, not_valid, object, text, word};
use crate::table::{object, words};

object! {
    pub(super) struct Action where "name" = "flow" {
        parameters: Json<Flow> = required kept(object()),
    }
}

object! {
    /// A form to fill in.
    pub struct Flow where "flow_message_version" = "3" {
        /// Its id; either that or its name is there.
        flow_id: Option<String> = optional text(1..=64),
        /// Its name.
        flow_name: Option<String> = optional text(1..=200),
        /// What stands on the button that opens it.
        flow_cta: String = required label(1..=30),
        /// The business's name for this one to be filled in.
        flow_token: Option<String> = optional text(1..=1_024),
        /// Whether all may see it.
        mode: Option<FlowMode> = optional word(),
        /// What opening it does.
        flow_action: Option<FlowAction> = optional word(),
        /// With what it opens.
        flow_action_payload: Option<FlowPayload> = optional object(),
    }
    check Flow::check
}

object! {
    /// With what a form opens.
    pub struct FlowPayload {
        /// Its first screen.
        screen: String = required text(1..=200),
        /// What is on it, as JSON.
        data: Option<String> = optional any_object(),
    }
}

words! {
    /// Whether all may see a form.
    pub enum FlowMode {
        /// They may.
        Published = "published",
        /// It is being written.
        Draft = "draft",
    }
}

words! {
    /// What opening a form does.
    pub enum FlowAction {
        /// It shows a screen.
        Navigate = "navigate",
        /// It asks the business what to show.
        DataExchange = "data_exchange",
    }
}

impl Flow {
    fn check(&self, param: Param<'_>) -> Result<(), GraphError> {
        if self.flow_id.is_some() == self.flow_name.is_some() {
            let details = format!("Param {} must have either a flow_id or a flow_name.", param.path());
            return Err(not_valid(details));
        }
        Ok(())
    }
}
