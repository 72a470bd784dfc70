//! What accounts are told of themselves: reviews, restrictions, what they may do (facts, section 9A.5).

use serde::Serialize;

/// The value of `account_alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountAlert {
    /// `BUSINESS` or `PHONE_NUMBER`.
    pub entity_type: String,
    /// The id of what it is about.
    pub entity_id: String,
    /// What there is to know.
    pub alert_info: AlertInfo,
}

/// What there is to know of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertInfo {
    /// `CRITICAL`, `WARNING` or `INFORMATIONAL`.
    pub alert_severity: String,
    /// `ACTIVE` or `NONE`.
    pub alert_status: String,
    /// For example `OBA_APPROVED`.
    pub alert_type: String,
    /// For people.
    pub alert_description: String,
}

/// The value of `account_review_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountReview {
    /// `APPROVED`, `REJECTED`, `PENDING` or `DEFERRED`.
    pub decision: String,
}

/// The value of `account_update`: an event, and what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountUpdate {
    /// For example `DISABLED_UPDATE` or `ACCOUNT_RESTRICTION`.
    pub event: String,
    /// In digits, of events that are about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Of `BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Of `ACCOUNT_VIOLATION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation_info: Option<ViolationInfo>,
    /// Of `ACCOUNT_RESTRICTION`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restriction_info: Vec<Restriction>,
    /// Of `DISABLED_UPDATE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ban_info: Option<BanInfo>,
    /// Of `PARTNER_ADDED`, `PARTNER_REMOVED`, `PARTNER_APP_INSTALLED` and `PARTNER_APP_UNINSTALLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waba_info: Option<WabaInfo>,
}

/// What was violated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViolationInfo {
    /// For example `ADULT`.
    pub violation_type: String,
}

/// What the account may not do for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restriction {
    /// For example `RESTRICTED_BIZ_INITIATED_MESSAGING`.
    pub restriction_type: String,
    /// Until when, in seconds since 1970.
    pub expiration: u64,
}

/// That the account is banned, will be, or is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BanInfo {
    /// `SCHEDULE_FOR_DISABLE`, `DISABLE` or `REINSTATE`.
    pub waba_ban_state: String,
    /// As people read it.
    pub waba_ban_date: String,
}

/// Whose account is shared with whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WabaInfo {
    /// The account.
    pub waba_id: String,
    /// The portfolio that owns it.
    pub owner_business_id: String,
    /// The partner's app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_app_id: Option<String>,
}

/// The value of `business_capability_update`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BusinessCapability {
    /// A tier, as `TIER_2K`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversations_per_business: Option<String>,
    /// -1: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_daily_conversation_per_phone: Option<i64>,
    /// How many numbers the portfolio may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_phone_numbers_per_business: Option<u32>,
    /// How many numbers the account may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_phone_numbers_per_waba: Option<u32>,
}

/// The value of `payment_configuration_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentConfiguration {
    /// The configuration.
    pub configuration_name: String,
    /// For example `razorpay`.
    pub provider_name: String,
    /// The merchant's id at the provider.
    pub provider_mid: String,
    /// `Active`, `Needs Connecting` or `Needs Testing`.
    pub status: String,
    /// In seconds since 1970.
    pub created_timestamp: u64,
    /// In seconds since 1970.
    pub updated_timestamp: u64,
}

/// The value of `partner_solutions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerSolution {
    /// What has happened.
    pub event: String,
    /// The solution.
    pub solution_id: String,
    /// How it stands.
    pub solution_status: String,
}
