//! What the relay has delivered for a business whose webhooks are far behind, and all that it has delivered since: it isn't
//! acknowledged before it is taken, so that more of it waits at the relay (docs/decisions/0033).

use std::collections::VecDeque;
use wire::{ConnectionId, InboxItem, LinkEvent, Number, ToEndpoint};

/// In the order in which it came; no more than the relay delivers without an acknowledgement.
#[derive(Default)]
pub(crate) struct Held(VecDeque<(ConnectionId, ToEndpoint)>);

impl Held {
    /// Keeps a delivery that is for a business without room, or behind one that is; gives everything else back.
    pub(crate) fn sift(
        &mut self,
        event: LinkEvent<ToEndpoint>,
        has_room: impl Fn(Number) -> bool,
    ) -> Option<LinkEvent<ToEndpoint>> {
        match event {
            LinkEvent::Frame { connection, frame: frame @ ToEndpoint::Delivery { .. } } => {
                if self.0.is_empty() && recipient(&frame).is_none_or(has_room) {
                    return Some(LinkEvent::Frame { connection, frame });
                }
                self.0.push_back((connection, frame));
                None
            }
            LinkEvent::Up { .. } | LinkEvent::Down { .. } => {
                // What was not acknowledged is delivered again.
                self.0.clear();
                Some(event)
            }
            LinkEvent::Frame { .. } | LinkEvent::Garbled { .. } => Some(event),
        }
    }

    /// The next, if there is room for it now.
    pub(crate) fn next(&mut self, has_room: impl Fn(Number) -> bool) -> Option<LinkEvent<ToEndpoint>> {
        if !self.is_takeable(has_room) {
            return None;
        }
        let (connection, frame) = self.0.pop_front()?;
        Some(LinkEvent::Frame { connection, frame })
    }

    /// True if there is one and room for it.
    pub(crate) fn is_takeable(&self, has_room: impl Fn(Number) -> bool) -> bool {
        self.0.front().is_some_and(|(_, frame)| recipient(frame).is_none_or(has_room))
    }
}

/// The business that a delivery is for.
fn recipient(frame: &ToEndpoint) -> Option<Number> {
    match frame {
        ToEndpoint::Delivery { item: InboxItem::Envelope(envelope), .. } => Some(envelope.to.number),
        _ => None,
    }
}
