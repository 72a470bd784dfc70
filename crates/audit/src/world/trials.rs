//! The secrets that two runs can differ in, and who may notice.

use super::stage::Direction;
use privacy::DataClass;
use world::{Secret, Variation, Who};

/// Two ways of playing the scene that differ in one secret.
pub(crate) struct Trial {
    /// What it is called on the command line and in reports.
    pub(crate) name: &'static str,
    /// What differs, for a person.
    pub(crate) about: &'static str,
    /// The class of what differs.
    pub(crate) class: DataClass,
    /// Who may notice; nobody else may.
    pub(crate) may: &'static [&'static str],
    /// Who of them must, or else the comparison is blind.
    pub(crate) must: &'static [&'static str],
    /// Whether one of the two has more for some machine to do than the other, whose later keys and names are then drawn
    /// anew: they are compared up to renaming.
    pub(crate) redraws: bool,
    differs: Differs,
}

/// In what the two runs differ.
enum Differs {
    /// Somebody's secret has another value, in a scene with these keys changed.
    In(Secret, Who, &'static [(&'static str, &'static str)]),
    /// Keys of the scene.
    Keys(&'static [(&'static str, &'static str)]),
    /// Something that the scene has besides.
    Addition(&'static str),
}

const SHOP: Who = Who::business(0);
const PREMISES: Who = Who::business(1);
const RIVAL: Who = Who::business(2);
const REGULAR: Who = Who::consumer(0);
const GUEST: Who = Who::consumer(4);
const FRIEND: Who = Who::consumer(6);

const REGULARS: [&str; 4] = ["consumer/0", "consumer/1", "consumer/2", "consumer/3"];

impl Trial {
    /// The two ways, of which the second has the other value.
    pub(crate) fn directions(&self, salt: u64) -> [Direction<'static>; 2] {
        match self.differs {
            Differs::In(secret, who, changes) => {
                let plain = Direction { changes: changes.to_vec(), ..Direction::default() };
                let variation = Some(Variation { secret, who, salt: salt.max(1) });
                [plain.clone(), Direction { variation, ..plain }]
            }
            Differs::Keys(changes) => {
                [Direction::default(), Direction { changes: changes.to_vec(), ..Direction::default() }]
            }
            Differs::Addition(addition) => {
                [Direction::default(), Direction { addition, ..Direction::default() }]
            }
        }
    }
}

/// A secret of one party.
const fn of(
    name: &'static str,
    about: &'static str,
    class: DataClass,
    secret: (Secret, Who),
    may: &'static [&'static str],
    must: &'static [&'static str],
) -> Trial {
    let differs = Differs::In(secret.0, secret.1, &[]);
    Trial { name, about, class, may, must, redraws: false, differs }
}

/// Every trial.
pub(crate) const TRIALS: &[Trial] = &[
    of(
        "business-text",
        "what the shop writes, letter by letter",
        DataClass::Content,
        (Secret::Text, SHOP),
        &["node/0", "business/0", REGULARS[0], REGULARS[1], REGULARS[2], REGULARS[3]],
        &["node/0", REGULARS[0]],
    ),
    of(
        "consumer-text",
        "what a person writes to the shop, letter by letter",
        DataClass::Content,
        (Secret::Text, REGULAR),
        &["node/0", "business/0", "consumer/0"],
        &["business/0"],
    ),
    of(
        "own-node-text",
        "what a business with a node of its own writes",
        DataClass::Content,
        (Secret::Text, PREMISES),
        &["node/1", "business/1", "consumer/4", "consumer/5"],
        &["node/1"],
    ),
    of(
        "neighbour-text",
        "what the other business of the shop's node writes",
        DataClass::Content,
        (Secret::Text, RIVAL),
        &["node/0", "business/2", "consumer/6", "consumer/7"],
        &["node/0"],
    ),
    of(
        "private-text",
        "what one person writes to another",
        DataClass::Content,
        (Secret::Text, FRIEND),
        &["consumer/6", "consumer/7"],
        &["consumer/7"],
    ),
    of(
        "business-length",
        "how long the shop's texts are, within a bucket",
        DataClass::ContentSize,
        (Secret::Length, SHOP),
        &["node/0", "business/0", REGULARS[0], REGULARS[1], REGULARS[2], REGULARS[3]],
        &["node/0", REGULARS[0]],
    ),
    of(
        "consumer-length",
        "how long a person's texts are, within a bucket",
        DataClass::ContentSize,
        (Secret::Length, REGULAR),
        &["node/0", "business/0", "consumer/0"],
        &["business/0"],
    ),
    of(
        "guest-answer",
        "which of four answers a person picks, to a business with a node of its own",
        DataClass::Content,
        (Secret::Choice, GUEST),
        &["node/1", "business/1", "consumer/4"],
        &["business/1"],
    ),
    of(
        "answer",
        "which of four answers a person picks",
        DataClass::Content,
        (Secret::Choice, REGULAR),
        &["node/0", "business/0", "consumer/0"],
        &["business/0"],
    ),
    of(
        "quote",
        "whether the shop's texts quote what they answer",
        DataClass::Content,
        (Secret::Quote, SHOP),
        &["node/0", "business/0", REGULARS[0], REGULARS[1], REGULARS[2], REGULARS[3]],
        &["node/0"],
    ),
    of(
        "callback-data",
        "the shop's own note with each message",
        DataClass::Content,
        (Secret::CallbackData, SHOP),
        &["node/0", "business/0"],
        &["business/0"],
    ),
    of(
        "token",
        "the shop's access token",
        DataClass::Secret,
        (Secret::Token, SHOP),
        &["node/0", "business/0"],
        &["node/0"],
    ),
    of(
        "app-secret",
        "what the shop's webhooks are signed with",
        DataClass::Secret,
        (Secret::AppSecret, SHOP),
        &["node/0", "business/0"],
        &["business/0"],
    ),
    of(
        "webhook-address",
        "where the shop's webhooks go",
        DataClass::BusinessAddress,
        (Secret::Callback, SHOP),
        &["node/0", "business/0"],
        &["business/0"],
    ),
    of(
        "graph-ids",
        "the shop's ids in the API, and its name",
        DataClass::BusinessAddress,
        (Secret::GraphIds, SHOP),
        &["node/0", "business/0"],
        &["business/0"],
    ),
    of(
        "number",
        "a person's number",
        DataClass::ConsumerAddress,
        (Secret::Number, REGULAR),
        &["relay/0", "node/0", "business/0", "consumer/0"],
        &["relay/0", "node/0", "business/0"],
    ),
    Trial {
        name: "recipient",
        about: "which of two people the shop writes to",
        class: DataClass::ConsumerAddress,
        may: &[
            "network",
            "relay/0",
            "node/0",
            "business/0",
            REGULARS[0],
            REGULARS[1],
            REGULARS[2],
            REGULARS[3],
        ],
        must: &["relay/0"],
        redraws: true,
        differs: Differs::In(Secret::Recipient, SHOP, &[]),
    },
    of(
        "billing-class",
        "what the shop's messages are declared as",
        DataClass::BillingClass,
        (Secret::BillingClass, SHOP),
        &["relay/0", "node/0", "business/0", REGULARS[0], REGULARS[1], REGULARS[2], REGULARS[3]],
        &["relay/0", "node/0"],
    ),
    Trial {
        name: "seen-in-silence",
        about: "whether a person looks at what arrives, when her app sends no read receipts",
        class: DataClass::Timing,
        may: &["consumer/0"],
        must: &[],
        redraws: false,
        differs: Differs::In(Secret::Unseen, REGULAR, &[("consumers.regulars.read_receipts", "false")]),
    },
    Trial {
        name: "seen",
        about: "whether a person looks at what arrives, when her app tells the sender",
        class: DataClass::Content,
        may: &["network", "relay/0", "node/0", "business/0", "consumer/0"],
        must: &["relay/0", "business/0"],
        redraws: true,
        differs: Differs::In(Secret::Unseen, REGULAR, &[]),
    },
    Trial {
        name: "outage",
        about: "whether the shop's webhook endpoint is down for a while",
        // Of which app it is the operator doesn't hear: a node says once in a while that one of them fails.
        class: DataClass::Statistic,
        may: &["node/0", "business/0", "operator"],
        must: &["business/0", "operator"],
        redraws: false,
        differs: Differs::Addition(
            "\n[[faults]]\nkind = \"webhook-outage\"\nbusiness = \"shop\"\nfrom = \"20s\"\nuntil = \"45s\"\n",
        ),
    },
    Trial {
        name: "tenant-traffic",
        about: "how much the shop writes, in the eyes of the other business of its node",
        class: DataClass::Routing,
        may: &[
            "network",
            "relay/0",
            "node/0",
            "business/0",
            REGULARS[0],
            REGULARS[1],
            REGULARS[2],
            REGULARS[3],
        ],
        must: &["business/0"],
        redraws: true,
        differs: Differs::Keys(&[("traffic.0.rate", "3/min in total")]),
    },
    Trial {
        name: "private-traffic",
        about: "whether two people write to each other, in the eyes of nodes and businesses",
        class: DataClass::Routing,
        may: &["network", "relay/0", "consumer/6", "consumer/7"],
        must: &["relay/0", "network"],
        redraws: true,
        differs: Differs::Keys(&[("traffic.4.rate", "1/d in total")]),
    },
    Trial {
        name: "presence",
        about: "when somebody is online with whom nobody talks",
        class: DataClass::Timing,
        may: &["network", "relay/0", "consumer/8", "consumer/9"],
        must: &["relay/0"],
        redraws: false,
        differs: Differs::Keys(&[(
            "consumers.bystanders.online",
            "{ kind = \"away\", from = \"30s\", until = \"60s\" }",
        )]),
    },
    Trial {
        name: "padded-length",
        about: "how much the nodes pad, in the eyes of businesses",
        class: DataClass::PaddedSize,
        may: &[
            "network",
            "relay/0",
            "node/0",
            "node/1",
            "consumer/0",
            "consumer/1",
            "consumer/2",
            "consumer/3",
            "consumer/4",
            "consumer/5",
            "consumer/6",
            "consumer/7",
        ],
        must: &["network", "relay/0"],
        redraws: false,
        differs: Differs::Keys(&[("node.padding", "none")]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn whoever_must_notice_may() {
        let names: BTreeSet<_> = TRIALS.iter().map(|trial| trial.name).collect();
        assert_eq!(names.len(), TRIALS.len());
        for trial in TRIALS {
            assert!(trial.must.iter().all(|party| trial.may.contains(party)), "{}", trial.name);
        }
    }
}
