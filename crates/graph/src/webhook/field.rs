//! Webhook fields: what kinds of events there are, as apps subscribe to them.

use std::str::FromStr;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A webhook field of the object `whatsapp_business_account`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// All that there are, in the order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As webhooks and subscriptions name it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

fields! {
    /// Something that an account's owner should look at.
    AccountAlerts = "account_alerts",
    /// The account was reviewed.
    AccountReviewUpdate = "account_review_update",
    /// A setting of the account changed.
    AccountSettingsUpdate = "account_settings_update",
    /// The account was restricted, banned, shared or changed otherwise.
    AccountUpdate = "account_update",
    /// Events that the platform found by itself.
    AutomaticEvents = "automatic_events",
    /// What the business may do changed.
    BusinessCapabilityUpdate = "business_capability_update",
    /// Calls.
    Calls = "calls",
    /// Flows and their endpoints.
    Flows = "flows",
    /// Groups were made or deleted.
    GroupLifecycleUpdate = "group_lifecycle_update",
    /// People came into groups or left.
    GroupParticipantsUpdate = "group_participants_update",
    /// Groups changed.
    GroupSettingsUpdate = "group_settings_update",
    /// Groups were suspended.
    GroupStatusUpdate = "group_status_update",
    /// The history of a number that was in the app before.
    History = "history",
    /// What the business sent by other means.
    MessageEchoes = "message_echoes",
    /// A template was edited.
    MessageTemplateComponentsUpdate = "message_template_components_update",
    /// A template's quality changed.
    MessageTemplateQualityUpdate = "message_template_quality_update",
    /// A template was approved, rejected, paused or disabled.
    MessageTemplateStatusUpdate = "message_template_status_update",
    /// Messages of consumers, and how far those of the business have come.
    Messages = "messages",
    /// Solutions of several partners.
    PartnerSolutions = "partner_solutions",
    /// How consumers can pay.
    PaymentConfigurationUpdate = "payment_configuration_update",
    /// A display name was reviewed.
    PhoneNumberNameUpdate = "phone_number_name_update",
    /// A number's limit or throughput changed.
    PhoneNumberQualityUpdate = "phone_number_quality_update",
    /// A business's username changed.
    PhoneNumberUsernameUpdate = "phone_number_username_update",
    /// A number's PIN changed, or somebody wants it to.
    Security = "security",
    /// Contacts of a number that is in the app, too.
    SmbAppStateSync = "smb_app_state_sync",
    /// What the business wrote in the app.
    SmbMessageEchoes = "smb_message_echoes",
    /// Messages of conversations that another app has.
    Standby = "standby",
    /// A template's category changes.
    TemplateCategoryUpdate = "template_category_update",
    /// A template's category is found to be wrong.
    TemplateCorrectCategoryDetection = "template_correct_category_detection",
    /// What people did after they saw a message.
    TrackingEvents = "tracking_events",
    /// A person has another id.
    UserIdUpdate = "user_id_update",
    /// A person wants marketing messages, or wants none.
    UserPreferences = "user_preferences",
}

/// A text is no webhook field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook field")]
pub struct UnknownField;

impl Field {
    /// True of what happens in a number's conversations, as `messages` does: it has no time in its entry, and goes where an
    /// override of the number or its account says (facts, sections 9 and 9.1).
    pub fn is_of_conversations(self) -> bool {
        matches!(
            self,
            Self::Messages
                | Self::MessageEchoes
                | Self::SmbMessageEchoes
                | Self::SmbAppStateSync
                | Self::History
                | Self::Standby
                | Self::Calls
                | Self::UserPreferences
        )
    }
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, UnknownField> {
        Self::ALL.iter().copied().find(|field| field.as_str() == text).ok_or(UnknownField)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_are_in_order() {
        assert!(Field::ALL.is_sorted_by_key(|field| field.as_str()));
        for field in Field::ALL {
            assert_eq!(field.as_str().parse(), Ok(*field));
        }
        assert_eq!("message".parse::<Field>(), Err(UnknownField));
    }

    #[test]
    fn only_conversations_follow_overrides() {
        assert!(Field::Messages.is_of_conversations() && Field::UserPreferences.is_of_conversations());
        for field in
            [Field::AccountUpdate, Field::PhoneNumberQualityUpdate, Field::MessageTemplateStatusUpdate]
        {
            assert!(!field.is_of_conversations(), "{field:?}");
        }
    }
}
