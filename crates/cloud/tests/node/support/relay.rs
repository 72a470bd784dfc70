//! A relay that does what the protocol says, and no more.

use std::collections::{BTreeMap, VecDeque};
use wire::{
    Address, Bundle, Envelope, EnvelopeKind, InboxItem, Outcome, Position, PrekeyBundle, Publish, Receipt,
    ToEndpoint, ToRelay,
};

/// Who is connected: 0 is the node, the others are consumers.
pub(crate) type Party = u64;

#[derive(Default)]
pub(crate) struct Relay {
    directory: BTreeMap<Address, (Party, Publish)>,
    accepted: BTreeMap<Party, Position>,
    published: BTreeMap<Party, u64>,
    inboxes: BTreeMap<Party, Inbox>,
    pub(crate) frames: VecDeque<(Party, ToEndpoint)>,
    /// Everything that was ever submitted.
    pub(crate) seen: Vec<Envelope>,
}

#[derive(Default)]
struct Inbox {
    last: Position,
    items: VecDeque<(Position, InboxItem)>,
}

impl Relay {
    /// What was on its way to `party` is lost with the connection.
    pub(crate) fn disconnect(&mut self, party: Party) {
        self.frames.retain(|(to, _)| *to != party);
    }

    pub(crate) fn handle(&mut self, from: Party, frame: ToRelay) {
        match frame {
            ToRelay::Hello { delivered, .. } => {
                let accepted = self.accepted.get(&from).copied().unwrap_or_default();
                let published = self.published.get(&from).copied().unwrap_or_default();
                self.say(from, ToEndpoint::Welcome { accepted, resumes: delivered, published });
                for (Position { sequence, name }, item) in self.inboxes.entry(from).or_default().items.clone()
                {
                    self.say(from, ToEndpoint::Delivery { sequence, name, item });
                }
            }
            ToRelay::Publish(publish) => {
                let address = publish.address;
                self.published.insert(from, publish.name);
                self.directory.insert(address, (from, *publish));
                self.say(from, ToEndpoint::Published(address));
            }
            ToRelay::FetchBundle(address) => {
                let bundle = self.directory.get_mut(&address).map(|(_, publish)| hand_out(publish));
                self.say(from, ToEndpoint::Bundle(Box::new(Bundle { address, bundle })));
            }
            ToRelay::Submit { sequence, envelope } => self.submit(from, sequence, envelope),
            ToRelay::Acknowledge { through, .. } => self.acknowledge(from, through),
        }
    }

    /// Puts something into an inbox, once more or out of nowhere.
    pub(crate) fn inject(&mut self, to: Party, item: InboxItem) {
        let inbox = self.inboxes.entry(to).or_default();
        inbox.last = item.behind(inbox.last);
        let Position { sequence, name } = inbox.last;
        inbox.items.push_back((inbox.last, item.clone()));
        self.say(to, ToEndpoint::Delivery { sequence, name, item });
    }

    fn submit(&mut self, from: Party, sequence: u64, envelope: Envelope) {
        let accepted = self.accepted.entry(from).or_default();
        if sequence > accepted.sequence {
            *accepted = accepted.then(envelope.id);
            assert_eq!(sequence, accepted.sequence, "gap in submissions");
            self.seen.push(envelope.clone());
            match self.directory.get(&envelope.to).map(|(party, _)| *party) {
                Some(party) => self.inject(party, InboxItem::Envelope(envelope)),
                None => self.receipt(from, &envelope, Outcome::UnknownRecipient),
            }
        }
        let through = self.accepted.get(&from).map_or(0, |accepted| accepted.sequence);
        self.say(from, ToEndpoint::Accepted { through });
    }

    fn acknowledge(&mut self, from: Party, through: u64) {
        let inbox = self.inboxes.entry(from).or_default();
        while let Some((_, item)) = inbox.items.pop_front_if(|(position, _)| position.sequence <= through) {
            match item {
                InboxItem::Envelope(envelope) if envelope.kind != EnvelopeKind::Retry => {
                    let sender = self.directory.get(&envelope.from).map(|(party, _)| *party);
                    let sender = sender.expect("unregistered sender");
                    return self.acknowledge_rest(from, through, sender, &envelope);
                }
                _ => {}
            }
        }
    }

    fn acknowledge_rest(&mut self, from: Party, through: u64, sender: Party, envelope: &Envelope) {
        self.receipt(sender, envelope, Outcome::Delivered);
        self.acknowledge(from, through);
    }

    fn receipt(&mut self, to: Party, envelope: &Envelope, outcome: Outcome) {
        self.inject(to, InboxItem::Receipt(Receipt { envelope_id: envelope.id, outcome }));
    }

    fn say(&mut self, to: Party, frame: ToEndpoint) {
        self.frames.push_back((to, frame));
    }
}

fn hand_out(publish: &mut Publish) -> PrekeyBundle {
    PrekeyBundle {
        registration_id: publish.registration_id,
        identity_key: publish.identity_key.clone(),
        signed_prekey: publish.signed_prekey.clone(),
        one_time_prekey: publish.one_time_prekeys.pop(),
        kem_prekey: publish.one_time_kem_prekeys.pop().unwrap_or(publish.last_resort_kem_prekey.clone()),
    }
}
