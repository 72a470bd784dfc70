//! The key chain: per epoch and direction a hash chain that gives each message its key (Double
//! Ratchet, section "Sparse Post-Quantum Ratchet").

use std::collections::VecDeque;

use super::{EpochSecret, SpqrError};
use crate::kept::Kept;
use crate::limits::MAX_SKIPPED;
use crate::provider::{FixedBytes, KeyOf, Native, Provider, Symmetric};
use crate::second_ratchet::Direction;
use crate::work::Work;

/// Deployed labels; the first has two spaces in a row.
const START: &[u8] = b"Signal PQ Ratchet V1 Chain  Start";
const ADD_EPOCH: &[u8] = b"Signal PQ Ratchet V1 Chain Add Epoch";
const NEXT: &[u8; 31] = b"Signal PQ Ratchet V1 Chain Next";

/// How far behind the newest message of its epoch one may be.
const MAX_KEPT: u32 = 2_000;

#[derive(Clone)]
pub(crate) struct KeyChain<P: Provider = Native> {
    pub(super) direction: Direction,
    pub(super) next_root: KeyOf<P>,
    /// The newest epoch: that of the last link.
    pub(super) epoch: u64,
    /// The epoch of the last key taken for sending.
    pub(super) sending_epoch: u64,
    /// One per epoch without gaps, oldest first, never empty. In boxes: what moves leaves a copy of its keys.
    pub(super) links: VecDeque<Box<Link<P>>>,
}

#[derive(Clone)]
pub(crate) struct Link<P: Provider = Native> {
    /// Gone once a later epoch is used for sending.
    pub(super) sending: Option<HashChain<P>>,
    pub(super) receiving: HashChain<P>,
    /// Of messages that were passed over.
    pub(super) kept: Kept<KeyOf<P>>,
}

#[derive(Clone)]
pub(crate) struct HashChain<P: Provider = Native> {
    /// Index of the key taken last; the first has 1.
    pub(super) counter: u32,
    pub(super) value: KeyOf<P>,
}

/// What receiving a message changes.
pub(crate) enum Received<P: Provider = Native> {
    /// A kept key is used up.
    UseKept { epoch: u64, index: u32 },
    /// The chain of an epoch moves on.
    Advance { epoch: u64, chain: HashChain<P>, passed: Option<Kept<KeyOf<P>>> },
}

impl<P: Provider> KeyChain<P> {
    /// At epoch 0, from the key agreement.
    pub(super) fn new(auth_key: &KeyOf<P>, direction: Direction) -> Self {
        let (next_root, link) = derive::<P>(None, auth_key, START, direction);
        Self { direction, next_root, epoch: 0, sending_epoch: 0, links: VecDeque::from([Box::new(link)]) }
    }

    /// Adds the epoch that the state machine has agreed on, which is always the next one.
    pub(super) fn add_epoch(&mut self, secret: &EpochSecret<P>) {
        let (next_root, link) = derive::<P>(Some(&self.next_root), &secret.secret, ADD_EPOCH, self.direction);
        self.next_root = next_root;
        // There are three of them for most of the time: growing by itself would make room for four.
        self.links.reserve_exact(1);
        self.links.push_back(Box::new(link));
        self.epoch += 1;
    }

    /// Whether a key can be taken for sending in this epoch.
    pub(super) fn can_send(&self, epoch: u64) -> bool {
        self.link(epoch).and_then(|link| link.sending.as_ref()).is_some_and(|chain| chain.counter < u32::MAX)
    }

    /// The next key for sending in an epoch, and its index. The first use of an epoch erases what
    /// sent in those before it, and drops all but one of them.
    pub(super) fn send(&mut self, epoch: u64) -> Result<(u32, KeyOf<P>), SpqrError> {
        if epoch > self.sending_epoch {
            self.sending_epoch = epoch;
            while self.oldest_epoch() + 1 < epoch && self.links.len() > 1 {
                self.links.pop_front();
            }
            let older = usize::try_from(epoch.saturating_sub(self.oldest_epoch())).unwrap_or(usize::MAX);
            for link in self.links.iter_mut().take(older) {
                link.sending = None;
            }
        }
        let at = self.place(epoch)?;
        let chain =
            self.links.get_mut(at).and_then(|link| link.sending.as_mut()).ok_or(SpqrError::UnknownEpoch)?;
        let (key, next) = chain.step().ok_or(SpqrError::ChainExhausted)?;
        *chain = next;
        Ok((chain.counter, key))
    }

