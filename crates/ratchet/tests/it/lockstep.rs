//! A modelled run looks like a real one: step by step the same lengths, kinds, errors, statuses, events and
//! draws, whatever is lost, reordered, skipped, repeated, restarted, rolled back or sent to somebody else.

use std::sync::LazyLock;

use proptest::prelude::*;
use rand_core::Rng;
use ratchet::generic::{KemPrekey, OneTimePrekey, SessionRecord};
use ratchet::{
    Ciphertext, DecryptError, EncryptError, Event, InitiateError, KeyUse, MessageKind, Modelled, Native,
    PrekeyBundle, PrekeyMessage, Provider, RecordError, SessionId, SessionStatus, Suite, Suites,
};

use crate::device::{Device, NOW_S, established_by};

/// A day more than a session waits for its first answer.
const TOO_LATE_S: u64 = NOW_S + 31 * 24 * 60 * 60;

#[derive(Clone, Debug)]
enum Op {
    /// Start a session with the other one; with a one-time prekey, and with a KEM prekey, or without.
    Initiate {
        by: usize,
        one_time: bool,
        kem: bool,
    },
    Send {
        by: usize,
        length: usize,
    },
    /// So many, of which only the last is kept: the others are skipped.
    Burst {
        by: usize,
        messages: usize,
    },
    SendTooLate {
        by: usize,
    },
    /// Deliver one of the messages under way, and perhaps leave it there to come again.
    Deliver {
        which: usize,
        again: bool,
    },
    /// Give one to its own sender.
    Return {
        which: usize,
    },
    /// Give one to somebody else, who has a session of its own with the sender.
    Misdeliver {
        which: usize,
    },
    /// One message after the other, in turns, as epochs need.
    Talk {
        messages: usize,
    },
    Lose {
        which: usize,
    },
    Restart {
        who: usize,
    },
    Keep {
        who: usize,
    },
    RollBack {
        who: usize,
    },
    Archive {
        who: usize,
    },
    /// Its one-time prekeys and KEM prekeys are gone; or others under the same ids.
    ForgetPrekeys {
        who: usize,
        replace: bool,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let who = 0..2usize;
    let which = any::<usize>();
    prop_oneof![
        1 => (who.clone(), any::<bool>(), prop::bool::weighted(0.9))
            .prop_map(|(by, one_time, kem)| Op::Initiate { by, one_time, kem }),
        8 => (who.clone(), 0usize..600).prop_map(|(by, length)| Op::Send { by, length }),
        2 => (who.clone(), 1usize..40).prop_map(|(by, messages)| Op::Burst { by, messages }),
        1 => who.clone().prop_map(|by| Op::SendTooLate { by }),
        12 => (which, prop::bool::weighted(0.2))
            .prop_map(|(which, again)| Op::Deliver { which, again }),
        1 => which.prop_map(|which| Op::Return { which }),
        1 => which.prop_map(|which| Op::Misdeliver { which }),
        3 => (1usize..60).prop_map(|messages| Op::Talk { messages }),
        2 => which.prop_map(|which| Op::Lose { which }),
        1 => who.clone().prop_map(|who| Op::Restart { who }),
        1 => who.clone().prop_map(|who| Op::Keep { who }),
        1 => who.clone().prop_map(|who| Op::RollBack { who }),
        1 => who.clone().prop_map(|who| Op::Archive { who }),
        1 => (who, any::<bool>()).prop_map(|(who, replace)| Op::ForgetPrekeys { who, replace }),
    ]
}

/// In the place of every session's id: those are keys.
static A_SESSION: LazyLock<SessionId> =
    LazyLock::new(|| established_by::<Modelled>(Suite::X3dh).0.record.status().unwrap().id);

/// All that can be seen of a step. No key is in it, nor anything that follows from one.
#[derive(PartialEq, Debug)]
struct Seen {
    what: What,
    statuses: Vec<Option<SessionStatus>>,
    archived: Vec<usize>,
    events: Vec<Event>,
    under_way: Vec<(usize, MessageKind, usize, u32)>,
    /// What the random sources would give next.
    next: Vec<u64>,
}

#[derive(PartialEq, Debug)]
enum What {
    Initiated(Result<(), InitiateError>),
    Sent(Result<(), EncryptError>),
    Read(Result<Vec<u8>, DecryptError>),
    Done,
}

struct Conversation<P: Provider> {
    devices: [Device<P>; 2],
    /// In a session with each of them.
    strangers: [Device<P>; 2],
    under_way: Vec<(usize, Ciphertext)>,
    kept: [SessionRecord<P>; 2],
    sent: usize,
}

impl<P: Provider> Conversation<P> {
    fn new(suites: [Suites; 2], seed: u64) -> Self {
        let [a, b] = suites;
        let devices = [Device::speaking(a, seed), Device::speaking(b, seed ^ 1)];
        let strangers = [Device::speaking(a, seed ^ 2), Device::speaking(b, seed ^ 3)];
        Self { devices, strangers, under_way: Vec::new(), kept: Default::default(), sent: 0 }
    }

