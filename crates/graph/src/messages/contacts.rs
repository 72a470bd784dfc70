//! `"type": "contacts"` (Cloud API documentation, "Contacts messages").

use crate::rules::{label, list, object, text};
use crate::table::object;

/// The most cards in a message.
pub(crate) const CARDS: usize = 257;

/// The most entries of a kind on a card.
const ENTRIES: usize = 100;

/// The longest entry, in characters.
const ENTRY: usize = 1_000;

object! {
    /// A contact card.
    pub struct ContactCard {
        /// What the person is called.
        name: ContactName = required object(),
        /// Telephone numbers.
        phones: Vec<ContactPhone> = or_default list(..=ENTRIES, object()),
        /// E-mail addresses.
        emails: Vec<ContactEmail> = or_default list(..=ENTRIES, object()),
        /// Web sites.
        urls: Vec<ContactUrl> = or_default list(..=ENTRIES, object()),
        /// Postal addresses.
        addresses: Vec<ContactAddress> = or_default list(..=ENTRIES, object()),
        /// Where the person works.
        org: Option<ContactOrganization> = optional object(),
        /// A date, `YYYY-MM-DD`.
        birthday: Option<String> = optional text(1..=10).form("a date, YYYY-MM-DD", is_date),
    }
}

object! {
    /// What a person is called.
    pub struct ContactName {
        /// All of it, as the app shows it.
        formatted_name: String = required label(1..=ENTRY),
        /// The first name.
        first_name: Option<String> = optional text(..=ENTRY),
        /// The last name.
        last_name: Option<String> = optional text(..=ENTRY),
        /// The middle name.
        middle_name: Option<String> = optional text(..=ENTRY),
        /// After the name.
        suffix: Option<String> = optional text(..=ENTRY),
        /// Before the name.
        prefix: Option<String> = optional text(..=ENTRY),
    }
}

object! {
    /// A telephone number on a card.
    pub struct ContactPhone {
        /// As it is shown.
        phone: Option<String> = optional text(..=ENTRY),
        /// What it is for.
        kind as "type": Option<String> = optional text(..=ENTRY),
        /// The number that has the app, in digits.
        wa_id: Option<String> = optional text(1..=ENTRY),
    }
}

object! {
    /// An e-mail address on a card.
    pub struct ContactEmail {
        /// The address.
        email: Option<String> = optional text(..=ENTRY),
        /// What it is for.
        kind as "type": Option<String> = optional text(..=ENTRY),
    }
}

object! {
    /// A web site on a card.
    pub struct ContactUrl {
        /// Where it is.
        url: Option<String> = optional text(..=ENTRY),
        /// What it is for.
        kind as "type": Option<String> = optional text(..=ENTRY),
    }
}

object! {
    /// A postal address on a card.
    pub struct ContactAddress {
        /// Street and number.
        street: Option<String> = optional text(..=ENTRY),
        /// City.
        city: Option<String> = optional text(..=ENTRY),
        /// State.
        state: Option<String> = optional text(..=ENTRY),
        /// Postal code.
        zip: Option<String> = optional text(..=ENTRY),
        /// Country.
        country: Option<String> = optional text(..=ENTRY),
        /// Two letters for the country.
        country_code: Option<String> = optional text(..=ENTRY),
        /// What it is for.
        kind as "type": Option<String> = optional text(..=ENTRY),
    }
}

object! {
    /// Where a person works.
    pub struct ContactOrganization {
        /// Its name.
        company: Option<String> = optional text(..=ENTRY),
        /// Which part of it.
        department: Option<String> = optional text(..=ENTRY),
        /// As what.
        title: Option<String> = optional text(..=ENTRY),
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = &parts[..] else { return false };
    let within = |digits: &str, length: usize, most: u32| {
        digits.len() == length
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    within(year, 4, 9_999) && within(month, 2, 12) && within(day, 2, 31)
}
