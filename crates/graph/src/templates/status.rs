//! What has become of a template: its status, why it was refused, and what recipients think of it.

use crate::error::GraphError;
use crate::reading::Param;
use crate::templates::word;
use serde::Serialize;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];
            const WORDS: &'static [&'static str] = &[$($text,)*];

            /// As the API spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }

            /// The one of that name, in whatever case.
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|of| of.as_str().eq_ignore_ascii_case(name))
            }

            /// Reads one, in whatever case.
            ///
            /// # Errors
            /// It is none.
            pub fn read(param: Param<'_>) -> Result<Self, GraphError> {
                let name = word(param, Self::WORDS)?;
                Self::of(name).ok_or_else(|| GraphError::one_of(&param.path(), Self::WORDS, name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// What has become of a template.
    Status {
        /// Can be sent.
        Approved = "APPROVED",
        /// Waits for its review.
        Pending = "PENDING",
        /// Was refused.
        Rejected = "REJECTED",
        /// Can't be sent for a while, because recipients did not like it.
        Paused = "PAUSED",
        /// Can't be sent any more.
        Disabled = "DISABLED",
        /// Somebody looks at it again.
        InAppeal = "IN_APPEAL",
        /// Is deleted as soon as what was sent of it has arrived.
        PendingDeletion = "PENDING_DELETION",
        /// Is gone.
        Deleted = "DELETED",
        /// The account had too many.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// Was put away.
        Archived = "ARCHIVED",
        /// Can't be changed.
        Locked = "LOCKED",
    }
}

words! {
    /// Why a template was refused.
    Reason {
        /// It wasn't.
        None = "NONE",
        /// It offends.
        AbusiveContent = "ABUSIVE_CONTENT",
        /// The business may not send that.
        CategoryNotAvailable = "CATEGORY_NOT_AVAILABLE",
        /// It is of another category.
        IncorrectCategory = "INCORRECT_CATEGORY",
        /// It can't be read.
        InvalidFormat = "INVALID_FORMAT",
        /// It sells something.
        Promotional = "PROMOTIONAL",
        /// It deceives.
        Scam = "SCAM",
        /// What it says is not what it is tagged as.
        TagContentMismatch = "TAG_CONTENT_MISMATCH",
    }
}

words! {
    /// What recipients think of a template.
    Quality {
        /// Much.
        Green = "GREEN",
        /// Less.
        Yellow = "YELLOW",
        /// Nothing: it is paused.
        Red = "RED",
        /// Nobody knows yet.
        Unknown = "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        assert!(Status::ALL.iter().all(|status| Status::of(status.as_str()) == Some(*status)));
        assert!(
            Reason::ALL.iter().all(|reason| Reason::of(&reason.as_str().to_lowercase()) == Some(*reason))
        );
        assert!(Quality::ALL.iter().all(|quality| Quality::of(quality.as_str()) == Some(*quality)));
        assert_eq!(Status::of("FLAGGED"), None);
    }
}
