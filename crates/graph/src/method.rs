//! The methods of HTTP that the Graph API has.

/// What a request wants to do with what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Post,
    /// Removes.
    Delete,
    /// Anything else: refused.
    Other,
}

impl Method {
    /// As errors spell it. A method that Graph doesn't have is never spelled.
    pub(crate) fn in_errors(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Get | Self::Other => "get",
        }
    }
}
