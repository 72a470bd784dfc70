//! What the platform decides about an account or a number, and tells its owner: every value by its field.

use crate::webhook::{
    AccountAlert, AccountReview, AccountUpdate, BusinessCapability, Field, NumberName, NumberQuality,
    NumberUsername, PartnerSolution, PaymentConfiguration, Security,
};
use serde::Serialize;
use std::fmt;

/// A value, in the form that its field documents. `Debug` shows the field only.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Announcement {
    /// Something that the owner should look at.
    Alert(AccountAlert),
    /// The account was reviewed.
    Review(AccountReview),
    /// The account changed.
    Account(AccountUpdate),
    /// What the business may do changed.
    Capability(BusinessCapability),
    /// How consumers can pay changed.
    Payment(PaymentConfiguration),
    /// A solution of several partners changed.
    Solution(PartnerSolution),
    /// A display name was reviewed.
    Name(NumberName),
    /// A number's limit or throughput changed.
    Quality(NumberQuality),
    /// A number's PIN changed.
    Security(Security),
    /// A number's username changed.
    Username(NumberUsername),
}

impl Announcement {
    /// The field that it is in.
    pub fn field(&self) -> Field {
        match self {
            Self::Alert(_) => Field::AccountAlerts,
            Self::Review(_) => Field::AccountReviewUpdate,
            Self::Account(_) => Field::AccountUpdate,
            Self::Capability(_) => Field::BusinessCapabilityUpdate,
            Self::Payment(_) => Field::PaymentConfigurationUpdate,
            Self::Solution(_) => Field::PartnerSolutions,
            Self::Name(_) => Field::PhoneNumberNameUpdate,
            Self::Quality(_) => Field::PhoneNumberQualityUpdate,
            Self::Security(_) => Field::Security,
            Self::Username(_) => Field::PhoneNumberUsernameUpdate,
        }
    }
}

impl fmt::Debug for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Announcement({})", self.field().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::{BanInfo, Restriction};

    fn json(announcement: &Announcement) -> String {
        serde_json::to_string(announcement).unwrap()
    }

    #[test]
    fn values_have_the_documented_forms() {
        let banned = AccountUpdate {
            event: "DISABLED_UPDATE".into(),
            ban_info: Some(BanInfo {
                waba_ban_state: "DISABLE".into(),
                waba_ban_date: "January 1, 2026".into(),
            }),
            ..AccountUpdate::default()
        };
        let restricted = AccountUpdate {
            event: "ACCOUNT_RESTRICTION".into(),
            restriction_info: vec![Restriction {
                restriction_type: "RESTRICTED_BIZ_INITIATED_MESSAGING".into(),
                expiration: 1_641_848_260,
            }],
            ..AccountUpdate::default()
        };
        let quality = NumberQuality {
            display_phone_number: "15550783881".into(),
            event: "THROUGHPUT_UPGRADE".into(),
            old_limit: None,
            current_limit: "TIER_UNLIMITED".into(),
            max_daily_conversations_per_business: None,
        };
        let name = NumberName {
            display_phone_number: "15550783881".into(),
            decision: "APPROVED".into(),
            requested_verified_name: "Shop".into(),
            rejection_reason: None,
        };
        let forms = [
            (
                Announcement::Account(banned),
                r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE","waba_ban_date":"January 1, 2026"}}"#,
            ),
            (
                Announcement::Account(restricted),
                r#"{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING","expiration":1641848260}]}"#,
            ),
            (
                Announcement::Quality(quality),
                r#"{"display_phone_number":"15550783881","event":"THROUGHPUT_UPGRADE","current_limit":"TIER_UNLIMITED"}"#,
            ),
            (
                Announcement::Name(name),
                r#"{"display_phone_number":"15550783881","decision":"APPROVED","requested_verified_name":"Shop","rejection_reason":null}"#,
            ),
        ];
        for (announcement, form) in &forms {
            assert_eq!(json(announcement), *form);
        }
        assert_eq!(format!("{:?}", forms[0].0), "Announcement(account_update)");
    }
}
