//! Identifiers that each run draws for itself.

use std::collections::BTreeMap;

/// Which name of the left run is which of the right: one for one, in the order in which they first appear.
#[derive(Clone, Debug, Default)]
pub struct Renaming {
    left: BTreeMap<Box<[u8]>, usize>,
    right: BTreeMap<Box<[u8]>, usize>,
}

impl Renaming {
    /// How many names there were so far.
    pub fn len(&self) -> usize {
        self.left.len()
    }

    /// True if there was none so far.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// True if the two are the same name, or both are new and so become the same.
    pub(super) fn agrees(&mut self, left: &[u8], right: &[u8]) -> bool {
        match (self.left.get(left), self.right.get(right)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => {
                let number = self.left.len();
                self.left.insert(left.into(), number);
                self.right.insert(right.into(), number);
                true
            }
            _ => false,
        }
    }

    /// What a name is called in a diff: `#` and its number, or `new`.
    pub(super) fn left_name(&self, name: &[u8]) -> String {
        named(self.left.get(name))
    }

    /// The same of the right run.
    pub(super) fn right_name(&self, name: &[u8]) -> String {
        named(self.right.get(name))
    }
}

fn named(number: Option<&usize>) -> String {
    number.map_or_else(|| "new".to_owned(), |number| format!("#{number}"))
}
