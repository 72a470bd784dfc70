//! Who there is, and what can be learnt: the rows and columns of the matrix.

use std::fmt;

use serde::{Serialize, Serializer};

/// Somebody who sees bytes. docs/privacy.md, "Principals".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// A person's app.
    Consumer,
    /// Anybody on the wire.
    Network,
    /// The relay.
    Transport,
    /// The Cloud API node.
    Cloud,
    /// A business's own server.
    Business,
    /// Whatever leaves a process as log line, metric, span or report.
    Operator,
    /// A business that runs a node of its own.
    Onprem,
}

impl Principal {
    /// Every principal, in the order of the document.
    pub const ALL: [Self; 7] = [
        Self::Consumer,
        Self::Network,
        Self::Transport,
        Self::Cloud,
        Self::Business,
        Self::Operator,
        Self::Onprem,
    ];

    /// The principal called `name` in `policy.toml`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|principal| principal.name() == name)
    }

    /// Its name in `policy.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Network => "network",
            Self::Transport => "transport",
            Self::Cloud => "cloud",
            Self::Business => "business",
            Self::Operator => "operator",
            Self::Onprem => "onprem",
        }
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a field or a canary can tell. docs/privacy.md, "Data classes", and `proto/options.proto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataClass {
    /// What a message says, and what kind of message it is.
    Content,
    /// Exact plaintext length.
    ContentSize,
    /// Private keys, ratchet state, tokens.
    Secret,
    /// Identity keys, prekey bundles, link keys.
    PublicKey,
    /// A person's number and device.
    ConsumerAddress,
    /// A business's number and names.
    BusinessAddress,
    /// From and to of one envelope, envelope ids, sequence numbers.
    Routing,
    /// When something was sent, delivered, acknowledged.
    Timing,
    /// The padded length of a ciphertext.
    PaddedSize,
    /// Marketing, utility, authentication, service.
    BillingClass,
    /// Counts and bytes over a period.
    Metering,
    /// Quality rating, tier, block counts.
    Integrity,
    /// What a consumer chose to disclose.
    Report,
    /// Identifies nobody.
    Statistic,
    /// A container: only its own fields tell anything.
    Structure,
}

impl DataClass {
    /// Every class, in the order of `proto/options.proto`.
    pub const ALL: [Self; 15] = [
        Self::Content,
        Self::ContentSize,
        Self::Secret,
        Self::PublicKey,
        Self::ConsumerAddress,
        Self::BusinessAddress,
        Self::Routing,
        Self::Timing,
        Self::PaddedSize,
        Self::BillingClass,
        Self::Metering,
        Self::Integrity,
        Self::Report,
        Self::Statistic,
        Self::Structure,
    ];

    /// The class called `name` in `policy.toml`; `proto/options.proto` has the name in upper case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name().eq_ignore_ascii_case(name))
    }

    /// Its name in `policy.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::ContentSize => "content_size",
            Self::Secret => "secret",
            Self::PublicKey => "public_key",
            Self::ConsumerAddress => "consumer_address",
            Self::BusinessAddress => "business_address",
            Self::Routing => "routing",
            Self::Timing => "timing",
            Self::PaddedSize => "padded_size",
            Self::BillingClass => "billing_class",
            Self::Metering => "metering",
            Self::Integrity => "integrity",
            Self::Report => "report",
            Self::Statistic => "statistic",
            Self::Structure => "structure",
        }
    }
}

impl Serialize for DataClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for DataClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