    fn run(&mut self, op: &Op) -> Seen {
        let what = match *op {
            Op::Initiate { by, one_time, kem } => What::Initiated(self.initiate(by, one_time, kem)),
            Op::Send { by, length } => What::Sent(self.send(by, length, NOW_S)),
            Op::Burst { by, messages } => {
                let under_way = self.under_way.len();
                let result = (0..messages).try_for_each(|_| self.send(by, 5, NOW_S));
                let last = self.under_way.pop();
                self.under_way.truncate(under_way);
                self.under_way.extend(last);
                What::Sent(result)
            }
            Op::SendTooLate { by } => What::Sent(self.send(by, 3, TOO_LATE_S)),
            Op::Deliver { which, again } => {
                self.some(which).map_or(What::Done, |at| What::Read(self.deliver(at, again)))
            }
            Op::Return { which } => self.some(which).map_or(What::Done, |at| {
                let (to, message) = &self.under_way[at];
                What::Read(self.devices[1 - to].receive(message))
            }),
            Op::Misdeliver { which } => self.some(which).map_or(What::Done, |at| {
                let (to, message) = &self.under_way[at];
                let stranger = &mut self.strangers[*to];
                if stranger.record.status().is_none() {
                    let bundle = self.devices[1 - to].bundle();
                    stranger.initiate_if_possible(&bundle);
                }
                What::Read(stranger.receive(message))
            }),
            Op::Talk { messages } => {
                let mut last = What::Done;
                for at in 0..messages {
                    last = match self.send(at % 2, 1, NOW_S) {
                        Ok(()) => What::Read(self.deliver(self.under_way.len() - 1, false)),
                        Err(error) => What::Sent(Err(error)),
                    };
                }
                last
            }
            Op::Lose { which } => {
                if let Some(at) = self.some(which) {
                    self.under_way.swap_remove(at);
                }
                What::Done
            }
            Op::Restart { who } => {
                let stored = self.devices[who].record.to_bytes();
                self.devices[who].record = SessionRecord::from_bytes(&stored).unwrap();
                assert_eq!(stored, self.devices[who].record.to_bytes());
                What::Done
            }
            Op::Keep { who } => {
                self.kept[who] = self.devices[who].record.clone();
                What::Done
            }
            Op::RollBack { who } => {
                self.devices[who].record = self.kept[who].clone();
                What::Done
            }
            Op::Archive { who } => {
                self.devices[who].record.archive_current();
                What::Done
            }
            Op::ForgetPrekeys { who, replace } => {
                let Device { prekeys, local, rng, .. } = &mut self.devices[who];
                if replace {
                    for id in prekeys.one_time.keys().copied().collect::<Vec<_>>() {
                        prekeys.one_time.insert(id, OneTimePrekey::generate(id, rng));
                        prekeys.kem.insert(id, KemPrekey::generate(id, &local.key_pair, rng));
                    }
                } else {
                    prekeys.one_time.clear();
                    prekeys.kem.clear();
                }
                What::Done
            }
        };
        self.seen(what)
    }

