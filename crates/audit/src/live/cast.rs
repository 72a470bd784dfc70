//! Who there is, and what is planted with them.

use kernel::Rng;
use link::LinkIdentity;
use privacy::{Canary, DataClass};

/// A business: two of them share a node, the third runs one of its own.
pub(super) struct Business {
    pub(super) name: &'static str,
    pub(super) node: &'static str,
    display_name: String,
    pub(super) app_id: u64,
    app_secret: String,
    verify_token: String,
    pub(super) token: String,
    pub(super) waba_id: u64,
    pub(super) phone_number_id: u64,
    pub(super) number: u64,
    /// Path of the URL that its webhooks go to.
    pub(super) hook: String,
}

/// A person with the app.
pub(super) struct Consumer {
    pub(super) name: &'static str,
    pub(super) number: u64,
}

/// A business and a consumer, and what they say to each other.
pub(super) struct Conversation {
    /// Positions in [`Cast`].
    pub(super) business: usize,
    pub(super) consumer: usize,
    /// From the business, and its note to itself.
    pub(super) down: String,
    pub(super) note: String,
    /// From the consumer.
    pub(super) up: String,
    /// Stands beside what programs stumble over, both ways.
    pub(super) mark: String,
}

/// All of them.
pub(super) struct Cast {
    pub(super) businesses: Vec<Business>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) conversations: Vec<Conversation>,
    /// Is in a message that nobody will ever fetch, and expires.
    pub(super) expiring: String,
    /// Begins every one of the many messages that are sent while processes are killed.
    pub(super) many: String,
}

/// Its two tenants, its neighbour with a node of its own; one consumer talks with both tenants.
const BUSINESSES: [(&str, &str); 3] =
    [("business/0", "node/0"), ("business/1", "node/0"), ("business/2", "node/1")];
const CONSUMERS: [&str; 3] = ["consumer/0", "consumer/1", "consumer/2"];
const CONVERSATIONS: [(usize, usize); 4] = [(0, 0), (1, 1), (0, 1), (2, 2)];
/// The one whose message expires.
pub(super) const EXPIRING: (usize, usize) = (2, 2);
/// The one that has many messages.
pub(super) const MANY: (usize, usize) = (0, 0);

impl Business {
    /// The token of its app.
    pub(super) fn app_token(&self) -> String {
        format!("{}|{}", self.app_id, self.app_secret)
    }
}

