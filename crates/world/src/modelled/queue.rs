//! What mostly has one item or none, and there are very many of.

use std::collections::VecDeque;

/// First in, first out. One item is in place, and not in memory of its own that is far away; more are.
#[derive(Debug, Clone)]
pub(crate) enum Queue<T> {
    One(Option<T>),
    /// Until it is empty.
    #[expect(clippy::box_collection, reason = "it is the queue itself that must be small")]
    More(Box<VecDeque<T>>),
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self::One(None)
    }

    pub(crate) fn push_back(&mut self, item: T) {
        match self {
            Self::One(one @ None) => *one = Some(item),
            Self::One(one) => *self = Self::More(Box::new(one.take().into_iter().chain([item]).collect())),
            Self::More(more) => more.push_back(item),
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        match self {
            Self::One(one) => one.take(),
            Self::More(more) => {
                let first = more.pop_front();
                if more.is_empty() {
                    *self = Self::One(None);
                }
                first
            }
        }
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.iter_from(0).next()
    }

    /// All but the first `skipped`.
    pub(crate) fn iter_from(&self, skipped: usize) -> impl Iterator<Item = &T> {
        let (one, more) = match self {
            Self::One(one) => (if skipped == 0 { one.as_ref() } else { None }, None),
            Self::More(more) => (None, Some(more.iter().skip(skipped))),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(one) => usize::from(one.is_some()),
            Self::More(more) => more.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Rng, Seed};

    #[test]
    fn it_is_a_queue_however_many_there_are() {
        let mut rng = Rng::for_entity(&Seed::from_number(5), "queue");
        let (mut queue, mut model) = (Queue::new(), VecDeque::new());
        for item in 0..10_000 {
            // Long and short stretches.
            if rng.below(100) < 45 + 10 * (item / 1000 % 2) {
                queue.push_back(item);
                model.push_back(item);
            } else {
                assert_eq!(queue.pop_front(), model.pop_front());
            }
            let skipped = usize::try_from(rng.below(4)).unwrap();
            assert_eq!(
                (queue.len(), queue.is_empty(), queue.front()),
                (model.len(), model.is_empty(), model.front())
            );
            assert!(queue.iter_from(skipped).eq(model.iter().skip(skipped)));
        }
        assert!(queue.len() > 1, "there were long stretches");
    }
}
