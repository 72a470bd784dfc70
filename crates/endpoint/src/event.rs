//! What an endpoint tells the machine that it is part of.

use content::{Content, MessageId};
use ratchet::{DecryptError, IdentityKey};
use wire::{Address, MeterReading, RejectCode};

/// Something happened to a message or to the connection. Read receipts of ours, and that we are writing, are not followed: they
/// cause no `Accepted`, `Delivered` or `Failed`.
#[derive(Debug)]
pub enum Event {
    /// The relay knows us and has our submissions: messages flow.
    Online,
    /// The relay and this endpoint do not have the same past: one of them was put back to an older copy, or the relay is
    /// another. New sessions are made, and messages that had not arrived are sent again.
    StartedOver,
    /// The connection to the relay is gone.
    Offline,
    /// A message arrived, once.
    Received {
        /// Which of our addresses it is for.
        account: Address,
        /// Who sent it.
        from: Address,
        /// What it says. What could be decrypted and is of no kind that we know is a message that can't be shown.
        content: Content,
    },
    /// The relay has a message of ours, durably.
    Accepted {
        /// Which of our addresses sent it.
        account: Address,
        /// Our name for it.
        message_id: MessageId,
    },
    /// The recipient's device has a message of ours, durably; we no longer have its content.
    Delivered {
        /// Which of our addresses sent it.
        account: Address,
        /// Our name for it.
        message_id: MessageId,
    },
    /// A message of ours will not arrive; we no longer have its content.
    Failed {
        /// Which of our addresses sent it.
        account: Address,
        /// Our name for it.
        message_id: MessageId,
        /// Why.
        failure: Failure,
    },
    /// A peer has another identity key than before: a new device, or somebody in between.
    IdentityChanged {
        /// Which of our addresses spoke with the one before.
        account: Address,
        /// Whose it is.
        peer: Address,
        /// The new one. It has shown that it is theirs who speak for the peer's address at the relay, and nothing more.
        identity: IdentityKey,
        /// By policy it is the peer's from now on. If not, [`Endpoint::trust`](crate::Endpoint::trust) makes it so.
        trusted: bool,
    },
    /// Something arrived that can't be read. Its sender does not hear that it was delivered; if it may help, we
    /// asked for it again. Nothing is said, and nothing asked for, once the sender has used up its allowance.
    Unreadable(Unreadable),
    /// Totals for the businesses of this node.
    Metering(Vec<MeterReading>),
    /// The relay refused what we said.
    Rejected(RejectCode),
}

/// Why a message will not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody is registered at the recipient's address.
    #[error("nobody is registered at the recipient's address")]
    UnknownRecipient,
    /// The relay does not let this endpoint send from, or to, that address.
    #[error("the relay does not let this endpoint send from or to that address")]
    NotAllowed,
    /// The recipient's prekey bundle is malformed or not signed by its identity.
    #[error("the recipient's prekey bundle is malformed or not signed by its identity")]
    BadBundle,
    /// The recipient's identity key is not the one that we know, and it is not trusted; or not the one that the message is for.
    #[error("the recipient's identity key has changed, and the new one is not trusted")]
    IdentityChanged,
    /// The recipient asked for it again too often.
    #[error("the recipient could not decrypt it in several attempts")]
    Undecryptable,
    /// Not delivered within its time: the retention period, or less if its terms say so.
    #[error("not delivered within its time")]
    Expired,
}

/// Why something that arrived can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Already decrypted: a replay.
    #[error("already decrypted: a replay")]
    Replay,
    /// Not for an address of ours.
    #[error("not for an address of this endpoint")]
    Misdirected,
    /// The sender's identity key is not the one that we know, and it is not trusted: by policy, or because it is one that
    /// another has taken the place of.
    #[error("the sender's identity key is not the one that is trusted")]
    IdentityChanged,
    /// The ratchet refuses it. Says why without the ids and counters that the error has: this gets into logs.
    #[error("{}", reason(.0))]
    Ciphertext(#[from] DecryptError),
    /// A retry request that names nothing that we sent to its sender.
    #[error("a retry request for nothing that was sent")]
    Retry,
}

fn reason(error: &DecryptError) -> &'static str {
    match error {
        DecryptError::NoSession => "no session",
        DecryptError::Malformed => "malformed message",
        DecryptError::UnsupportedVersion { .. } => "unsupported message version",
        DecryptError::Duplicate { .. } => "decrypted before",
        DecryptError::TooFarAhead => "too far into the future",
        DecryptError::UnknownPrekey { .. } => "unknown prekey",
        DecryptError::InvalidBaseKey | DecryptError::InvalidKeyAgreement => "invalid key",
        DecryptError::AuthenticationFailed => "message authentication failed",
        DecryptError::SuiteRefused { .. } => "suite not accepted",
        DecryptError::UntrustedIdentity => "sender's identity not trusted",
        DecryptError::WrongAddresses => "between other addresses",
        _ => "refused by the ratchet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet::PrekeyKind;

    #[test]
    fn no_id_or_counter_gets_into_a_log() {
        let prekey = DecryptError::UnknownPrekey { kind: PrekeyKind::OneTime, id: 7_654_321 };
        let counter = DecryptError::Duplicate { chain_index: 17, counter: 16 };
        for error in [prekey, counter] {
            let shown = Unreadable::from(error).to_string();
            assert!(!shown.chars().any(|c| c.is_ascii_digit()), "{shown}");
        }
    }
}
