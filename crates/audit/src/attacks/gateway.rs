//! Rule 1: nobody but the node that a number is registered to speaks for it, or hears what is sent to it.

use super::{Attack, AttackError, NOW};
use crate::matrix::{Leak, Matrix};
use bytes::{Bytes, BytesMut};
use kernel::{Machine as _, Rng, Seed};
use privacy::surfaces::Surfaces;
use privacy::{DataClass, Principal};
use relay::{Input, Output, Relay, RelayConfig};
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeId, EnvelopeKind, Frame as _, InboxItem,
    LinkEvent, LinkKey, Number, Outcome, Publish, SignedKey, ToEndpoint, ToRelay,
};

/// Endpoints by the byte that their link keys are made of.
const NODE: u8 = 1;
const OTHER_NODE: u8 = 2;
const PERSON: u8 = 3;
const VICTIM: u8 = 4;

/// The numbers of the endpoints above, in that order.
const NUMBERS: [u64; 4] = [15_550_783_881, 15_550_783_999, 4_915_112_345_678, 4_915_187_654_321];

/// Somebody else sends in a business's name, takes its number over, or gets what is for it.
pub(super) fn impostors(surfaces: &Surfaces, matrix: &mut Matrix) -> Result<[Attack; 3], AttackError> {
    let mut stage = Stage::new()?;
    let mut forged = 0;
    for impostor in [PERSON, OTHER_NODE] {
        let heard = stage.submits(impostor, NODE, VICTIM);
        let arrived = heard.iter().any(|(whose, frame)| *whose == VICTIM && is_envelope(frame));
        let refused = heard.iter().any(|(whose, frame)| *whose == impostor && says_not_allowed(frame));
        if arrived || !refused {
            forged += 1;
            matrix.leak(leak(Principal::Consumer, "somebody else's envelope arrives in a business's name"));
        }
    }
    let mut taken = 0;
    for impostor in [PERSON, OTHER_NODE] {
        let heard = stage.publishes(impostor, NODE);
        take_apart(&heard, surfaces, matrix);
        if heard.iter().any(|(_, frame)| matches!(frame, ToEndpoint::Published(_))) {
            taken += 1;
            matrix.leak(leak(Principal::Transport, "somebody else takes a business's number over"));
        }
    }
    let heard = stage.submits(PERSON, PERSON, NODE);
    let elsewhere = heard.iter().filter(|(whose, frame)| *whose != NODE && is_envelope(frame)).count() as u64;
    let private = stage.submits(PERSON, PERSON, VICTIM);
    let overheard =
        private.iter().filter(|(whose, frame)| *whose != VICTIM && is_envelope(frame)).count() as u64;
    if elsewhere + overheard > 0 {
        matrix.leak(leak(Principal::Cloud, "an envelope is delivered to somebody whom it is not for"));
    }
    // What is allowed has to work, or else that nothing else does proves nothing.
    let works = heard.iter().any(|(whose, frame)| *whose == NODE && is_envelope(frame))
        && stage
            .submits(NODE, NODE, VICTIM)
            .iter()
            .any(|(whose, frame)| *whose == VICTIM && is_envelope(frame));
    if !works {
        matrix.blind(
            "attack",
            "the relay delivers nothing at all: that it delivers nothing wrong proves nothing",
        );
    }
    let invariant = "only_the_gateway_speaks_for_a_business";
    Ok([
        Attack { invariant, what: "sending in a business's name", attempts: 2, successes: forged },
        Attack { invariant, what: "taking a business's number over", attempts: 2, successes: taken },
        Attack {
            invariant,
            what: "getting what is for somebody else",
            attempts: 2,
            successes: elsewhere + overheard,
        },
    ])
}

/// What the relay says to whom, by its labels.
fn take_apart(heard: &Heard, surfaces: &Surfaces, matrix: &mut Matrix) {
    for (whose, frame) in heard {
        let principal =
            if matches!(*whose, NODE | OTHER_NODE) { Principal::Cloud } else { Principal::Consumer };
        let mut bytes = BytesMut::new();
        frame.clone().encode(&mut bytes);
        let inside = bytes.get(FRAME_HEADER..).unwrap_or_default();
        matrix.seen(principal, surfaces.frame(principal, "blindpost.transport.ToEndpoint", inside));
    }
}

/// Length and version before the message of a frame.
const FRAME_HEADER: usize = 5;

fn is_envelope(frame: &ToEndpoint) -> bool {
    matches!(frame, ToEndpoint::Delivery { item: InboxItem::Envelope(_), .. })
}

