//! A form for a postal address, in India.

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Json, Rule, kept, list, object, text};
use crate::table::object;

/// The longest part of an address, in characters.
const PART: usize = 256;

object! {
    pub(super) struct Action where "name" = "address_message" {
        parameters: Json<AddressMessage> = required kept(object()),
    }
}

object! {
    /// A form for an address.
    pub struct AddressMessage where "country" = "IN" {
        /// What is in it already.
        values: Option<AddressValues> = optional object(),
        /// Addresses to choose from.
        saved_addresses: Vec<SavedAddress> = or_default list(..=50, object()),
        /// What is wrong with `values`: parts of the address, and what to say of them.
        validation_errors: Vec<(String, String)> = or_default Complaints,
    }
}

object! {
    /// An address to choose.
    pub struct SavedAddress {
        /// The business's name for it.
        id: String = required text(1..=PART),
        /// The address.
        value: AddressValues = required object(),
    }
}

object! {
    /// The parts of an address.
    pub struct AddressValues {
        /// Who lives there.
        name: Option<String> = optional text(..=PART),
        /// Their telephone number.
        phone_number: Option<String> = optional text(..=PART),
        /// The postal code.
        in_pin_code: Option<String> = optional text(..=6),
        /// The house.
        house_number: Option<String> = optional text(..=PART),
        /// The floor.
        floor_number: Option<String> = optional text(..=PART),
        /// The tower.
        tower_number: Option<String> = optional text(..=PART),
        /// The building.
        building_name: Option<String> = optional text(..=PART),
        /// Street and whatever else.
        address: Option<String> = optional text(..=PART),
        /// What is near.
        landmark_area: Option<String> = optional text(..=PART),
        /// The city.
        city: Option<String> = optional text(..=PART),
        /// The state.
        state: Option<String> = optional text(..=PART),
    }
}

/// What is wrong with parts of an address.
struct Complaints;

/// The parts of an address.
const PARTS: [&str; 11] = [
    "name",
    "phone_number",
    "in_pin_code",
    "house_number",
    "floor_number",
    "tower_number",
    "building_name",
    "address",
    "landmark_area",
    "city",
    "state",
];

impl Rule for Complaints {
    type Read = Vec<(String, String)>;

    fn read(&self, param: Param<'_>) -> Result<Self::Read, GraphError> {
        let members = param.object(&PARTS)?;
        let complaint = |part: &str| Ok((part.to_owned(), members.read_required(part, &text(1..=PART))?));
        members.names().map(complaint).collect()
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        let part = |name: &&'static str| (*name, text(1..=PART).shape());
        crate::shape::Shape::Object(PARTS.iter().map(part).collect())
    }
}
