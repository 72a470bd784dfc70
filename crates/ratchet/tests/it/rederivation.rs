//! The ratchet against the [naive protocol](crate::naive): under any order, loss and duplication every
//! byte sent is the one derived from scratch, every message is read once and right, and nothing else
//! is read.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use ratchet::{Ciphertext, DecryptError, MessageKind, SessionRecord, Suite, Suites};

use crate::device::{Device, NOW_S};
use crate::fields::fields;
use crate::naive::{INITIATOR, PqPart, Secrets, Sent};
use crate::recorder::{Drawn, Recorder};

/// Receiving chains that a side keeps, the initiator's unused first one included.
const KEPT_CHAINS: usize = 5;
const PREKEY: u32 = 1;

/// What is under way: everything ever sent, because anything may come again.
struct UnderWay {
    chain: usize,
    counter: u32,
    plaintext: Vec<u8>,
    message: Ciphertext,
}

struct Conversation {
    devices: [Device; 2],
    drawn: [Drawn; 2],
    secrets: Secrets,
    /// Messages in each chain so far.
    lengths: BTreeMap<usize, u32>,
    /// The newest chain that each side has received, and the messages that it has read.
    received: [Option<usize>; 2],
    read: [BTreeSet<(usize, u32)>; 2],
    /// Post-quantum keys that each side has sent with, by epoch.
    pq_sent: [BTreeMap<u64, u32>; 2],
    sent: Vec<UnderWay>,
}

impl Conversation {
    fn begin(suites: Suites, one_time: bool, seed: u64) -> Self {
        let mut devices = [Device::speaking(suites, seed), Device::speaking(suites, seed ^ 1)];
        let bundle = if one_time { devices[1].bundle() } else { devices[1].bundle_without_one_time() };
        let mut drawn = [Drawn::default(), Drawn::default()];
        let Device { record, local, rng, .. } = &mut devices[INITIATOR];
        let mut recorder = Recorder { rng, drawn: &mut drawn[INITIATOR] };
        record.initiate(local, &bundle, NOW_S, &mut recorder).unwrap();

        // Both stored forms begin with a kind and an id.
        let private = |stored: &[u8]| stored[5..37].try_into().unwrap();
        let prekeys = &devices[1].prekeys;
        let secrets = Secrets {
            identities: [0, 1].map(|side: usize| *devices[side].local.key_pair.to_bytes()),
            base: drawn[INITIATOR].curve[0],
            signed_prekey: private(&prekeys.signed[&PREKEY].to_bytes()),
            one_time_prekey: one_time.then(|| private(&prekeys.one_time[&PREKEY].to_bytes())),
            kem: drawn[INITIATOR].kem.first().map(|coins| {
                let public = prekeys.kem[&PREKEY].public().to_bytes()[1..].to_vec();
                // The ciphertext is known once a message has been sent.
                (public, *coins, Vec::new())
            }),
            ..Secrets::default()
        };
        Self {
            devices,
            drawn,
            secrets,
            lengths: BTreeMap::new(),
            received: [None, None],
            read: Default::default(),
            pq_sent: Default::default(),
            sent: Vec::new(),
        }
    }

    /// The chain that a side sends in: the next after the newest that it has received.
    fn sending_chain(&self, side: usize) -> Option<usize> {
        match self.received[side] {
            Some(chain) => Some(chain + 1),
            None => (side == INITIATOR).then_some(0),
        }
    }

