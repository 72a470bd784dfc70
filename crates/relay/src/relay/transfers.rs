//! What endpoints want of blobs. The machine decides, and keeps who has how much; the shell carries the bytes.

use super::{Output, Peer, Relay, Step, TransferEvent, Verdict};
use crate::blobs::{Admission, Owner};
use wire::{BlobId, ConnectionId, Refusal, TransferId, TransferRequest};

impl Relay {
    /// True if there is a blob of this name: files of other names are nobody's.
    pub fn keeps(&self, blob: BlobId) -> bool {
        self.blobs.has(blob)
    }

    pub(super) fn on_transfer(&mut self, transfer: TransferId, event: TransferEvent, step: &mut Step<'_>) {
        match event {
            TransferEvent::Asked { connection, request } => {
                let verdict = match self.connections.get(&connection).copied() {
                    Some(Peer::Endpoint(_)) => self.on_transfer_request(transfer, connection, request, step),
                    Some(Peer::Stranger(_)) | None => Verdict::Refused(Refusal::NotAnEndpoint),
                };
                step.say(Output::Transfer { transfer, verdict });
            }
            TransferEvent::Arrived { blob } => {
                let expires = step.now + self.config.blob_ttl;
                let arrived = self.blobs.arrive(transfer, expires, step.transaction);
                let verdict = if arrived { Verdict::Done } else { Verdict::Refused(Refusal::NotNow) };
                if !self.blobs.has(blob) {
                    // Its connection went in the meantime.
                    step.say(Output::DropBlob(blob));
                }
                step.say(Output::Transfer { transfer, verdict });
            }
            TransferEvent::Ended => self.blobs.end(transfer),
        }
    }

    fn on_transfer_request(
        &mut self,
        transfer: TransferId,
        connection: ConnectionId,
        request: TransferRequest,
        step: &mut Step<'_>,
    ) -> Verdict {
        match request {
            TransferRequest::Put { blob, length } => {
                let Some(owner) = self.owner(connection) else {
                    return Verdict::Refused(Refusal::NotAnEndpoint);
                };
                match self.blobs.admit(&self.config, transfer, owner, (blob, length)) {
                    Admission::Come => Verdict::Receive { blob, length },
                    Admission::Here => Verdict::Done,
                    Admission::Refused(refusal) => Verdict::Refused(refusal),
                }
            }
            TransferRequest::Get { blob, offset } => match self.blobs.length(blob) {
                Some(length) if offset <= length => Verdict::Send { blob, offset, length },
                Some(_) => Verdict::Refused(Refusal::BlobTooLarge),
                None => Verdict::Refused(Refusal::NoBlob),
            },
            TransferRequest::Delete { blob } => {
                if self.blobs.delete(blob, step.transaction) {
                    step.say(Output::DropBlob(blob));
                }
                // Gone is gone, whoever it was.
                Verdict::Done
            }
        }
    }

    /// Who may put a blob over a connection: an endpoint that has an address, or speaks for businesses.
    fn owner(&self, connection: ConnectionId) -> Option<Owner> {
        let Some(Peer::Endpoint(slot)) = self.connections.get(&connection).copied() else { return None };
        let endpoint = &self.endpoints[slot];
        (endpoint.gateway || !endpoint.addresses.is_empty()).then_some(Owner {
            key: endpoint.key,
            connection,
            gateway: endpoint.gateway,
        })
    }

    pub(super) fn expire_blobs(&mut self, step: &mut Step<'_>) {
        for blob in self.blobs.expire(step.now, step.transaction) {
            step.say(Output::DropBlob(blob));
        }
    }
}