    fn some(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.under_way.len())
    }

    fn initiate(&mut self, by: usize, one_time: bool, kem: bool) -> Result<(), InitiateError> {
        let peer = &mut self.devices[1 - by];
        let mut bundle = if one_time { peer.bundle() } else { peer.bundle_without_one_time() };
        bundle.kem_prekey = bundle.kem_prekey.filter(|_| kem);
        bundle.verify_with::<P>().unwrap();
        let Device { local, record, rng, events, .. } = &mut self.devices[by];
        record.initiate_observed(local, &bundle, NOW_S, rng, events)
    }

    fn send(&mut self, by: usize, length: usize, now_s: u64) -> Result<(), EncryptError> {
        self.sent += 1;
        let plaintext: Vec<u8> =
            self.sent.to_string().into_bytes().into_iter().cycle().take(length).collect();
        let message = self.devices[by].try_to_send(&plaintext, now_s)?;
        self.under_way.push((1 - by, message));
        Ok(())
    }

    fn deliver(&mut self, at: usize, again: bool) -> Result<Vec<u8>, DecryptError> {
        let (to, message) = self.under_way[at].clone();
        let read = self.devices[to].receive(&message);
        if !again {
            self.under_way.swap_remove(at);
        }
        read
    }

    fn seen(&mut self, what: What) -> Seen {
        let events = self.devices.iter_mut().chain(&mut self.strangers).map(|device| &mut device.events);
        let events = events.flat_map(std::mem::take).collect();
        let all = || self.devices.iter().chain(&self.strangers);
        Seen {
            what,
            statuses: all()
                .map(|device| device.record.status().map(|status| SessionStatus { id: *A_SESSION, ..status }))
                .collect(),
            archived: all().map(|device| device.record.archived_sessions()).collect(),
            events,
            next: all().map(|device| device.rng.clone().next_u64()).collect(),
            under_way: self
                .under_way
                .iter()
                .map(|(to, Ciphertext { kind, bytes })| {
                    let counter = KeyUse::of(*kind, bytes).unwrap().counter;
                    (*to, *kind, bytes.len(), counter)
                })
                .collect(),
        }
    }
}

impl<P: Provider> Device<P> {
    fn initiate_if_possible(&mut self, bundle: &PrekeyBundle) {
        let Self { local, record, rng, events, .. } = self;
        let _ = record.initiate_observed(local, bundle, NOW_S, rng, events);
    }
}

