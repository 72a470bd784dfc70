//! Principals, classes and rules in plain words (docs/privacy.md has the exact ones). A policy with other names is shown by
//! those.

/// Who a principal is, to stand in a sentence.
pub(super) fn who(principal: &str) -> &str {
    match principal {
        "consumer" => "a person's app",
        "network" => "anybody on the wire",
        "transport" => "the relay",
        "cloud" => "the Cloud API node",
        "business" => "the business's server",
        "operator" => "the company's logs",
        "onprem" => "a business's own node",
        other => other,
    }
}

/// The same, to begin one.
pub(super) fn who_first(principal: &str) -> String {
    first(who(principal))
}

/// With a capital letter.
pub(super) fn first(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What can be learnt of a class, to stand in a sentence after "learn".
pub(super) fn what(class: &str) -> &str {
    match class {
        "content" => "what messages say",
        "content_size" => "how long a text is",
        "secret" => "keys and passwords",
        "public_key" => "public keys",
        "consumer_address" => "who a person is",
        "business_address" => "which business it is",
        "routing" => "who writes to whom",
        "timing" => "when things happen",
        "padded_size" => "how big an envelope is",
        "billing_class" => "what a message is billed as",
        "metering" => "totals for the bill",
        "integrity" => "how a business behaves",
        "report" => "what people report as spam",
        "statistic" => "statistics",
        other => other,
    }
}

/// What a leak comes to. Rules that are no cells are about nobody in particular.
pub(super) fn broken(principal: &str, class: Option<&str>) -> String {
    match (principal, class) {
        (_, Some(class)) => format!("{} can learn {}", who(principal), what(class)),
        ("anybody", None) => "a promise is broken".into(),
        (_, None) => format!("{} sees what is not for its eyes", who(principal)),
    }
}

/// Examples of a class.
pub(super) fn examples(class: &str) -> &'static str {
    match class {
        "content" => "texts, pictures, buttons, and what kind a message is",
        "content_size" => "to the letter: lengths give short answers away",
        "secret" => "private keys, ratchet state, tokens, app secrets",
        "public_key" => "the half of a key that others need",
        "consumer_address" => "phone numbers and devices of people",
        "business_address" => "its numbers, its names, its profile",
        "routing" => "from and to of one envelope, and its number",
        "timing" => "when messages come and go, who is online",
        "padded_size" => "after padding, the same for many texts",
        "billing_class" => "marketing, utility, authentication, service",
        "metering" => "messages and bytes of a business in a period",
        "integrity" => "ratings, limits, counts of blocks and reports",
        "report" => "messages chosen for a report, and no others",
        "statistic" => "totals that identify nobody",
        _ => "",
    }
}

/// The words that a rule can be, with what each allows.
pub(super) const RULES: [(&str, &str); 5] = [
    ("yes", "may learn it"),
    ("own", "may learn its own: of its conversations, its businesses, its keys; nothing of others"),
    ("aggregated", "only as totals that name nobody; no single value may get there"),
    ("packets", "only what size and time of packets show; nothing that is inside them"),
    ("no", "may not learn it"),
];

/// What a rule allows.
pub(super) fn rule(word: &str) -> &'static str {
    RULES.iter().find(|(rule, _)| *rule == word).map_or("", |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::{DataClass, Principal};

    #[test]
    fn everything_of_ours_has_plain_words() {
        for principal in Principal::ALL {
            assert_ne!(who(principal.name()), principal.name());
        }
        for class in DataClass::ALL.into_iter().filter(|class| *class != DataClass::Structure) {
            assert!(what(class.name()) != class.name(), "{class}");
            assert!(!examples(class.name()).is_empty(), "{class}");
        }
        for word in ["yes", "own", "aggregated", "packets", "no"] {
            assert!(!rule(word).is_empty());
        }
    }

    #[test]
    fn what_has_no_words_is_called_by_its_name() {
        assert_eq!((who("courier"), what("parcel")), ("courier", "parcel"));
        assert_eq!(who_first("transport"), "The relay");
        assert_eq!(who_first(""), "");
        assert_eq!(broken("courier", Some("parcel")), "courier can learn parcel");
        assert_eq!(broken("anybody", None), "a promise is broken");
        assert_eq!(broken("transport", None), "the relay sees what is not for its eyes");
    }
}