    /// The key of a received message, and what changes when the message turns out to be authentic.
    pub(super) fn receive(
        &self,
        epoch: u64,
        index: u32,
        jump: u32,
        work: &mut Work,
    ) -> Result<(KeyOf<P>, Received<P>), SpqrError> {
        let link = self.link(epoch).ok_or(SpqrError::UnknownEpoch)?;
        let counter = link.receiving.counter;
        if index <= counter {
            let kept = index >= counter.saturating_sub(MAX_KEPT);
            let key = link.kept.get(index).filter(|_| kept).ok_or(SpqrError::KeyGone)?;
            return Ok((key.clone(), Received::UseKept { epoch, index }));
        }
        let steps = index.saturating_sub(counter);
        if steps > jump {
            return Err(SpqrError::TooFarAhead);
        }
        work.walk(steps).ok_or(SpqrError::TooFarAhead)?;
        let (mut key, mut chain) = link.receiving.step().ok_or(SpqrError::ChainExhausted)?;
        let oldest = index.saturating_sub(MAX_KEPT);
        if steps == 1 && link.kept.oldest().is_none_or(|at| at >= oldest) {
            return Ok((key, Received::Advance { epoch, chain, passed: None }));
        }
        let new = usize::try_from(steps.saturating_sub(1)).unwrap_or(usize::MAX).min(MAX_SKIPPED);
        let mut passed = link.kept.followed_by(new, oldest, MAX_SKIPPED);
        while chain.counter < index {
            if chain.counter >= oldest {
                passed.push(chain.counter, key);
            }
            (key, chain) = chain.step().ok_or(SpqrError::ChainExhausted)?;
        }
        Ok((key, Received::Advance { epoch, chain, passed: Some(passed) }))
    }

    pub(super) fn apply(&mut self, received: Received<P>) {
        let epoch = match &received {
            Received::UseKept { epoch, .. } | Received::Advance { epoch, .. } => *epoch,
        };
        let Some(link) = self.place(epoch).ok().and_then(|at| self.links.get_mut(at)) else { return };
        match received {
            Received::UseKept { index, .. } => link.kept.remove(index),
            Received::Advance { chain, passed, .. } => {
                if let Some(passed) = passed {
                    link.kept = passed;
                }
                link.receiving = chain;
            }
        }
    }

    pub(super) fn oldest_epoch(&self) -> u64 {
        self.epoch.saturating_sub(u64::try_from(self.links.len()).unwrap_or(u64::MAX) - 1)
    }

    pub(super) fn kept_keys(&self) -> usize {
        self.links.iter().map(|link| link.kept.len()).sum()
    }

    pub(super) fn forget_kept(&mut self) {
        self.links.iter_mut().for_each(|link| link.kept = Kept::new());
    }

    fn link(&self, epoch: u64) -> Option<&Link<P>> {
        self.links.get(self.place(epoch).ok()?).map(Box::as_ref)
    }

    fn place(&self, epoch: u64) -> Result<usize, SpqrError> {
        let at = epoch.checked_sub(self.oldest_epoch()).ok_or(SpqrError::UnknownEpoch)?;
        usize::try_from(at).map_err(|_| SpqrError::UnknownEpoch)
    }
}

impl<P: Provider> HashChain<P> {
    /// The next key, and the chain after it. `None` at the end of the counter.
    pub(super) fn step(&self) -> Option<(KeyOf<P>, Self)> {
        let counter = self.counter.checked_add(1)?;
        let mut info = [0; 4 + NEXT.len()];
        for (to, from) in info.iter_mut().zip(counter.to_be_bytes().iter().chain(NEXT)) {
            *to = *from;
        }
        let [value, key] = P::Symmetric::derive(None, &[self.value.as_bytes()], &info);
        Some((key, Self { counter, value }))
    }
}

