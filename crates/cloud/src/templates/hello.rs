//! `hello_world`: the template that every account has from the start, approved.

use graph::templates::{Category, Components, Definition, Format, Language, TemplateName};
use graph::{TemplateId, WabaId, digest};

/// What it is called.
pub(crate) const NAME: &str = "hello_world";

const COMPONENTS: &str = r#"[
    {"type":"HEADER","format":"TEXT","text":"Hello World"},
    {"type":"BODY","text":"Your first message has arrived. From here on this business can write to you by its templates."},
    {"type":"FOOTER","text":"WhatsApp Business API Team"}
]"#;

/// The id of an account's `hello_world`: it is made of the account's, so that it is the same at each start.
pub fn id(account: WabaId) -> TemplateId {
    let [a, b, c, d, e, f, g, ..] = digest(&format!("{NAME} of account {}", account.as_str()));
    of_random(u64::from_be_bytes([0, a, b, c, d, e, f, g]))
}

/// An id of sixteen digits, below 2^53: in webhooks it is a number.
pub(crate) fn of_random(drawn: u64) -> TemplateId {
    TemplateId::from(1_000_000_000_000_000 + drawn % 8_000_000_000_000_000)
}

/// What it says.
pub(crate) fn definition() -> Definition {
    Definition {
        name: TemplateName::hello_world(),
        language: Language::EN_US,
        category: Category::Utility,
        components: Components::from_json(COMPONENTS, Format::Positional).unwrap_or_default(),
        ttl: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_template_and_its_id_is_a_number_that_json_can_have() {
        let of = definition();
        assert_eq!(of.check(), Ok(()));
        assert_eq!(of.name.as_str(), NAME);
        let ids = [1, 2, u64::MAX].map(|account| id(account.into()).as_str().parse::<u64>().unwrap());
        assert!(ids.iter().all(|id| *id < 1 << 53) && ids[0] != ids[1]);
        assert!(of_random(u64::MAX).as_str().parse::<u64>().unwrap() < 1 << 53);
    }
}
