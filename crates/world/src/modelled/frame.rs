//! Frames by reference: what is on its way, and how long it would be.

use super::account::{Bundle, Published};
use super::model::Model;
use super::session::{self, Sealed};
use super::sizes;
use crate::costs::Costs;
use crate::record::{What, Who};
use std::sync::Arc;
use std::time::Duration;

/// One message on its way.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) from: Who,
    pub(crate) to: Who,
    pub(crate) name: Name,
    pub(crate) body: Body,
    /// Bytes of ciphertext, and of the encoded envelope.
    pub(crate) ciphertext: u32,
    pub(crate) size: u32,
}

/// Which envelope it is: the sender's message, and which attempt at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) message: u64,
    pub(crate) attempt: u8,
}

/// What is in an envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Sealed(Sealed, Content),
    /// The recipient of an envelope could not decrypt it.
    Retry(Name),
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A text of so many bytes.
    Text(u32),
    /// This message was seen.
    Read(u64),
}

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    UnknownRecipient,
    NotAllowed,
}

/// Endpoint to relay.
#[derive(Debug, Clone)]
pub(crate) enum ToRelay {
    Hello { delivered_through: u64, gateway: bool },
    Publish(Who, Published),
    FetchBundle(Who),
    Submit { sequence: u64, envelope: Arc<Envelope> },
    Acknowledge { through: u64 },
}

/// Relay to endpoint.
#[derive(Debug, Clone)]
pub(crate) enum ToEndpoint {
    Welcome {
        accepted_through: u64,
    },
    Published(Who),
    Bundle(Who, Option<Bundle>),
    Accepted {
        through: u64,
    },
    Deliver {
        sequence: u64,
        envelope: Arc<Envelope>,
    },
    Receipt {
        sequence: u64,
        message: u64,
        attempt: u8,
        fate: Fate,
    },
    PrekeysLow(Who, u32),
    /// Readings of so many bytes.
    Metering(u32),
    /// After it the connection is at an end.
    Rejected,
}

impl Content {
    pub(crate) const fn is_receipt(self) -> bool {
        matches!(self, Self::Read(_))
    }
}

impl Envelope {
    pub(crate) const fn is_retry(&self) -> bool {
        matches!(self.body, Body::Retry(_))
    }

    pub(crate) const fn is_prekey(&self) -> bool {
        matches!(self.body, Body::Sealed(Sealed { kind: session::Kind::Prekey(_), .. }, _))
    }
}

impl ToRelay {
    pub(crate) const fn what(&self) -> What {
        match self {
            Self::Hello { .. } => What::Hello,
            Self::Publish(..) => What::Publish,
            Self::FetchBundle(_) => What::FetchBundle,
            Self::Submit { .. } => What::Submit,
            Self::Acknowledge { .. } => What::Acknowledge,
        }
    }

    pub(crate) fn size(&self, model: &Model) -> u32 {
        match self {
            Self::Hello { delivered_through, gateway } => sizes::hello(*delivered_through, *gateway),
            Self::Publish(who, published) => sizes::publish(model.length(*who), *published),
            Self::FetchBundle(who) => sizes::addressed(model.length(*who)),
            Self::Submit { sequence, envelope } => sizes::submit(*sequence, envelope.size),
            Self::Acknowledge { through } => sizes::sequence(*through),
        }
    }
}

impl ToEndpoint {
    pub(crate) const fn what(&self) -> What {
        match self {
            Self::Welcome { .. } => What::Welcome,
            Self::Published(_) => What::Published,
            Self::Bundle(..) => What::Bundle,
            Self::Accepted { .. } => What::Accepted,
            Self::Deliver { .. } => What::Deliver,
            Self::Receipt { .. } => What::Receipt,
            Self::PrekeysLow(..) => What::PrekeysLow,
            Self::Metering(_) => What::Metering,
            Self::Rejected => What::Rejected,
        }
    }

    pub(crate) fn size(&self, model: &Model) -> u32 {
        match self {
            Self::Welcome { accepted_through: through } | Self::Accepted { through } => {
                sizes::sequence(*through)
            }
            Self::Published(who) => sizes::addressed(model.length(*who)),
            Self::Bundle(who, bundle) => sizes::bundle(model.length(*who), *bundle),
            Self::Deliver { sequence, envelope } => sizes::deliver(*sequence, envelope.size),
            Self::Receipt { sequence, .. } => sizes::receipt(*sequence),
            Self::PrekeysLow(who, left) => sizes::prekeys_low(model.length(*who), *left),
            Self::Metering(readings) => sizes::metering(*readings),
            Self::Rejected => sizes::rejected(),
        }
    }

    /// How long it keeps the endpoint's processor busy.
    pub(crate) fn takes(&self, costs: &Costs) -> Duration {
        match self {
            Self::Deliver { envelope, .. } if envelope.is_prekey() => costs.respond,
            Self::Deliver { .. } => costs.decrypt,
            Self::Bundle(..) => costs.initiate,
            _ => Duration::ZERO,
        }
    }
}
