//! Any order, loss and duplication, against an obvious model: a message is readable once, while its
//! chain is among the newest five of the receiver.

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use ratchet::generic::SessionRecord;
use ratchet::{Ciphertext, DecryptError, Modelled, Native, Provider, Suite, Suites};

use crate::device::{Device, NOW_S};

#[derive(Clone, Debug)]
enum Op {
    Send {
        by: usize,
    },
    /// Deliver one of the messages under way, and perhaps leave it there to come again.
    Deliver {
        which: usize,
        again: bool,
    },
    Lose {
        which: usize,
    },
    Restart {
        who: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..2usize).prop_map(|by| Op::Send { by }),
        5 => (any::<usize>(), prop::bool::weighted(0.2))
            .prop_map(|(which, again)| Op::Deliver { which, again }),
        1 => any::<usize>().prop_map(|which| Op::Lose { which }),
        1 => (0..2usize).prop_map(|who| Op::Restart { who }),
    ]
}

struct UnderWay {
    to: usize,
    chain: usize,
    number: usize,
    message: Ciphertext,
}

/// What one side should be able to read.
#[derive(Default)]
struct Model {
    /// The chain that this side sends on: a new one after each new chain that it receives.
    sending: usize,
    /// Chains that can still be read, oldest first; `None` is the initiator's unused one.
    receiving: VecDeque<Option<usize>>,
    ever: BTreeSet<usize>,
    read: BTreeSet<usize>,
}

impl Model {
    fn expects(&mut self, chain: usize, number: usize) -> Expected {
        let new = self.ever.insert(chain);
        if new {
            self.receiving.push_back(Some(chain));
            if self.receiving.len() > 5 {
                self.receiving.pop_front();
            }
            self.sending += 1;
        }
        if !self.receiving.contains(&Some(chain)) {
            Expected::Lost
        } else if self.read.insert(number) {
            Expected::Readable
        } else {
            Expected::Duplicate
        }
    }
}

#[derive(PartialEq, Debug)]
enum Expected {
    Readable,
    Duplicate,
    Lost,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ratchet_reads_what_the_model_says(
        seed in any::<u64>(),
        suite in prop::sample::select(Suite::ALL.to_vec()),
        ops in prop::collection::vec(op(), 1..120),
    ) {
        reads_what_the_model_says::<Native>(seed, suite, &ops)?;
        reads_what_the_model_says::<Modelled>(seed, suite, &ops)?;
    }

    /// Both initiate at once, deliver in any order: in the end they understand each other.
    #[test]
    fn simultaneous_initiation_always_settles(seed in any::<u64>(), order in prop::collection::vec(any::<bool>(), 0..24)) {
        settles::<Native>(seed, &order)?;
        settles::<Modelled>(seed, &order)?;
    }
}

fn reads_what_the_model_says<P: Provider>(seed: u64, suite: Suite, ops: &[Op]) -> TestCaseResult {
    let suites = Suites::only(suite);
    let mut devices = [Device::<P>::speaking(suites, seed), Device::speaking(suites, seed ^ 1)];
    let bundle = devices[1].bundle();
    devices[0].initiate(&bundle);
    let mut models = [Model::default(), Model::default()];
    models[0].receiving.push_back(None);
    let mut under_way: Vec<UnderWay> = Vec::new();
    let mut sent = 0;

    for op in ops.iter().cloned() {
        match op {
            Op::Send { by } if devices[by].record.can_encrypt(NOW_S) => {
                let message = devices[by].send(&sent.to_string().into_bytes());
                under_way.push(UnderWay { to: 1 - by, chain: models[by].sending, number: sent, message });
                sent += 1;
            }
            Op::Deliver { which, again } if !under_way.is_empty() => {
                let at = which % under_way.len();
                let UnderWay { to, chain, number, message } = &under_way[at];
                let before = devices[*to].record.to_bytes();
                let result = devices[*to].receive(message);
                let expected = models[*to].expects(*chain, *number);
                match result {
                    Ok(plaintext) => {
                        prop_assert_eq!(expected, Expected::Readable);
                        prop_assert_eq!(plaintext, number.to_string().into_bytes());
                    }
                    Err(error) => {
                        let explained = match error {
                            DecryptError::Duplicate { .. } => Expected::Duplicate,
                            DecryptError::AuthenticationFailed | DecryptError::PostQuantum(_) => {
                                Expected::Lost
                            }
                            other => panic!("{other}"),
                        };
                        prop_assert_eq!(expected, explained);
                        prop_assert_eq!(before, devices[*to].record.to_bytes());
                    }
                }
                if !again {
                    under_way.swap_remove(at);
                }
            }
            Op::Lose { which } if !under_way.is_empty() => {
                under_way.swap_remove(which % under_way.len());
            }
            Op::Restart { who } => {
                let stored = devices[who].record.to_bytes();
                devices[who].record = SessionRecord::from_bytes(&stored).unwrap();
                prop_assert_eq!(stored, devices[who].record.to_bytes());
            }
            _ => {}
        }
    }
    Ok(())
}

fn settles<P: Provider>(seed: u64, order: &[bool]) -> TestCaseResult {
    let device = |seed| Device::<P>::speaking(Suites::default(), seed);
    let (mut a, mut b) = (device(seed), device(seed ^ 1));
    let (to_a, to_b) = (a.bundle(), b.bundle());
    a.initiate(&to_b);
    b.initiate(&to_a);
    let (mut for_a, mut for_b) = (VecDeque::from([b.send(b"b")]), VecDeque::from([a.send(b"a")]));
    for to_a in order.iter().copied() {
        let (receiver, inbox, outbox) =
            if to_a { (&mut a, &mut for_a, &mut for_b) } else { (&mut b, &mut for_b, &mut for_a) };
        if let Some(message) = inbox.pop_front() {
            receiver.receive(&message).unwrap();
        }
        outbox.push_back(receiver.send(b"more"));
    }
    while let Some(message) = for_a.pop_front() {
        a.receive(&message).unwrap();
    }
    while let Some(message) = for_b.pop_front() {
        b.receive(&message).unwrap();
    }
    prop_assert_eq!(b.receive(&a.send(b"settled?")).unwrap(), b"settled?");
    prop_assert_eq!(a.receive(&b.send(b"settled")).unwrap(), b"settled");
    Ok(())
}
