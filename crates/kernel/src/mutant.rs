//! Known faults that can be switched on, one at a time, in a build that is never shipped.
//!
//! A checker that finds nothing proves nothing. So each fault that the checks of the privacy boundary are for is
//! built in where a programmer would have made it, behind [`is`]. Without the cargo feature `mutants` that is
//! `false` at compile time and the fault is not in the program. With it, a shell may [`choose`] one when it starts;
//! the audit then must find it, by one of the layers that [`Mutant::caught_by`] names.

use std::fmt;

/// What finds faults, from the cheapest to the deepest (docs/privacy.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Something that no list has: a log line, a header, a field, a file (`privacy::surfaces`).
    Surface,
    /// A planted value is where it must not be.
    Canary,
    /// Two runs that differ in a secret only look different.
    Noninterference,
    /// What was deleted can still be read.
    Destruction,
    /// Sizes or times tell more bits than they may.
    Leakage,
    /// A test of an invariant (docs/architecture.md).
    Invariant,
}

/// Where a fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seat {
    /// In a pure machine: in virtual time as well as live.
    Machine,
    /// In a shell or the store: only with sockets and files.
    Shell,
}

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $mutant:ident, $name:literal, $seat:ident, [$($layer:ident),+];)+) => {
        /// A known fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $mutant),+
        }

        impl Mutant {
            /// Every fault that there is.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$mutant),+];

            /// What it is called, in kebab case.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$mutant => $name),+
                }
            }

            /// What the party does wrong, in a sentence.
            pub const fn fault(self) -> &'static str {
                match self {
                    $(Self::$mutant => concat!($($doc),+).trim_ascii_start()),+
                }
            }

            /// Where it shows.
            pub const fn seat(self) -> Seat {
                match self {
                    $(Self::$mutant => Seat::$seat),+
                }
            }

            /// The layers that must find it, each of them by itself.
            pub const fn caught_by(self) -> &'static [Layer] {
                match self {
                    $(Self::$mutant => &[$(Layer::$layer),+]),+
                }
            }
        }
    };
}

mutants! {
    /// The relay logs from, to and id of every envelope.
    RelayLogsEnvelope, "relay-logs-envelope", Machine, [Surface, Canary];
    /// The relay's rows keep what was acknowledged.
    RelayKeepsAcknowledged, "relay-keeps-acknowledged", Machine, [Destruction, Invariant];
    /// The relay gives a node a copy of what consumers send each other.
    RelayCopiesConsumersToNode, "relay-copies-consumers-to-node", Machine, [Noninterference, Invariant];
    /// The relay takes an envelope from a business's number from anybody.
    RelayTakesBusinessFromAnybody, "relay-takes-business-from-anybody", Machine, [Invariant];
    /// The relay tells nodes whose keys consumers look up.
    RelayTellsLookUps, "relay-tells-look-ups", Machine, [Noninterference];
    /// The meter's country is the last nine digits of the consumer's number.
    MeterNamesConsumer, "meter-names-consumer", Machine, [Surface, Invariant];
    /// The meter counts by the second, too.
    MeteringTellsTimes, "metering-tells-times", Machine, [Surface, Noninterference, Invariant];
    /// Whenever the totals of one node's businesses have changed, every node is told its own.
    MeteringForAll, "metering-for-all", Machine, [Noninterference];
    /// One-time prekeys are numbered as they are made, and handed out in that order.
    PrekeysCounted, "prekeys-counted", Machine, [Noninterference];
    /// The node's rows keep what was not delivered within the retention period.
    NodeKeepsExpired, "node-keeps-expired", Machine, [Destruction];
    /// The node's rows keep webhooks that were acknowledged.
    NodeKeepsWebhooks, "node-keeps-webhooks", Machine, [Destruction, Invariant];
    /// The node logs the number of who sent a message.
    NodeLogsNumber, "node-logs-number", Machine, [Surface, Canary];
    /// The node works on what came in within a span that has the sender's number.
    SpanHasNumber, "span-has-number", Machine, [Surface, Canary];
    /// Every error of the API ends with the caller's token.
    ErrorEchoesToken, "error-echoes-token", Machine, [Surface, Invariant];
    /// What one tenant may open, all may from then on.
    CacheSharedByTenants, "cache-shared-by-tenants", Machine, [Noninterference, Invariant];
    /// A valid token opens the phone numbers of all tenants.
    TokenOpensAllNumbers, "token-opens-all-numbers", Machine, [Noninterference, Invariant];
    /// Webhooks go to another tenant, signed with its secret.
    WebhookToOtherTenant, "webhook-to-other-tenant", Machine, [Canary, Invariant];
    /// What belongs to another tenant is refused with another error than what is not there.
    NotYoursIsAnotherError, "not-yours-is-another-error", Machine, [Noninterference, Invariant];
    /// It takes longer to refuse what belongs to another tenant than what is not there.
    NotYoursTakesLonger, "not-yours-takes-longer", Shell, [Leakage];
    /// Answers have a header that counts the requests of all tenants.
    HeaderCountsRequests, "header-counts-requests", Machine, [Surface, Noninterference];
    /// Names of messages are made of the time and of how many messages of all tenants are on their way.
    MessageIdCounts, "message-id-counts", Machine, [Noninterference];
    /// Messages are not padded.
    NotPadded, "not-padded", Machine, [Noninterference, Leakage];
    /// The smallest bucket is two: some messages are padded to half of it.
    BucketTooFine, "bucket-too-fine", Machine, [Noninterference, Leakage];
    /// The ratchet's state is not written when a message is encrypted: a restart takes it back.
    RatchetStateNotWritten, "ratchet-state-not-written", Machine, [Invariant];
    /// An envelope's id is made of the plaintext.
    EnvelopeIdFromContent, "envelope-id-from-content", Machine, [Noninterference];
    /// The app confirms that a message was seen though the person has switched that off.
    ReceiptThoughOff, "receipt-though-off", Machine, [Noninterference];
    /// The plaintext of a message stays in memory when it was delivered.
    MemoryNotCleared, "memory-not-cleared", Shell, [Destruction];
    /// Rows are written as they are.
    RowNotSealed, "row-not-sealed", Shell, [Canary, Invariant];
    /// All rows under one key are sealed with one nonce.
    NonceReused, "nonce-reused", Shell, [Invariant];
    /// A key that should be destroyed stays in the key file.
    KeyNotDestroyed, "key-not-destroyed", Shell, [Destruction, Invariant];
    /// The relay counts deliveries by number.
    MetricHasNumber, "metric-has-number", Shell, [Surface, Canary];
    /// The poster of webhooks panics with the body, and the process says with what.
    PanicShowsPayload, "panic-shows-payload", Shell, [Surface, Canary];
    /// The poster of webhooks logs where each goes.
    LogHasWebhookUrl, "log-has-webhook-url", Shell, [Surface];
    /// The poster of webhooks leaves each body in the directory for temporary files.
    WebhookInTempFile, "webhook-in-temp-file", Shell, [Surface, Canary];
}

