//! What is told of phone numbers: their names, limits and PINs (facts, section 9A.5). A number's own digits are shown as the
//! field documents: as people read them.

use serde::Serialize;

/// The value of `phone_number_name_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberName {
    /// In digits.
    pub display_phone_number: String,
    /// `APPROVED`, `DEFERRED`, `PENDING` or `REJECTED`.
    pub decision: String,
    /// The name.
    pub requested_verified_name: String,
    /// Of a name that was rejected; else null.
    pub rejection_reason: Option<String>,
}

/// The value of `phone_number_quality_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberQuality {
    /// In digits.
    pub display_phone_number: String,
    /// `ONBOARDING` or `THROUGHPUT_UPGRADE`.
    pub event: String,
    /// A tier, as `TIER_250`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_limit: Option<String>,
    /// A tier, as `TIER_2K`.
    pub current_limit: String,
    /// The portfolio's, by the same names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversations_per_business: Option<String>,
}

/// The value of `security`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Security {
    /// In digits.
    pub display_phone_number: String,
    /// `PIN_CHANGED`, `PIN_RESET_REQUEST` or `PIN_REQUEST_SUCCESS`.
    pub event: String,
    /// Who asked for it, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
}

/// The value of `phone_number_username_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberUsername {
    /// In digits.
    pub display_phone_number: String,
    /// The username.
    pub username: String,
    /// How it stands.
    pub status: String,
}
