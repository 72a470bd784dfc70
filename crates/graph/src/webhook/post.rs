//! The body of a post: the updates that travel together, joined as the documentation has it: an `entry` for each account,
//! a change for each number, an element for each update.
//!
//! Updates are JSON already, so that joining them is copying them. They stand in the order in which they are given: a new
//! entry or change begins wherever the next update doesn't fit into the last one.

use crate::ids::{PhoneNumberId, WabaId};
use crate::subscriptions::OBJECT;
use crate::webhook::{Place, Update};
use bytes::Bytes;
use std::collections::BTreeSet;
use wire::Number;

/// The longest body of a post, in bytes (facts, section 9: 3 MB).
pub const LONGEST: usize = 3_000_000;

/// The most updates of a post (facts, section 9).
pub const MOST_UPDATES: usize = 1000;

/// More than what stands around an update that stands alone.
const AROUND: usize = 512;

/// An update, and what it is about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The account.
    pub account: WabaId,
    /// The phone number, if it is about one.
    pub phone: Option<(PhoneNumberId, Number)>,
    /// The update.
    pub update: &'a Update,
}

impl About<'_> {
    /// By how much a body grows with it, at most. The sum of a post's is to be no more than [`LONGEST`].
    pub fn length(&self) -> usize {
        self.update.length() + AROUND
    }

    fn same_entry(&self, other: &Self) -> bool {
        self.account == other.account && self.update.time_s == other.update.time_s
    }

    fn same_change(&self, other: &Self) -> bool {
        let (one, two) = (self.update, other.update);
        one.place != Place::Value
            && one.place == two.place
            && one.field == two.field
            && self.phone == other.phone
    }
}

