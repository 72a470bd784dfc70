//! Whether messages can be sent, as the objects on their way say.

use serde::Serialize;

/// The field `health_status`.
#[derive(Serialize)]
pub struct HealthStatus<'a> {
    can_send_message: &'static str,
    entities: [Entity<'a>; 1],
}

#[derive(Serialize)]
struct Entity<'a> {
    entity_type: EntityType,
    id: &'a str,
    can_send_message: &'static str,
}

/// Which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityType {
    /// A phone number.
    PhoneNumber,
    /// A business account.
    Waba,
}

impl<'a> HealthStatus<'a> {
    /// All is well.
    pub fn available(entity_type: EntityType, id: &'a str) -> Self {
        let can_send_message = "AVAILABLE";
        Self { can_send_message, entities: [Entity { entity_type, id, can_send_message }] }
    }
}
