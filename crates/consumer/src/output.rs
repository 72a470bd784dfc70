//! What the app says: to the relay, to the screen, and to the person.

use crate::command::Refusal;
use crate::inbox::Shown;
use content::MessageId;
use endpoint::{Failure, Unreadable};
use wire::{Number, Outgoing, RejectCode, ToRelay};

/// What the app says.
#[derive(Debug)]
pub enum Output {
    /// To the relay.
    Send(Outgoing<ToRelay>),
    /// To the screen. Shown again after a restart unless the screen confirmed it. A reaction belongs to the message that it is
    /// on: of its sender's reactions to one message the last is the one that there is.
    Show(Shown),
    /// What became of a message of the person's.
    Status {
        /// Which message.
        message_id: MessageId,
        /// What became of it.
        sent: Sent,
    },
    /// A message of the person's was not taken.
    NotSent {
        /// What it would have been called.
        message_id: MessageId,
        /// Why.
        why: Refusal,
    },
    /// Somebody is writing to the person, or no longer: for 25 seconds at most, or until their next message.
    Typing {
        /// Who.
        from: Number,
        /// They are.
        typing: bool,
    },
    /// Anything else that the person should know.
    Notice(Notice),
}

/// What became of a message of the person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// This app has it, durably.
    Pending,
    /// The relay has it.
    Accepted,
    /// The recipient's device has it.
    Delivered,
    /// It was seen.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

/// Something that the person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The relay knows this device and its keys.
    Registered,
    /// The relay is connected.
    Online,
    /// App and relay did not have the same past, and have started over: messages that had not arrived are sent again.
    StartedOver,
    /// The relay is not connected; messages wait.
    Offline,
    /// The relay refused something.
    Rejected(RejectCode),
    /// Something arrived that can't be read.
    Unreadable(Unreadable),
    /// Somebody has another identity key than before, and as the policy says that is theirs from now on, or not.
    IdentityChanged {
        /// Whose key it is.
        number: Number,
        /// It is theirs from now on. If not, nothing goes to them and nothing of theirs is shown.
        trusted: bool,
    },
    /// No identity of theirs was refused since the app was started.
    NothingToTrust {
        /// Whose.
        number: Number,
    },
}

impl From<Outgoing<ToRelay>> for Output {
    fn from(outgoing: Outgoing<ToRelay>) -> Self {
        Self::Send(outgoing)
    }
}