/// The body with these updates, in this order.
pub fn body(updates: &[About<'_>]) -> Bytes {
    let length: usize = updates.iter().map(|about| about.update.length() + 2).sum();
    let mut to = Writer(Vec::with_capacity(length + AROUND));
    to.put(&[r#"{"object":""#, OBJECT, r#"","entry":"#]);
    to.list(updates.chunk_by(About::same_entry), |to, entry| {
        let Some(first) = entry.first() else { return };
        to.put(&[r#"{"id":""#, first.account.as_str(), "\""]);
        if let Some(time_s) = first.update.time_s {
            to.put(&[r#","time":"#, &time_s.to_string()]);
        }
        to.put(&[r#","changes":"#]);
        to.list(entry.chunk_by(About::same_change), change);
        to.put(&["}"]);
    });
    to.put(&["}"]);
    to.0.into()
}

fn change(to: &mut Writer, updates: &[About<'_>]) {
    let Some(first) = updates.first() else { return };
    to.put(&[r#"{"value":"#]);
    match first.update.place {
        Place::Value => to.bytes(&first.update.element),
        Place::Messages => conversations(to, "messages", first, updates),
        Place::Statuses => conversations(to, "statuses", first, updates),
    }
    to.put(&[r#","field":""#, first.update.field.as_str(), "\"}"]);
}

fn conversations(to: &mut Writer, list: &str, first: &About<'_>, updates: &[About<'_>]) {
    to.put(&[r#"{"messaging_product":"whatsapp""#]);
    if let Some((id, number)) = &first.phone {
        let number = number.as_integer().to_string();
        to.put(&[
            r#","metadata":{"display_phone_number":""#,
            &number,
            r#"","phone_number_id":""#,
            id.as_str(),
            "\"}",
        ]);
    }
    let mut said = BTreeSet::new();
    let contacts = updates.iter().map(|about| &about.update.contact);
    let mut contacts = contacts.filter(|contact| !contact.is_empty() && said.insert(*contact)).peekable();
    if contacts.peek().is_some() {
        to.put(&[r#","contacts":"#]);
        to.list(contacts, |to, contact| to.bytes(contact));
    }
    to.put(&[",\"", list, "\":"]);
    to.list(updates.iter(), |to, about| to.bytes(&about.update.element));
    to.put(&["}"]);
}

struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, texts: &[&str]) {
        texts.iter().for_each(|text| self.bytes(text.as_bytes()));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn list<T>(&mut self, of: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.put(&["["]);
        for (index, item) in of.enumerate() {
            if index > 0 {
                self.put(&[","]);
            }
            write(self, item);
        }
        self.put(&["]"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::Field;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn number(digits: u64) -> Number {
        Number::from_integer(digits).unwrap()
    }

    fn shop() -> (PhoneNumberId, Number) {
        (106_540_352_242_922.into(), number(15_550_783_881))
    }

    fn status(name: &str) -> Update {
        let element = json!({ "id": name });
        Update::of_conversation(Place::Statuses, number(16_505_551_234), None::<&Value>, &element)
    }

    fn message(name: &str, contact: &str) -> Update {
        let (contact, element) = (json!({ "wa_id": contact }), json!({ "id": name }));
        Update::of_conversation(Place::Messages, number(16_505_551_234), Some(&contact), &element)
    }

    fn joined(updates: &[About<'_>]) -> Value {
        serde_json::from_slice(&body(updates)).unwrap()
    }

    #[test]
    fn one_update_is_the_documented_envelope() {
        let update = message("m", "16505551234");
        let about = About { account: 102_290_129_340_398.into(), phone: Some(shop()), update: &update };
        assert_eq!(
            body(&[about]),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"wa_id":"16505551234"}],"messages":[{"id":"m"}]},"field":"messages"}]}]}"#
        );
    }

    #[test]
    fn what_is_of_an_account_says_when() {
        let update =
            Update::of_value(Field::AccountReviewUpdate, 1_739_321_024, &json!({ "decision": "APPROVED" }));
        assert_eq!(
            body(&[About { account: 7.into(), phone: None, update: &update }]),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"7","time":1739321024,"changes":[{"value":{"decision":"APPROVED"},"field":"account_review_update"}]}]}"#
        );
    }

    #[test]
    fn neighbours_share_entries_changes_and_contacts() {
        let updates = [status("a"), status("b"), message("c", "1"), message("d", "1"), message("e", "2")];
        let about = updates.each_ref().map(|update| About { account: 7.into(), phone: Some(shop()), update });
        let body = joined(&about);
        let changes = body["entry"][0]["changes"].as_array().unwrap();
        assert_eq!((body["entry"].as_array().unwrap().len(), changes.len()), (1, 2));
        assert_eq!(changes[0]["value"]["statuses"], json!([{ "id": "a" }, { "id": "b" }]));
        assert_eq!(changes[1]["value"]["contacts"], json!([{ "wa_id": "1" }, { "wa_id": "2" }]));
        assert_eq!(changes[1]["value"]["messages"], json!([{ "id": "c" }, { "id": "d" }, { "id": "e" }]));
    }

    proptest! {
        /// Whatever stands beside what: every update is there once, in its order, under its own account and number, and the
        /// body is no longer than was said.
        #[test]
        fn every_update_is_there_once_and_in_order(drawn in prop::collection::vec((0..2u64, 0..2u64, 0..3u8), 1..20)) {
            let updates: Vec<_> = drawn.iter().enumerate().map(|(index, (_, _, kind))| match kind {
                0 => status(&index.to_string()),
                1 => message(&index.to_string(), "1"),
                _ => Update::of_value(Field::Security, 5, &json!({ "id": index.to_string() })),
            }).collect();
            let about: Vec<_> = drawn.iter().zip(&updates).map(|((account, phone, _), update)| {
                About { account: (*account).into(), phone: Some(((*phone).into(), number(15_550_783_881))), update }
            }).collect();
            let bytes = body(&about);
            prop_assert!(bytes.len() <= about.iter().map(About::length).sum());
            let body: Value = serde_json::from_slice(&bytes).unwrap();
            let mut heard = Vec::new();
            for entry in body["entry"].as_array().unwrap() {
                for change in entry["changes"].as_array().unwrap() {
                    let value = &change["value"];
                    let of = ["messages", "statuses"].map(|list| value[list].as_array().cloned().unwrap_or_default());
                    let is_value = value["id"].is_string().then(|| value.clone());
                    for element in of.concat().into_iter().chain(is_value) {
                        let phone = value["metadata"]["phone_number_id"].as_str().map(str::to_owned);
                        heard.push((entry["id"].as_str().unwrap().to_owned(), phone, element["id"].as_str().unwrap().to_owned()));
                    }
                }
            }
            let said = drawn.iter().enumerate().map(|(index, (account, phone, kind))| {
                (account.to_string(), (*kind < 2).then(|| phone.to_string()), index.to_string())
            });
            prop_assert_eq!(heard, said.collect::<Vec<_>>());
        }
    }
}
