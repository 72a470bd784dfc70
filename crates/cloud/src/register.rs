//! Objects of one kind by their ids, each with its row and with who said it last: the tenants file or the API.
//!
//! What the API has changed is the node's; everything else follows the file. A torn start needs nothing else: what the
//! file says is planted again at the next one, and comes to the same.

use crate::proto::Author;
use crate::rows::Key;
use kernel::{RestoreError, Row, Table, Transaction};
use prost::Message;
use std::collections::BTreeMap;

/// What is kept in a register.
pub(crate) trait Entry: Sized {
    const TABLE: Table;
    type Id: Key;
    type Row: Message + Default + PartialEq;

    fn to_row(&self, author: Author) -> Self::Row;
    /// `None` if a field of the row can't be.
    fn from_row(id: Self::Id, row: Self::Row) -> Option<(Self, Author)>;
}

/// All objects of one kind.
pub(crate) struct Register<T: Entry> {
    entries: BTreeMap<T::Id, Kept<T>>,
}

struct Kept<T> {
    entry: T,
    revision: u64,
    author: Author,
}

/// How what the API has made of an object differs from what the file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drift {
    /// The file says something else.
    Overruled,
    /// The file named it once.
    Unnamed,
}

impl<T: Entry> Default for Register<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<T: Entry> Register<T> {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = T::Row::decode(&*row.value).map_err(|error| RestoreError::new(row, error))?;
        let id =
            T::Id::from_key(&row.key).ok_or_else(|| RestoreError::new(row, "not a key of this table"))?;
        let (entry, author) =
            T::from_row(id, stored).ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        self.entries.insert(id, Kept { entry, revision: row.at, author });
        Ok(())
    }

    pub(crate) fn get(&self, id: T::Id) -> Option<&T> {
        self.entries.get(&id).map(|kept| &kept.entry)
    }

    /// All of them, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|kept| &kept.entry)
    }

    /// Those from `first` on, in the order of their ids.
    pub(crate) fn starting_at(&self, first: T::Id) -> impl Iterator<Item = (T::Id, &T)> {
        self.entries.range(first..).map(|(id, kept)| (*id, &kept.entry))
    }

    /// True if the object is there because the API has said so: what the file says of it is not in force.
    pub(crate) fn is_of_api(&self, id: T::Id) -> bool {
        self.entries.get(&id).is_some_and(|kept| kept.author != Author::File)
    }

    /// The API says what `id` is from now on.
    pub(crate) fn set(&mut self, id: T::Id, entry: T, transaction: &mut Transaction) {
        let author = match self.entries.get(&id).map(|kept| kept.author) {
            None | Some(Author::Api) => Author::Api,
            Some(Author::File | Author::ApiOverFile) => Author::ApiOverFile,
        };
        self.write(id, entry, author, transaction);
    }

    /// Forgets what the API alone has said, and what of the file nothing needs to be remembered of.
    pub(crate) fn remove(&mut self, id: T::Id, transaction: &mut Transaction) {
        if self.entries.remove(&id).is_some() {
            transaction.remove_with(T::TABLE, || id.to_key());
        }
    }

    /// Becomes what the file says, but for what the API has changed: that is given back.
    pub(crate) fn follow(
        &mut self,
        said: BTreeMap<T::Id, T>,
        transaction: &mut Transaction,
    ) -> Vec<(T::Id, Drift)> {
        let mut drift = Vec::new();
        self.entries.retain(|id, kept| {
            let is_named = said.contains_key(id);
            match kept.author {
                Author::File if !is_named => transaction.remove_with(T::TABLE, || id.to_key()),
                Author::ApiOverFile if !is_named => drift.push((*id, Drift::Unnamed)),
                Author::File | Author::ApiOverFile | Author::Api => {}
            }
            is_named || kept.author != Author::File
        });
        for (id, entry) in said {
            let known = self.entries.get(&id);
            let is_as_said =
                known.is_some_and(|kept| kept.entry.to_row(kept.author) == entry.to_row(kept.author));
            match known.map(|kept| kept.author) {
                _ if is_as_said => {}
                None | Some(Author::File) => self.write(id, entry, Author::File, transaction),
                Some(Author::Api | Author::ApiOverFile) => drift.push((id, Drift::Overruled)),
            }
        }
        drift
    }

    fn write(&mut self, id: T::Id, entry: T, author: Author, transaction: &mut Transaction) {
        let revision = self.entries.get(&id).map_or(0, |kept| kept.revision);
        let row = || (id.to_key(), entry.to_row(author).encode_to_vec());
        let revision = transaction.swap_with(T::TABLE, revision, row);
        self.entries.insert(id, Kept { entry, revision, author });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Portfolio;
    use kernel::Machine as _;
    use proptest::prelude::*;
    use store::Shadow;

    /// What happens to a register.
    #[derive(Debug, Clone)]
    enum Act {
        /// A start, with a file that gives names to these.
        Start(BTreeMap<u8, u8>),
        /// The API gives a name.
        Set(u8, u8),
    }

    fn act() -> impl Strategy<Value = Act> {
        let (id, name) = (0..4_u8, 0..3_u8);
        prop_oneof![
            prop::collection::btree_map(id.clone(), name.clone(), 0..4).prop_map(Act::Start),
            (id, name).prop_map(|(id, name)| Act::Set(id, name)),
        ]
    }

    fn portfolio((id, name): (u8, u8)) -> (graph::PortfolioId, Portfolio) {
        let id = u64::from(id).into();
        (id, Portfolio { id, name: name.to_string() })
    }

    fn start(disk: &mut Shadow, file: BTreeMap<u8, u8>) -> (Register<Portfolio>, Vec<(u64, Drift)>) {
        let mut register = Register::default();
        let rows = disk.load(crate::Node::TABLES).unwrap();
        rows.iter().for_each(|row| register.restore(row).unwrap());
        let mut transaction = Transaction::default();
        let drift = register.follow(file.into_iter().map(portfolio).collect(), &mut transaction);
        disk.apply(transaction).unwrap();
        (register, drift.into_iter().map(|(id, drift)| (id.as_str().parse().unwrap(), drift)).collect())
    }

    proptest! {
        /// Whatever is said in whatever order: what the API has changed is the node's, everything else follows the file.
        #[test]
        fn the_api_wins_over_the_file_and_the_file_over_itself(acts in prop::collection::vec(act(), 1..12)) {
            let mut disk = Shadow::default();
            let (mut register, _) = start(&mut disk, BTreeMap::new());
            // What each is called, and whether the API has said so.
            let mut expected: BTreeMap<u8, (u8, bool)> = BTreeMap::new();
            for act in acts {
                match act {
                    Act::Start(file) => {
                        expected.retain(|_, (_, by_api)| *by_api);
                        let contradicts = |(id, name): (&u8, &u8)| {
                            expected.get(id).filter(|(own, _)| own != name).map(|_| u64::from(*id))
                        };
                        let overruled: Vec<u64> = file.iter().filter_map(contradicts).collect();
                        for (id, name) in &file {
                            expected.entry(*id).or_insert((*name, false));
                        }
                        let (started, drift) = start(&mut disk, file);
                        register = started;
                        let said = drift.iter().filter(|(_, drift)| *drift == Drift::Overruled);
                        prop_assert_eq!(said.map(|(id, _)| *id).collect::<Vec<_>>(), overruled);
                    }
                    Act::Set(id, name) => {
                        expected.insert(id, (name, true));
                        let (id, entry) = portfolio((id, name));
                        let mut transaction = Transaction::default();
                        register.set(id, entry, &mut transaction);
                        disk.apply(transaction).unwrap();
                    }
                }
                let held = register.iter().map(|of| (of.id.as_str().to_owned(), of.name.clone()));
                let wanted = expected.iter().map(|(id, (name, _))| (id.to_string(), name.to_string()));
                prop_assert_eq!(held.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn only_what_the_file_once_named_is_missed_in_it() {
        let mut disk = Shadow::default();
        let (mut register, _) = start(&mut disk, BTreeMap::from([(1, 0), (2, 0)]));
        let mut transaction = Transaction::default();
        for of_api in [(1, 7), (3, 7)] {
            let (id, entry) = portfolio(of_api);
            register.set(id, entry, &mut transaction);
        }
        disk.apply(transaction).unwrap();
        let (register, drift) = start(&mut disk, BTreeMap::new());
        assert_eq!(drift, [(1, Drift::Unnamed)]);
        let left: Vec<_> = register.iter().map(|of| of.id.as_str()).collect();
        assert_eq!(left, ["1", "3"]);
    }

    #[test]
    fn a_file_that_says_the_same_changes_nothing() {
        let mut disk = Shadow::default();
        let file = BTreeMap::from([(1, 0), (2, 0)]);
        drop(start(&mut disk, file.clone()));
        let (mut register, _) = start(&mut disk, file.clone());
        let mut transaction = Transaction::default();
        let drift = register.follow(file.into_iter().map(portfolio).collect(), &mut transaction);
        assert!(drift.is_empty() && transaction.is_empty());
    }
}