/// Why there is no such mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// No fault has this name.
    #[error("no mutant has this name")]
    Unknown,
    /// A process has one, and this one's choice was made: another mutant, or none.
    #[error("another mutant was chosen before, or none")]
    Twice,
    /// This build can't have faults.
    #[error("this build has no mutants: build with the feature `mutants`")]
    NotBuiltIn,
}

impl Mutant {
    /// The fault called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mutant| mutant.name() == name)
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Layer {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Surface => "surface",
            Self::Canary => "canary",
            Self::Noninterference => "noninterference",
            Self::Destruction => "destruction",
            Self::Leakage => "leakage",
            Self::Invariant => "invariant",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// True if this process has this fault.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn is(_: Mutant) -> bool {
    false
}

/// Gives this process a fault. Only a shell does, when it starts.
///
/// # Errors
/// Any [`ChooseError`].
#[cfg(not(feature = "mutants"))]
pub fn choose(_: &str) -> Result<Mutant, ChooseError> {
    Err(ChooseError::NotBuiltIn)
}

#[cfg(feature = "mutants")]
pub use chosen::{choose, is};

#[cfg(feature = "mutants")]
mod chosen {
    use super::{ChooseError, Mutant};
    use std::sync::OnceLock;

    static CHOSEN: OnceLock<Option<Mutant>> = OnceLock::new();

    /// True if this process has this fault. If nobody has chosen one, it is the one that `BLINDPOST_MUTANT` names:
    /// tests of invariants have no shell that could choose.
    #[inline]
    pub fn is(mutant: Mutant) -> bool {
        let named = || Mutant::parse(&std::env::var("BLINDPOST_MUTANT").ok()?);
        *CHOSEN.get_or_init(named) == Some(mutant)
    }

    /// Gives this process a fault. Only a shell does, when it starts.
    ///
    /// # Errors
    /// Any [`ChooseError`].
    pub fn choose(name: &str) -> Result<Mutant, ChooseError> {
        let mutant = Mutant::parse(name).ok_or(ChooseError::Unknown)?;
        if *CHOSEN.get_or_init(|| Some(mutant)) == Some(mutant) {
            Ok(mutant)
        } else {
            Err(ChooseError::Twice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_kebab_case_and_read_back() {
        let names: BTreeSet<_> = Mutant::ALL.into_iter().map(Mutant::name).collect();
        assert_eq!(names.len(), Mutant::ALL.len());
        for mutant in Mutant::ALL {
            assert_eq!(Mutant::parse(mutant.name()), Some(mutant));
            assert!(mutant.name().bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()), "{mutant}");
            assert!(mutant.fault().ends_with('.') && !mutant.fault().starts_with(' '), "{mutant}");
        }
        assert_eq!(Mutant::parse("sound"), None);
    }

    #[cfg(not(feature = "mutants"))]
    #[test]
    fn what_is_shipped_has_no_fault_and_takes_none() {
        const { assert!(!is(Mutant::RelayLogsEnvelope)) };
        assert_eq!(choose("relay-logs-envelope"), Err(ChooseError::NotBuiltIn));
        assert!(Mutant::ALL.into_iter().all(|mutant| !is(mutant)));
    }

    #[cfg(feature = "mutants")]
    #[test]
    fn a_process_has_one_fault_at_most() {
        assert_eq!(choose("sound"), Err(ChooseError::Unknown));
        assert_eq!(choose("not-padded"), Ok(Mutant::NotPadded));
        assert_eq!(choose("not-padded"), Ok(Mutant::NotPadded));
        assert_eq!(choose("row-not-sealed"), Err(ChooseError::Twice));
        let faults: Vec<_> = Mutant::ALL.into_iter().filter(|mutant| is(*mutant)).collect();
        assert_eq!(faults, [Mutant::NotPadded]);
    }
}
