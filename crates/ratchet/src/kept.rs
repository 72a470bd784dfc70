//! Keys of messages that were passed over and may still arrive (Double Ratchet, section "Skipped messages").
//!
//! What moves in memory leaves a copy behind. So these stand still: a key that is used is wiped where it is, and a list
//! that gets longer is written anew, of clones, and the old one wiped in its place. A list that does not change is not
//! touched, so that a message in its turn costs nothing here.

/// Keys by their places in a chain, oldest first.
#[derive(Clone)]
pub(crate) struct Kept<K>(Vec<KeptKey<K>>);

/// The key of one message.
#[derive(Clone)]
pub(crate) struct KeptKey<K> {
    /// Its place in the chain.
    pub(crate) at: u32,
    pub(crate) key: K,
}

impl<K: Clone> Kept<K> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// From what was stored: newest first, as [`Kept::newest_first`] gave it.
    pub(crate) fn from_newest_first(mut stored: Vec<KeptKey<K>>) -> Self {
        stored.reverse();
        Self(stored)
    }

    /// These without those before `oldest`, the newest `most` of them, and room for `more`.
    pub(crate) fn followed_by(&self, more: usize, oldest: u32, most: usize) -> Self {
        let from = self.0.partition_point(|kept| kept.at < oldest).max(self.0.len().saturating_sub(most));
        let stay = self.0.get(from..).unwrap_or_default();
        let mut kept = Vec::with_capacity(stay.len() + more);
        kept.extend_from_slice(stay);
        Self(kept)
    }

    /// Adds a newer one than all; there must be room.
    pub(crate) fn push(&mut self, at: u32, key: K) {
        self.0.push(KeptKey { at, key });
    }

    pub(crate) fn get(&self, at: u32) -> Option<&K> {
        let place = self.0.binary_search_by_key(&at, |kept| kept.at).ok()?;
        self.0.get(place).map(|kept| &kept.key)
    }

    /// Wipes the key that was used.
    pub(crate) fn remove(&mut self, at: u32) {
        let Ok(place) = self.0.binary_search_by_key(&at, |kept| kept.at) else { return };
        // All that follow stay whole on their way, and what is at the end is dropped there.
        if let Some(rest) = self.0.get_mut(place..) {
            rest.rotate_left(1);
        }
        self.0.truncate(self.0.len().saturating_sub(1));
    }

    /// Wipes those before `oldest`.
    pub(crate) fn forget_before(&mut self, oldest: u32) {
        let forgotten = self.0.partition_point(|kept| kept.at < oldest);
        self.0.rotate_left(forgotten);
        self.0.truncate(self.0.len().saturating_sub(forgotten));
    }

    pub(crate) fn oldest(&self) -> Option<u32> {
        self.0.first().map(|kept| kept.at)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &KeptKey<K>> {
        self.0.iter().rev()
    }

    /// The whole of its memory, as address and length: the room at its end too.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> (usize, usize) {
        (self.0.as_ptr().addr(), self.0.capacity() * size_of::<KeptKey<K>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(kept: &Kept<u8>) -> Vec<u32> {
        kept.newest_first().map(|kept| kept.at).collect()
    }

    #[test]
    fn keys_are_found_once_and_the_oldest_go() {
        let mut kept = Kept::new();
        for at in [1, 2, 4, 7] {
            kept = kept.followed_by(1, 0, 9);
            kept.push(at, 0);
        }
        assert_eq!(places(&kept), [7, 4, 2, 1]);
        assert!(kept.get(4).is_some() && kept.get(3).is_none());
        kept.remove(4);
        kept.remove(4);
        assert_eq!(places(&kept), [7, 2, 1]);
        assert_eq!(places(&kept.followed_by(0, 2, 9)), [7, 2]);
        assert_eq!(places(&kept.followed_by(0, 0, 1)), [7]);
        let stored: Vec<_> = kept.newest_first().cloned().collect();
        let mut kept = Kept::from_newest_first(stored);
        assert_eq!(places(&kept), [7, 2, 1]);
        kept.forget_before(2);
        assert_eq!(places(&kept), [7, 2]);
        kept.forget_before(2);
        assert_eq!(places(&kept), [7, 2]);
    }
}
