//! Names that many findings share, as reports spell them.

use std::sync::Arc;

#[cfg(feature = "policy")]
use serde::Serialize as _;
use serde::Serializer;

/// Shared text in a report. Serde has this as a feature, which would be everybody's.
pub(crate) fn as_str<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// The same, where there may be none.
#[cfg(feature = "policy")]
pub(crate) fn as_str_or_none<S: Serializer>(
    text: &Option<Arc<str>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}
