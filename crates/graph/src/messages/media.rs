//! Where a file is that a message brings.

use std::fmt;

/// Where a file is. `Debug` does not say it.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// It was uploaded, and has this id.
    Id(String),
    /// It is to be fetched from this address.
    Link(String),
}

impl fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id(…)",
            Self::Link(_) => "Link(…)",
        })
    }
}
