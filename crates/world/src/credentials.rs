//! What a business has for itself.

use crate::draws::Purpose;
use crate::plan::Plan;
use crate::record::Who;
use crate::variation::Secret;

/// What a business has for itself: secrets, and the names by which the API knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Opens the API.
    pub token: String,
    /// Signs its webhooks.
    pub app_secret: String,
    /// What its webhook endpoint wants to hear in the handshake.
    pub verify_token: String,
    /// Where its webhooks go.
    pub callback_url: String,
    /// What it notes for itself with each message, in an audit.
    pub callback_data: String,
    /// Its number's id in the API.
    pub phone_number_id: String,
    /// Its account's.
    pub waba_id: String,
    /// Its app's.
    pub app_id: String,
    /// What people call it.
    pub name: String,
}

impl Credentials {
    pub(crate) fn of(plan: &Plan, index: u32) -> Self {
        let who = Who::business(index);
        let value = |secret: Secret, number: u64| {
            let mut draws = plan.origin().draws(Purpose::Credentials, u64::from(who.as_u32()) << 8 | number);
            let salt = plan.variation(who, secret).map_or(0, |variation| variation.salt);
            [draws.next() ^ salt, draws.next()]
        };
        let hex = |secret, number| value(secret, number).map(|word| format!("{word:016x}")).concat();
        // Fifteen digits, in the order of businesses: what ids are must not change who is served first.
        let id = |first: u64, number| {
            let [word, _] = value(Secret::GraphIds, number);
            (first * 100_000_000_000_000 + u64::from(index) * 1_000_000_000 + word % 1_000_000_000)
                .to_string()
        };
        let name = match plan.variation(who, Secret::GraphIds) {
            Some(variation) => format!("Firm {index} {:016x}", variation.salt),
            None => format!("Business {index}"),
        };
        Self {
            token: format!("EAA{}", hex(Secret::Token, 0)),
            app_secret: hex(Secret::AppSecret, 1),
            verify_token: hex(Secret::VerifyToken, 2),
            callback_url: format!("http://business.example/{}/{index}", hex(Secret::Callback, 3)),
            callback_data: hex(Secret::CallbackData, 4),
            phone_number_id: id(3, 5),
            waba_id: id(2, 6),
            app_id: id(1, 7),
            name,
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}
