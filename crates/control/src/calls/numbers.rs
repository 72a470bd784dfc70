//! `/control/v1/numbers`: what the platform decides about a business's phone number.

use super::{Nothing, Problems};
use crate::ask::{Asked, Named, Said, Told};
use crate::control::Control;
use crate::error::{Error, Outcome};
use axum::extract::State;
use cloud::{Done, Order, PhoneNumberId, Standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
        pub(crate) enum $name { $(#[doc = $word] #[serde(rename = $word)] $variant,)* }

        impl $name {
            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// What consumers think of a number.
    QualityWord { Green = "GREEN", Yellow = "YELLOW", Red = "RED", Unknown = "UNKNOWN" }
}
words! {
    /// How many people may be written to first in a day.
    TierWord {
        Fifty = "TIER_50", TwoHundredFifty = "TIER_250", Thousand = "TIER_1K", TwoThousand = "TIER_2K",
        TenThousand = "TIER_10K", HundredThousand = "TIER_100K", Unlimited = "TIER_UNLIMITED",
    }
}
words! {
    /// How many messages per second: 80, or 1,000.
    ThroughputWord { Standard = "STANDARD", High = "HIGH" }
}
words! {
    /// Whether its owner has shown that it is theirs.
    VerificationWord { Verified = "VERIFIED", NotVerified = "NOT_VERIFIED", Expired = "EXPIRED" }
}

/// What the platform decides; what is not named stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberChange {
    /// What consumers think of it.
    #[serde(default)]
    quality: Option<QualityWord>,
    /// How many people may be written to first in a day.
    #[serde(default)]
    tier: Option<TierWord>,
    /// How many messages per second.
    #[serde(default)]
    throughput: Option<ThroughputWord>,
    /// Whether its owner has shown that it is theirs.
    #[serde(default)]
    verified_code: Option<VerificationWord>,
}

/// What was decided; nothing where the platform has said nothing yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct NumberShape {
    /// The number's id.
    id: String,
    /// What consumers think of it.
    quality: Option<&'static str>,
    /// How many people may be written to first in a day.
    tier: Option<&'static str>,
    /// How many messages per second.
    throughput: Option<&'static str>,
    /// Whether its owner has shown that it is theirs.
    verified_code: Option<&'static str>,
}

/// The code that an SMS would have carried.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodeShape {
    /// Six digits.
    code: String,
}

/// Decides about a number.
#[utoipa::path(post, path = "/control/v1/numbers/{id}", request_body = NumberChange,
    params(("id" = String, Path, description = "The id of the phone number")),
    responses((status = 200, description = "What was decided", body = NumberShape), Problems))]
pub(crate) async fn set_number(
    State(control): State<Control>,
    Named(name): Named,
    Told(told): Told<NumberChange>,
) -> Outcome<Said<NumberShape>> {
    let number = named(&name)?;
    let standing = Standing {
        quality: told.quality.map(QualityWord::word),
        tier: told.tier.map(TierWord::word),
        throughput: told.throughput.map(ThroughputWord::word),
        verification: told.verified_code.map(VerificationWord::word),
    };
    match control.order(Order::SetStanding { number, standing }).await? {
        Done::Standing(standing) => Ok(Said(NumberShape {
            id: name,
            quality: standing.quality,
            tier: standing.tier,
            throughput: standing.throughput,
            verified_code: standing.verification,
        })),
        _ => Err(no_number(&name)),
    }
}

/// The code that an SMS would have carried.
#[utoipa::path(get, path = "/control/v1/numbers/{id}/code",
    params(("id" = String, Path, description = "The id of the phone number")),
    responses((status = 200, description = "The code", body = CodeShape), Problems))]
pub(crate) async fn get_code(
    State(control): State<Control>,
    Named(name): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Outcome<Said<CodeShape>> {
    match control.order(Order::Standing(named(&name)?)).await? {
        Done::Standing(_) => {
            Err(Error::not_built("asking for a code (POST /{phone-number-id}/request_code)"))
        }
        _ => Err(no_number(&name)),
    }
}

fn named(name: &str) -> Outcome<PhoneNumberId> {
    name.parse().map_err(|_| no_number(name))
}

fn no_number(name: &str) -> Error {
    let message = format!("there is no phone number with the id \"{}\"", crate::ask::short(name));
    Error::not_found(message, "GET /control/v1/facts names the phone_number_id of each business")
}