fn says_not_allowed(frame: &ToEndpoint) -> bool {
    matches!(
        frame,
        ToEndpoint::Delivery { item: InboxItem::Receipt(receipt), .. } if receipt.outcome == Outcome::NotAllowed
    )
}

fn leak(principal: Principal, what: &str) -> Leak {
    Leak {
        layer: "attack",
        principal: principal.name().into(),
        class: Some(DataClass::Routing.name().into()),
        what: what.into(),
    }
}

/// A relay, and endpoints that all are connected.
struct Stage {
    relay: Relay,
    rng: Rng,
    submitted: [u64; 5],
}

type Heard = Vec<(u8, ToEndpoint)>;

impl Stage {
    fn new() -> Result<Self, AttackError> {
        let config = RelayConfig {
            gateways: [NODE, OTHER_NODE].map(|node| LinkKey([node; 32])).into(),
            enrol_first_gateway: false,
            ..RelayConfig::default()
        };
        let rng = Rng::for_entity(&Seed::from_number(1), "relay");
        let mut stage = Self { relay: Relay::restore(config, Vec::new())?, rng, submitted: [0; 5] };
        for endpoint in [NODE, OTHER_NODE, PERSON, VICTIM] {
            let connection = ConnectionId(u64::from(endpoint));
            stage.happens(LinkEvent::Up { connection, peer: LinkKey([endpoint; 32]) });
            let gateway = matches!(endpoint, NODE | OTHER_NODE);
            stage.says(endpoint, ToRelay::Hello { delivered: wire::Position::default(), gateway });
            stage.publishes(endpoint, endpoint);
        }
        Ok(stage)
    }

    fn happens(&mut self, event: LinkEvent<ToRelay>) -> Heard {
        let effects = self.relay.handle(NOW, Input::Link(event), &mut self.rng);
        let said = effects.outputs.into_iter().filter_map(|output| match output {
            Output::Send(outgoing) => Some((u8::try_from(outgoing.connection.0).ok()?, outgoing.frame)),
            _ => None,
        });
        said.collect()
    }

    fn says(&mut self, endpoint: u8, frame: ToRelay) -> Heard {
        self.happens(LinkEvent::Frame { connection: ConnectionId(u64::from(endpoint)), frame })
    }

    /// An endpoint publishes keys for the number of another, or its own.
    fn publishes(&mut self, endpoint: u8, whose: u8) -> Heard {
        let Some(address) = address(whose) else { return Heard::new() };
        let signed =
            |id| SignedKey { id, key: Bytes::from_static(b"key"), signature: Bytes::from_static(b"sig") };
        let publish = Publish {
            address,
            registration_id: 1,
            identity_key: Bytes::from_static(b"identity"),
            signed_prekey: signed(1),
            last_resort_kem_prekey: signed(2),
            one_time_prekeys: Vec::new(),
            one_time_kem_prekeys: Vec::new(),
            replaces: false,
            name: 0,
        };
        self.says(endpoint, ToRelay::Publish(Box::new(publish)))
    }

    /// An endpoint hands in an envelope from one number to another.
    fn submits(&mut self, endpoint: u8, from: u8, to: u8) -> Heard {
        let (Some(from), Some(to)) = (address(from), address(to)) else { return Heard::new() };
        let Some(sequence) = self.submitted.get_mut(usize::from(endpoint)) else { return Heard::new() };
        *sequence += 1;
        let sequence = *sequence;
        let mut id = [endpoint; 16];
        id.iter_mut().zip(sequence.to_be_bytes()).for_each(|(to, from)| *to = from);
        let envelope = Envelope {
            id: EnvelopeId(id),
            from,
            to,
            kind: EnvelopeKind::Ratchet,
            ciphertext: Bytes::from_static(b"whatever"),
            billing_class: BillingClass::Service,
        };
        self.says(endpoint, ToRelay::Submit { sequence, envelope })
    }
}

fn address(endpoint: u8) -> Option<Address> {
    let number = NUMBERS.get(usize::from(endpoint).checked_sub(1)?)?;
    Number::from_integer(*number).ok().map(Address::primary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use privacy::Policy;

    #[test]
    fn impostors_get_nowhere() {
        let mut matrix = Matrix::new(Policy::of_this_project().unwrap());
        let attacks = impostors(&Surfaces::of_this_project().unwrap(), &mut matrix).unwrap();
        assert!(attacks.iter().all(|attack| attack.successes == 0), "{:?}", matrix.leaks());
        assert!(matrix.blind_spots().is_empty());
    }
}