    fn send(&mut self, side: usize) {
        let Some(chain) = self.sending_chain(side) else { return };
        let plaintext = format!("message {} of chain {chain}", self.sent.len()).into_bytes();
        let message = {
            let Device { record, rng, .. } = &mut self.devices[side];
            let mut recorder = Recorder { rng, drawn: &mut self.drawn[side] };
            record.encrypt(&plaintext, NOW_S, &mut recorder).unwrap()
        };
        self.take_over_what_was_drawn();

        let inner = if message.kind == MessageKind::Prekey {
            let outer = fields(&message.bytes[1..]);
            if let Some((_, _, ciphertext)) = &mut self.secrets.kem {
                *ciphertext = outer[&8][1..].to_vec();
            }
            outer[&4]
        } else {
            &message.bytes
        };
        let fields = fields(&inner[1..inner.len() - 8]);
        let pq = fields.get(&5).map(|part| PqPart::read(part));
        self.check_pq(side, pq);
        let counter = *self.lengths.entry(chain).and_modify(|length| *length += 1).or_insert(1) - 1;
        let in_previous_chain =
            chain.checked_sub(2).and_then(|chain| self.lengths.get(&chain)).copied().unwrap_or(0);
        let sent = Sent { chain, counter, in_previous_chain, plaintext: &plaintext, pq };
        let unanswered = side == INITIATOR && self.received[side].is_none();
        let derived = if unanswered {
            self.secrets.prekey_message(&sent, self.devices[side].local.registration_id, PREKEY)
        } else {
            self.secrets.message(&sent)
        };
        assert_eq!(message.kind == MessageKind::Prekey, unanswered);
        assert_eq!(
            hex::encode(&message.bytes),
            hex::encode(derived),
            "{sent_at:?}",
            sent_at = (chain, counter)
        );
        self.sent.push(UnderWay { chain, counter, plaintext, message });
    }

    /// Each key of the post-quantum chain is used for one message, in order.
    fn check_pq(&mut self, side: usize, pq: Option<PqPart>) {
        let Some(PqPart { epoch, index, .. }) = pq.filter(|part| part.index > 0) else { return };
        let sent = &mut self.pq_sent[side];
        assert!(sent.keys().all(|earlier| *earlier <= epoch), "epochs never go back");
        let last = sent.entry(epoch).or_insert(0);
        *last += 1;
        assert_eq!(index, *last);
    }

    /// Ratchet keys that were drawn are public knowledge in the naive protocol.
    fn take_over_what_was_drawn(&mut self) {
        let Self { secrets, drawn, .. } = self;
        // The initiator's first is its base key.
        secrets.ratchet[0] = drawn[0].curve[1..].to_vec();
        secrets.ratchet[1].clone_from(&drawn[1].curve);
        for side in [0, 1] {
            secrets.braid_seeds[side].clone_from(&drawn[side].braid_seeds);
            secrets.braid_coins[side].clone_from(&drawn[side].braid_coins);
        }
    }

    fn deliver(&mut self, at: usize) {
        let UnderWay { chain, counter, plaintext, message } = &self.sent[at];
        let (side, id) = (1 - chain % 2, (*chain, *counter));
        let expected = self.expected(side, id);
        let Device { record, local, prekeys, rng, .. } = &mut self.devices[side];
        let before = record.to_bytes();
        let mut recorder = Recorder { rng, drawn: &mut self.drawn[side] };
        let keys = recorder.drawn.curve.len();
        let result = record.decrypt(local, message.kind, &message.bytes, prekeys, &mut recorder);
        match result {
            Ok(decrypted) => {
                assert_eq!(expected, Expected::Readable, "{id:?}");
                assert_eq!(&*decrypted.plaintext, plaintext, "{id:?}");
                let is_new = self.received[side].is_none_or(|newest| newest < *chain);
                assert_eq!(self.drawn[side].curve.len(), keys + usize::from(is_new), "one key per new chain");
                self.received[side] = self.received[side].max(Some(*chain));
                self.read[side].insert(id);
            }
            Err(error) => {
                let explained = match error {
                    DecryptError::Duplicate { .. } => Expected::Duplicate,
                    DecryptError::AuthenticationFailed | DecryptError::PostQuantum(_) => Expected::Lost,
                    other => panic!("{id:?}: {other}"),
                };
                assert_eq!(expected, explained, "{id:?}");
                assert_eq!(before, record.to_bytes(), "{id:?}");
                assert_eq!(self.drawn[side].curve.len(), keys, "nothing is drawn for a refused message");
            }
        }
        self.check_skipped(side);
    }

    fn expected(&self, side: usize, id: (usize, u32)) -> Expected {
        let newest = self.received[side].max(Some(id.0));
        if !self.kept_chains(side, newest).contains(&id.0) {
            Expected::Lost
        } else if self.read[side].contains(&id) {
            Expected::Duplicate
        } else {
            Expected::Readable
        }
    }

