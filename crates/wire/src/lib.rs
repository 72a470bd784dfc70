//! What the endpoints say to the relay and the relay to them.
//!
//! `proto/transport.proto` is the wire format, with the data class of every field. The types here are
//! what a program handles: parsed, not validated again later. A number is a valid number, an envelope
//! id has 16 bytes, and a frame that says anything else was refused with a [`FrameError`].

mod connection;
mod convert;
mod frame;
mod ids;
mod length;
mod messages;
mod position;
mod transfer;

pub use connection::{ConnectionId, LinkEvent, Outgoing};
pub use frame::{Decoder, Frame, FrameError, MAX_FRAME_BYTES, VERSION};
pub use ids::{Address, BlobId, DeviceId, EnvelopeId, IdError, LinkKey, Number};
pub use messages::{
    Bundle, Envelope, InboxItem, MeterReading, OneTimeKey, PrekeyBundle, Publish, Receipt, SignedKey,
    ToEndpoint, ToRelay,
};
pub use position::Position;
pub use proto::{BillingClass, Direction, EnvelopeKind, Outcome, Refusal, RejectCode};
pub use transfer::{MAX_BLOB_BYTES, TransferAnswer, TransferId, TransferRequest};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.transport.rs"));
}
