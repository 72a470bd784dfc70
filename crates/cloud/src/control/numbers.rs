//! What the platform decides about a phone number, where a test has said it. It lives in memory: a node that is started
//! again decides as at first.

use graph::PhoneNumberId;
use graph::objects::PhoneNumber;
use std::collections::BTreeMap;

/// What the platform has decided about a number: the words that the API shows. `None` where nobody has said anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// `quality_rating`.
    pub quality: Option<&'static str>,
    /// `messaging_limit_tier`.
    pub tier: Option<&'static str>,
    /// `throughput`'s level.
    pub throughput: Option<&'static str>,
    /// `code_verification_status`.
    pub verification: Option<&'static str>,
}

/// What tests have said of numbers.
#[derive(Default)]
pub(crate) struct Standings(BTreeMap<PhoneNumberId, Standing>);

impl Standings {
    pub(crate) fn of(&self, number: PhoneNumberId) -> Standing {
        self.0.get(&number).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, number: PhoneNumberId, standing: Standing) {
        self.0.insert(number, standing);
    }
}

impl Standing {
    /// This, where `newer` says nothing else.
    pub(crate) fn with(self, newer: Self) -> Self {
        Self {
            quality: newer.quality.or(self.quality),
            tier: newer.tier.or(self.tier),
            throughput: newer.throughput.or(self.throughput),
            verification: newer.verification.or(self.verification),
        }
    }

    /// What the API shows of a number, with what was decided.
    pub(crate) fn apply(self, shown: &mut PhoneNumber<'_>) {
        if let Some(quality) = self.quality {
            shown.quality_rating = quality;
            shown.quality_score.score = quality;
        }
        if let Some(tier) = self.tier {
            shown.messaging_limit_tier = tier;
            shown.whatsapp_business_manager_messaging_limit = tier;
        }
        if let Some(level) = self.throughput {
            shown.throughput.level = level;
        }
        if let Some(status) = self.verification {
            shown.code_verification_status = status;
        }
    }
}