    /// The chains whose messages a side can read, once it has received this one. No chain is passed
    /// over, because each side begins one only after the other's.
    fn kept_chains(&self, side: usize, newest: Option<usize>) -> Vec<usize> {
        let Some(newest) = newest else { return Vec::new() };
        let all: Vec<usize> = (0..=newest).filter(|chain| chain % 2 != side).collect();
        // At the initiator one place is taken until five others have come.
        let places = if side == INITIATOR && all.len() < KEPT_CHAINS { KEPT_CHAINS - 1 } else { KEPT_CHAINS };
        all[all.len().saturating_sub(places)..].to_vec()
    }

    /// Seeds are kept for exactly those messages that were passed over and not read since.
    fn check_skipped(&self, side: usize) {
        let Some(status) = self.devices[side].record.status() else { return };
        let unread = self.kept_chains(side, self.received[side]).into_iter().map(|chain| {
            let read = self.read[side].iter().filter(|(of, _)| *of == chain);
            let highest = read.clone().map(|(_, counter)| counter + 1).max().unwrap_or(0);
            highest as usize - read.count()
        });
        assert_eq!(status.skipped_keys, unread.sum::<usize>());
    }

    fn restart(&mut self, side: usize) {
        let record = &mut self.devices[side].record;
        *record = SessionRecord::from_bytes(&record.to_bytes()).unwrap();
    }
}

#[derive(PartialEq, Debug)]
enum Expected {
    Readable,
    Duplicate,
    Lost,
}

#[derive(Clone, Debug)]
enum Op {
    Send(usize),
    /// One of the last few, of anything ever sent, or the very last.
    Deliver(Option<prop::sample::Index>, bool),
    Restart(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0..2usize).prop_map(Op::Send),
        3 => any::<prop::sample::Index>().prop_map(|which| Op::Deliver(Some(which), true)),
        1 => any::<prop::sample::Index>().prop_map(|which| Op::Deliver(Some(which), false)),
        4 => Just(Op::Deliver(None, true)),
        1 => (0..2usize).prop_map(Op::Restart),
    ]
}

fn run(conversation: &mut Conversation, ops: &[Op]) {
    for op in ops {
        let sent = conversation.sent.len();
        match op {
            Op::Send(side) => conversation.send(*side),
            Op::Deliver(_, _) if sent == 0 => {}
            Op::Deliver(None, _) => conversation.deliver(sent - 1),
            Op::Deliver(Some(which), true) => conversation.deliver(sent - 1 - which.index(sent.min(8))),
            Op::Deliver(Some(which), false) => conversation.deliver(which.index(sent)),
            Op::Restart(side) => conversation.restart(*side),
        }
    }
}

fn suites() -> Vec<Suites> {
    let optional = Suites { newest: Suite::Triple, oldest: Suite::Pqxdh };
    Suite::ALL.into_iter().map(Suites::only).chain([optional]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_the_one_derived_from_scratch(
        seed in any::<u64>(),
        suites in prop::sample::select(suites()),
        one_time in any::<bool>(),
        ops in prop::collection::vec(op(), 1..120),
    ) {
        run(&mut Conversation::begin(suites, one_time, seed), &ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// Enough alternation for whole epochs of the post-quantum ratchet, with a disturbance now and
    /// then.
    #[test]
    fn so_are_those_of_later_post_quantum_epochs(
        seed in any::<u64>(),
        suites in prop::sample::select(suites()[2..].to_vec()),
        disturbances in prop::collection::vec(op(), 120),
    ) {
        let mut conversation = Conversation::begin(suites, true, seed);
        for disturbance in &disturbances {
            for side in [0, 1] {
                run(&mut conversation, &[Op::Send(side), Op::Deliver(None, true)]);
            }
            run(&mut conversation, std::slice::from_ref(disturbance));
        }
        let epochs = conversation.pq_sent.each_ref().map(|sent| sent.keys().last().copied());
        prop_assert!(epochs.iter().all(|epoch| *epoch >= Some(3)), "{epochs:?}");
    }
}
