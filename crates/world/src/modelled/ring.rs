//! What is numbered in ascending order, and mostly goes away in that order.

use std::collections::VecDeque;

/// Items by number, from 1. What was taken out leaves a gap until all before it is gone, too.
#[derive(Debug, Clone)]
pub(crate) struct Ring<T> {
    /// The number of the first.
    first: u32,
    items: VecDeque<Option<T>>,
    len: usize,
}

impl<T> Ring<T> {
    pub(crate) const fn new() -> Self {
        Self { first: 1, items: VecDeque::new(), len: 0 }
    }

    /// The number that the next one gets.
    pub(crate) fn next(&self) -> u32 {
        self.first.wrapping_add(u32::try_from(self.items.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn push(&mut self, item: T) -> u32 {
        let number = self.next();
        self.items.push_back(Some(item));
        self.len += 1;
        number
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(self.place(number)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let place = self.place(number)?;
        self.items.get_mut(place)?.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let place = self.place(number)?;
        let item = self.items.get_mut(place)?.take()?;
        self.len -= 1;
        while let Some(None) = self.items.front() {
            self.items.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        Some(item)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The oldest that is left, with its number.
    pub(crate) fn oldest(&self) -> Option<(u32, &T)> {
        self.items.front().and_then(Option::as_ref).map(|item| (self.first, item))
    }

    /// The newest that is left, with its number.
    pub(crate) fn newest(&self) -> Option<(u32, &T)> {
        let numbers = (self.first..self.next()).rev();
        numbers.zip(self.items.iter().rev()).find_map(|(number, item)| Some((number, item.as_ref()?)))
    }

    fn place(&self, number: u32) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_leaves_a_gap() {
        let mut ring = Ring::new();
        assert_eq!([ring.push('a'), ring.push('b'), ring.push('c')], [1, 2, 3]);
        assert_eq!(ring.remove(2), Some('b'));
        assert_eq!((ring.get(1), ring.get(2), ring.len()), (Some(&'a'), None, 2));
        assert_eq!(ring.newest(), Some((3, &'c')));
        assert_eq!(ring.remove(1), Some('a'));
        assert_eq!(ring.oldest(), Some((3, &'c')));
        assert_eq!((ring.remove(1), ring.remove(9), ring.push('d')), (None, None, 4));
        *ring.get_mut(4).unwrap() = 'e';
        assert_eq!((ring.remove(3), ring.oldest(), ring.next()), (Some('c'), Some((4, &'e')), 5));
        ring.push('f');
        ring.remove(5);
        assert_eq!(ring.newest(), Some((4, &'e')));
    }
}
