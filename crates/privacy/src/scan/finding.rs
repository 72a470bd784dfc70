//! A canary where it was seen.

use std::{fmt, sync::Arc};

use serde::Serialize;

use crate::{Compression, DataClass, Encoding, shared_text::as_str};

/// A canary where it was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The name of the canary.
    #[serde(serialize_with = "as_str")]
    pub canary: Arc<str>,
    /// What it is an example of; the policy says who may see it.
    pub class: DataClass,
    /// Where it was seen: the name of the stream, or the path of the file.
    #[serde(serialize_with = "as_str")]
    pub view: Arc<str>,
    /// Position of its first byte within the view; of the compressed stream, if it is inside one.
    pub offset: u64,
    /// How it was written there.
    pub encoding: Encoding,
    /// Where in a compressed stream.
    pub inside: Option<Inside>,
}

/// A place in what a compressed stream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Inside {
    /// How the stream is compressed.
    pub compression: Compression,
    /// Position of the canary's first byte within what the stream says.
    pub offset: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { canary, class, view, offset, encoding, inside } = self;
        write!(f, "canary `{canary}` ({class}) in {view} at byte {offset}, ")?;
        if let Some(Inside { compression, offset }) = inside {
            write!(f, "inside {compression} at byte {offset}, ")?;
        }
        encoding.fmt(f)
    }
}
