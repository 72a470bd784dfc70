//! `GET /{phone-number-id}`, and the items of `GET /{waba-id}/phone_numbers` (Cloud API documentation, "Phone numbers").

use crate::ids::PhoneNumberId;
use crate::objects::health::{EntityType, HealthStatus};
use crate::objects::node;
use serde::{Serialize, Serializer};
use wire::Number;

node! {
    /// A business's phone number.
    PhoneNumber is "WhatsAppBusinessPhoneNumber",
    usually [
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "webhook_configuration",
    ],
    always {
        /// Its id.
        id: PhoneNumberId,
        /// The name that consumers see.
        verified_name: &'a str,
        /// The number, as people write it.
        display_phone_number: String,
        /// What consumers think of it.
        quality_rating: &'static str,
        /// The same, as an object.
        quality_score: Quality,
        /// Whether it can be used.
        status: &'static str,
        /// Whether its owner has shown that it is theirs.
        code_verification_status: &'static str,
        /// Whether the name was approved.
        name_status: &'static str,
        /// Whether a name that was asked for was.
        new_name_status: &'static str,
        /// What it is used with.
        platform_type: &'static str,
        /// The same.
        host_platform: &'static str,
        /// How many messages per second.
        throughput: Throughput,
        /// `LIVE` or `SANDBOX`.
        account_mode: &'static str,
        /// How many people may be written to first in a day.
        messaging_limit_tier: &'static str,
        /// The same, of the portfolio.
        whatsapp_business_manager_messaging_limit: &'static str,
        /// Whether it has a badge.
        is_official_business_account: bool,
        /// Whether registering it again needs a PIN.
        is_pin_enabled: bool,
        /// Whether the app for small businesses has it too.
        is_on_biz_app: bool,
        /// Whether a partner verified it.
        is_preverified_number: bool,
        /// Whether people find it.
        search_visibility: &'static str,
        /// What the number begins with.
        country_dial_code: String,
        /// Whether messages can be sent.
        health_status: Health,
    }
    sometimes {
        /// Where its webhooks go.
        webhook_configuration: WebhookConfiguration<'a>,
    }
}

/// The field `quality_score`.
#[derive(Serialize)]
pub struct Quality {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub score: &'static str,
}

/// The field `throughput`.
#[derive(Serialize)]
pub struct Throughput {
    /// `STANDARD`: 80 messages per second.
    pub level: &'static str,
}

/// The field `webhook_configuration`: the URLs that are set, the most specific first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WebhookConfiguration<'a> {
    /// For the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<&'a str>,
    /// For its account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_account: Option<&'a str>,
    /// For the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<&'a str>,
}

/// The number's own health.
pub struct Health(PhoneNumberId);

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HealthStatus::available(EntityType::PhoneNumber, self.0.as_str()).serialize(serializer)
    }
}

impl<'a> PhoneNumber<'a> {
    /// A number as numbers are at first.
    pub fn new(
        id: PhoneNumberId,
        number: Number,
        verified_name: &'a str,
        webhooks: WebhookConfiguration<'a>,
    ) -> Self {
        let (country, digits) = (number.country_calling_code().to_string(), number.digits());
        let national = digits.strip_prefix(&country).unwrap_or(&digits);
        Self {
            id,
            verified_name,
            display_phone_number: format!("+{country} {national}"),
            quality_rating: "GREEN",
            quality_score: Quality { score: "GREEN" },
            status: "CONNECTED",
            code_verification_status: "VERIFIED",
            name_status: "APPROVED",
            new_name_status: "NONE",
            platform_type: "CLOUD_API",
            host_platform: "CLOUD_API",
            throughput: Throughput { level: "STANDARD" },
            account_mode: "LIVE",
            messaging_limit_tier: "TIER_2K",
            whatsapp_business_manager_messaging_limit: "TIER_2K",
            is_official_business_account: false,
            is_pin_enabled: false,
            is_on_biz_app: false,
            is_preverified_number: false,
            search_visibility: "VISIBLE",
            health_status: Health(id),
            webhook_configuration: (webhooks != WebhookConfiguration::default()).then_some(webhooks),
            country_dial_code: country,
        }
    }
}