fn derive<P: Provider>(
    salt: Option<&KeyOf<P>>,
    ikm: &KeyOf<P>,
    info: &[u8],
    direction: Direction,
) -> (KeyOf<P>, Link<P>) {
    let [next_root, forth, back] = P::Symmetric::derive(salt, &[ikm.as_bytes()], info);
    let chain = |value| HashChain { counter: 0, value };
    let (forth, back) = (chain(forth), chain(back));
    let (sending, receiving) = match direction {
        Direction::FromInitiator => (forth, back),
        Direction::FromResponder => (back, forth),
    };
    (next_root, Link { sending: Some(sending), receiving, kept: Kept::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_FORWARD_JUMP;
    use crate::provider::Key;

    fn both() -> (KeyChain, KeyChain) {
        let auth_key = Key::new(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        (
            KeyChain::new(&auth_key, Direction::FromInitiator),
            KeyChain::new(&auth_key, Direction::FromResponder),
        )
    }

    fn take(chain: &mut KeyChain, epoch: u64, index: u32) -> Result<[u8; 32], SpqrError> {
        let (key, received) = chain.receive(epoch, index, MAX_FORWARD_JUMP, &mut Work::allowed(false))?;
        chain.apply(received);
        Ok(*key)
    }

    #[test]
    fn known_answers() {
        let (mut a, mut b) = both();
        assert_eq!(
            hex::encode(*a.next_root),
            "cecef8bfcf6f9248e22dbcaf8aae953e8eda4a2525ee2aca6fdbf00ed3b671d9"
        );
        let (index, key) = a.send(0).unwrap();
        assert_eq!(
            (index, hex::encode(*key).as_str()),
            (1, "4e95e19749223cd40e0790a3f65f4265a51834cdc72602a6eab133b015ed48d9")
        );
        let (index, key) = a.send(0).unwrap();
        assert_eq!(
            (index, hex::encode(*key).as_str()),
            (2, "9b631c6f2fb62b8af5bfed5e62b63a19ea39306e8a72a458ad298fef4c18ebbc")
        );
        let (index, key) = b.send(0).unwrap();
        assert_eq!(
            (index, hex::encode(*key).as_str()),
            (1, "68a3239cc4fcb46bb4ce02eabb6d0656df3887c66ac6c8c12b49d89f80ebd844")
        );

        let (mut a, _) = both();
        let secret = super::super::authenticator::epoch_secret(1, &Key::new([0x11; 32]));
        a.add_epoch(&secret);
        let link = a.links.back().unwrap();
        assert_eq!(
            hex::encode(*a.next_root)
                + &hex::encode(*link.sending.as_ref().unwrap().value)
                + &hex::encode(*link.receiving.value),
            "6443adfd9efc8c4452158afc38e82260dbfda5e4fbfadce11c2321577e53d2ea\
             e0e6f97b2f0fd8b9dcbf05cf6b7823a677b4ca501c70bbcba94581e76b65fe8c\
             55b4b62b13ab7baca96df12b841a1c2246fda7fbd36558110aba67b47df034f4"
        );
    }

    #[test]
    fn keys_are_found_in_any_order_and_once() {
        let (mut a, mut b) = both();
        let keys: Vec<[u8; 32]> = (0..10).map(|_| *a.send(0).unwrap().1).collect();
        for index in [3, 1, 10, 2, 7, 9, 8, 4, 6, 5] {
            assert_eq!(take(&mut b, 0, index), Ok(keys[index as usize - 1]), "{index}");
            assert_eq!(take(&mut b, 0, index), Err(SpqrError::KeyGone), "{index}");
        }
    }

    #[test]
    fn two_thousand_behind_and_twenty_five_thousand_ahead() {
        let (_, mut b) = both();
        assert_eq!(take(&mut b, 0, 25_001), Err(SpqrError::TooFarAhead));
        take(&mut b, 0, 25_000).unwrap();
        assert_eq!(take(&mut b, 0, 22_999), Err(SpqrError::KeyGone));
        take(&mut b, 0, 23_000).unwrap();
        take(&mut b, 0, 25_001).unwrap();
        take(&mut b, 0, 23_001).unwrap();
        assert_eq!(b.kept_keys(), 1998);
        assert_eq!(take(&mut b, 0, 0), Err(SpqrError::KeyGone));
    }

    #[test]
    fn sending_in_an_epoch_ends_the_ones_before() {
        let (mut a, mut b) = both();
        for epoch in 1..=3u8 {
            let secret = super::super::authenticator::epoch_secret(epoch.into(), &Key::new([epoch; 32]));
            a.add_epoch(&secret);
            b.add_epoch(&secret);
        }
        assert_eq!(a.oldest_epoch(), 0);
        let (index, key) = a.send(2).unwrap();
        assert_eq!((index, a.oldest_epoch(), a.links.len()), (1, 1, 3));
        assert_eq!(take(&mut b, 2, 1), Ok(*key));
        assert!(!a.can_send(1), "erased");
        assert!(a.can_send(3));
        assert_eq!(take(&mut a, 0, 1), Err(SpqrError::UnknownEpoch));
        assert_eq!(take(&mut a, 4, 1), Err(SpqrError::UnknownEpoch));
        take(&mut a, 1, 1).unwrap();
    }
}
