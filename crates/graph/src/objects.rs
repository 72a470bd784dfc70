//! What the objects of the graph look like: a file for each.

mod account;
mod app;
mod health;
mod phone_number;

pub use account::Account;
pub use app::App;
pub use health::{EntityType, HealthStatus};
pub use phone_number::{PhoneNumber, Quality, Throughput, WebhookConfiguration};

/// Defines an object of the graph: its fields, of which some may have no value, and what it shows if none is asked for.
macro_rules! node {
    (
        $(#[$doc:meta])*
        $name:ident is $type:literal, usually [$($usual:literal),* $(,)?],
        always { $($(#[$always_doc:meta])* $always:ident: $always_type:ty,)* }
        sometimes { $($(#[$sometimes_doc:meta])* $sometimes:ident: $sometimes_type:ty,)* }
    ) => {
        $(#[$doc])*
        pub struct $name<'a> {
            $($(#[$always_doc])* pub $always: $always_type,)*
            $($(#[$sometimes_doc])* pub $sometimes: Option<$sometimes_type>,)*
        }

        impl $crate::fields::Node for $name<'_> {
            const TYPE: &'static str = $type;
            const FIELDS: &'static [&'static str] = &[$(stringify!($always),)* $(stringify!($sometimes),)*];
            const USUAL: &'static [&'static str] = &[$($usual,)*];

            fn write<M: serde::ser::SerializeMap>(&self, name: &str, into: &mut M) -> Result<(), M::Error> {
                match name {
                    $(stringify!($always) => into.serialize_entry(name, &self.$always),)*
                    $(stringify!($sometimes) => match &self.$sometimes {
                        Some(value) => into.serialize_entry(name, value),
                        None => Ok(()),
                    },)*
                    _ => Ok(()),
                }
            }
        }
    };
}
pub(crate) use node;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, Node};

    fn usual_fields_are_fields<N: Node>() {
        assert!(N::USUAL.iter().all(|name| N::FIELDS.contains(name)), "{}", N::TYPE);
        assert!(N::FIELDS.contains(&"id"), "{}", N::TYPE);
    }

    #[test]
    fn every_object_has_its_usual_fields_and_an_id() {
        usual_fields_are_fields::<PhoneNumber<'_>>();
        usual_fields_are_fields::<Account<'_>>();
        usual_fields_are_fields::<App<'_>>();
    }

    #[test]
    fn what_is_asked_for_is_shown_in_that_order_and_once() {
        let account = |fields: &str| {
            let fields = Fields::parse(fields).unwrap();
            fields.check::<Account<'_>>()?;
            let account = Account::new("7".parse().unwrap(), "Shop");
            Ok::<_, crate::GraphError>(serde_json::to_string(&fields.select(account)).unwrap())
        };
        assert_eq!(
            account("currency,name,currency").unwrap(),
            r#"{"currency":"USD","name":"Shop","id":"7"}"#
        );
        assert_eq!(account("").unwrap(), r#"{"name":"Shop","timezone_id":"1","id":"7"}"#);
        assert!(account("id,nonsense").is_err());
    }
}