/// Every pair of newest and oldest suite that there is.
fn suites() -> impl Strategy<Value = Suites> {
    prop::sample::select(
        Suite::ALL
            .into_iter()
            .flat_map(|newest| Suite::ALL.into_iter().map(move |oldest| (newest, oldest)))
            .filter(|(newest, oldest)| oldest <= newest)
            .map(|(newest, oldest)| Suites { newest, oldest })
            .collect::<Vec<_>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_modelled_conversation_looks_like_a_real_one(
        seed in any::<u64>(),
        a in suites(),
        b in suites(),
        alike in prop::bool::weighted(0.7),
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let suites = [a, if alike { a } else { b }];
        let mut real = Conversation::<Native>::new(suites, seed);
        let mut modelled = Conversation::<Modelled>::new(suites, seed);
        let first = Op::Initiate { by: 0, one_time: true, kem: true };
        for op in std::iter::once(&first).chain(&ops) {
            prop_assert_eq!(real.run(op), modelled.run(op), "after {:?}", op);
        }
    }
}

/// Many epochs, as messages take turns, and both in every state of them.
#[test]
fn epochs_begin_and_end_at_the_same_messages() {
    let suites = [Suites::only(Suite::Triple); 2];
    let mut real = Conversation::<Native>::new(suites, 7);
    let mut modelled = Conversation::<Modelled>::new(suites, 7);
    let mut states = std::collections::BTreeSet::new();
    for op in std::iter::once(Op::Initiate { by: 0, one_time: true, kem: true })
        .chain((0..600).map(|_| Op::Talk { messages: 1 }))
        .chain((0..600).map(|at| Op::Send { by: at % 2, length: 9 }))
        .chain((0..600).rev().map(|which| Op::Deliver { which, again: false }))
        .chain((0..400).map(|_| Op::Talk { messages: 2 }))
        // Monologues, briefly answered: a whole key arrives before the peer has got much of the ciphertext.
        .chain((0..40).flat_map(|block| {
            let (by, messages) = if block % 2 == 0 { (0, 45) } else { (1, 5) };
            (0..messages)
                .flat_map(move |_| [Op::Send { by, length: 1 }, Op::Deliver { which: 0, again: false }])
        }))
    {
        let seen = real.run(&op);
        states.extend(seen.statuses.iter().flatten().map(|status| status.post_quantum.unwrap().state));
        assert_eq!(seen, modelled.run(&op));
    }
    assert_eq!(states.len(), 11, "all states were passed: {states:?}");
    let epoch = |status: SessionStatus| status.post_quantum.unwrap().chain_epoch;
    assert!(real.devices[0].record.status().map(epoch) > Some(8));
}

#[test]
fn neither_reads_what_the_other_stored() {
    let (real, _) = established_by::<Native>(Suite::Triple);
    let (modelled, _) = established_by::<Modelled>(Suite::Triple);
    let refused = |stored: &[u8]| {
        (
            SessionRecord::<Native>::from_bytes(stored).err(),
            SessionRecord::<Modelled>::from_bytes(stored).err(),
        )
    };
    let unknown = |version| Some(RecordError::UnknownFormat { version });
    assert_eq!(refused(&real.record.to_bytes()), (None, unknown(1)));
    assert_eq!(refused(&modelled.record.to_bytes()), (unknown(b'M'), None));

    let mut real = Device::<Native>::speaking(Suites::default(), 1);
    let mut modelled = Device::<Modelled>::speaking(Suites::default(), 1);
    real.bundle();
    modelled.bundle();
    assert!(KemPrekey::<Native>::from_bytes(&modelled.prekeys.kem[&1].to_bytes()).is_err());
    assert!(KemPrekey::<Modelled>::from_bytes(&real.prekeys.kem[&1].to_bytes()).is_err());
    assert!(OneTimePrekey::<Native>::from_bytes(&modelled.prekeys.one_time[&1].to_bytes()).is_err());
    assert!(OneTimePrekey::<Modelled>::from_bytes(&real.prekeys.one_time[&1].to_bytes()).is_err());
}

/// A real device refuses what a modelled one sends or publishes, and the other way round.
#[test]
fn neither_takes_the_other_for_its_own() {
    let mut real = Device::<Native>::speaking(Suites::default(), 1);
    let mut modelled = Device::<Modelled>::speaking(Suites::default(), 2);
    let (of_real, of_modelled) = (real.bundle(), modelled.bundle());
    of_real.verify().unwrap();
    assert!(of_real.verify_with::<Modelled>().is_err());
    assert!(of_modelled.verify().is_err());
    of_modelled.verify_with::<Modelled>().unwrap();

    let mut sender = Device::<Modelled>::speaking(Suites::default(), 3);
    sender.initiate(&of_modelled);
    let message = sender.send(b"hello");
    assert!(PrekeyMessage::parse(&message.bytes).is_ok(), "it has the form of a real one");
    assert!(real.receive(&message).is_err());
    assert_eq!(modelled.receive(&message).unwrap(), b"hello");
}
