//! Media: what businesses upload, what consumers send, and how the one becomes a blob at the relay and the other a download.
//!
//! The machine has rows, never bytes: a row names a sealed file of the node's, or a blob of the relay's, with the key that it is
//! encrypted with, and is the only place that has it. What is to be done with bytes it says ([`MediaWork`]), and the shell does
//! it, piece by piece. When the row is gone, so are the bytes.

mod attaching;
mod calls;
mod files;
mod library;
mod sending;
mod waiting;
mod work;

pub(crate) use attaching::Attaching;
pub(crate) use calls::{delete_media, get_attachment, get_media, post_media};
pub use files::{Attached, FileName, MediaFile, StoredFile};
pub(crate) use library::{Library, Media, Place, Source};
pub(crate) use waiting::{Sending, Waiting};
pub use work::{BlobAnswer, Bytes, MediaWork, PutId};
