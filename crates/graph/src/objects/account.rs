//! `GET /{waba-id}` (Graph API reference, "WhatsApp Business Account").

use crate::ids::WabaId;
use crate::objects::health::{EntityType, HealthStatus};
use crate::objects::node;
use serde::{Serialize, Serializer};

node! {
    /// A WhatsApp Business Account.
    Account is "WhatsAppBusinessAccount", usually ["name", "timezone_id", "message_template_namespace"],
    always {
        /// Its id.
        id: WabaId,
        /// What people call it.
        name: &'a str,
        /// A number of Graph's own.
        timezone_id: &'static str,
        /// `APPROVED` once its review is over.
        account_review_status: &'static str,
        /// Of the portfolio that it belongs to.
        business_verification_status: &'static str,
        /// What it is billed in (ISO 4217).
        currency: &'static str,
        /// Who owns it.
        ownership_type: &'static str,
        /// Whether it has metrics.
        is_enabled_for_insights: bool,
        /// Whether messages can be sent.
        health_status: Health,
    }
    sometimes {
        /// What templates are named under.
        message_template_namespace: &'a str,
    }
}

/// The account's own health.
pub struct Health(WabaId);

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HealthStatus::available(EntityType::Waba, self.0.as_str()).serialize(serializer)
    }
}

impl<'a> Account<'a> {
    /// An account as accounts are at first.
    pub fn new(id: WabaId, name: &'a str) -> Self {
        Self {
            id,
            name,
            timezone_id: "1",
            account_review_status: "APPROVED",
            business_verification_status: "verified",
            currency: "USD",
            ownership_type: "SELF",
            is_enabled_for_insights: true,
            health_status: Health(id),
            message_template_namespace: None,
        }
    }
}