impl Cast {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let businesses = BUSINESSES.map(|(name, node)| Business {
            name,
            node,
            display_name: format!("Shop {}", words(rng)),
            app_id: digits(rng, 70),
            app_secret: words(rng),
            verify_token: format!("verify-{}", words(rng)),
            token: format!("EAA{}", words(rng)),
            waba_id: digits(rng, 10),
            phone_number_id: digits(rng, 11),
            number: digits(rng, 15),
            hook: format!("/hooks/{}", words(rng)),
        });
        let consumers = CONSUMERS.map(|name| Consumer { name, number: digits(rng, 49) });
        let conversations = CONVERSATIONS.map(|(business, consumer)| Conversation {
            business,
            consumer,
            down: words(rng),
            note: words(rng),
            up: words(rng),
            mark: words(rng),
        });
        Self {
            businesses: businesses.into(),
            consumers: consumers.into(),
            conversations: conversations.into(),
            expiring: words(rng),
            many: words(rng),
        }
    }

    /// Everything that is known before anything is said.
    pub(super) fn canaries(&self) -> Vec<Canary> {
        let mut canaries = Vec::new();
        for business in &self.businesses {
            canaries.extend(business.canaries());
        }
        for (index, consumer) in self.consumers.iter().enumerate() {
            let known_to = self.conversations.iter().filter(|conversation| conversation.consumer == index);
            let owners = known_to.flat_map(|conversation| self.ends(conversation.business, index));
            let name = format!("number of {}", consumer.name);
            canaries.push(Canary::number(&name, DataClass::ConsumerAddress, consumer.number).of(owners));
        }
        for conversation in &self.conversations {
            let (business, consumer) = (conversation.business, conversation.consumer);
            let name = |what: &str| {
                let [business, _, consumer] = self.ends(business, consumer);
                format!("{what} of {business} and {consumer}")
            };
            let content = |what: &str, text: &str| {
                Canary::new(&name(what), DataClass::Content, text).of(self.ends(business, consumer))
            };
            canaries.push(content("text to the consumer", &conversation.down));
            canaries.push(content("text to the business", &conversation.up));
            canaries.push(content("text beside triggers", &conversation.mark));
            // The consumer has no part in it.
            let [owner, node, _] = self.ends(business, consumer);
            canaries.push(
                Canary::new(&name("callback data"), DataClass::Content, conversation.note.as_str())
                    .of([owner, node]),
            );
        }
        let ends = |(business, consumer)| self.ends(business, consumer);
        canaries.push(
            Canary::new("text that expires", DataClass::Content, self.expiring.as_str()).of(ends(EXPIRING)),
        );
        canaries.push(
            Canary::new("text of many messages", DataClass::Content, self.many.as_str()).of(ends(MANY)),
        );
        canaries
    }

    /// The parties whom a conversation belongs to: business, node, consumer.
    pub(super) fn ends(&self, business: usize, consumer: usize) -> [&'static str; 3] {
        let unknown = ("", "");
        let (business, node) =
            self.businesses.get(business).map_or(unknown, |business| (business.name, business.node));
        [business, node, self.consumers.get(consumer).map_or("", |consumer| consumer.name)]
    }

    /// Whose conversation goes from or to these numbers, whichever way.
    pub(super) fn between(&self, one: u64, other: u64) -> Option<[&'static str; 3]> {
        let position = |number| {
            let business = self.businesses.iter().position(|business| business.number == number);
            let consumer = self.consumers.iter().position(|consumer| consumer.number == number);
            (business, consumer)
        };
        match (position(one), position(other)) {
            ((Some(business), _), (_, Some(consumer))) | ((_, Some(consumer)), (Some(business), _)) => {
                Some(self.ends(business, consumer))
            }
            _ => None,
        }
    }

    /// What the node called `node` is told of its businesses: a file as the program reads it.
    pub(super) fn tenants(&self, node: &str, hooks: impl Fn(&Business) -> String) -> String {
        let mut file = String::new();
        for business in self.businesses.iter().filter(|business| business.node == node) {
            let Business { display_name, app_id, app_secret, verify_token, token, .. } = business;
            let Business { waba_id, phone_number_id, number, .. } = business;
            let webhook = hooks(business);
            file += &format!(
                "[[tenants]]\nname = \"{display_name}\"\napp_id = \"{app_id}\"\napp_secret = \"{app_secret}\"\n\
                 verify_token = \"{verify_token}\"\ntoken = \"{token}\"\nwaba_id = \"{waba_id}\"\n\
                 phone_number_id = \"{phone_number_id}\"\nnumber = \"{number}\"\nwebhook = \"{webhook}\"\n\n"
            );
        }
        file
    }
}

impl Business {
    fn canaries(&self) -> Vec<Canary> {
        let owners = [self.name, self.node];
        let name = |what: &str| format!("{what} of {}", self.name);
        let text = |what, class, value: &str| Canary::new(&name(what), class, value).of(owners);
        let number = |what, value| Canary::number(&name(what), DataClass::BusinessAddress, value).of(owners);
        vec![
            text("token", DataClass::Secret, &self.token),
            text("app secret", DataClass::Secret, &self.app_secret),
            text("verify token", DataClass::Secret, &self.verify_token),
            text("webhook path", DataClass::BusinessAddress, &self.hook),
            text("display name", DataClass::BusinessAddress, &self.display_name),
            number("number", self.number),
            number("app id", self.app_id),
            number("WABA id", self.waba_id),
            number("phone number id", self.phone_number_id),
        ]
    }
}

/// The private half of a party's link key; its public half is for whoever it connects to.
pub(super) fn keys_of(party: &'static str, identity: &LinkIdentity) -> Vec<Canary> {
    let public = Canary::new(&format!("link key of {party}"), DataClass::PublicKey, identity.public().0);
    // RFC 8410 §7: the seed of an Ed25519 key is an octet string of 32 bytes within another.
    let private = identity.to_pkcs8();
    let seed = private.windows(4).position(|window| window == [0x04, 0x22, 0x04, 0x20]);
    let seed = seed.and_then(|at| private.get(at + 4..at + 36));
    let secret = seed.map(|seed| {
        Canary::new(&format!("private link key of {party}"), DataClass::Secret, seed).of([party])
    });
    std::iter::once(public.of([party])).chain(secret).collect()
}

fn words(rng: &mut Rng) -> String {
    hex::encode_upper(rng.bytes::<12>())
}

/// Fifteen digits that begin with `prefix`, which has two.
fn digits(rng: &mut Rng, prefix: u64) -> u64 {
    prefix * 10_000_000_000_000 + u64::from_be_bytes(rng.bytes()) % 10_000_000_000_000
}
