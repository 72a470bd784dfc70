//! All templates, by their ids, by their names, and by when something happens to them by itself.

use super::kept::{Kept, TemplateKey};
use crate::accounts::{Directory, Grant, Tenants};
use crate::register::Register;
use graph::templates::{Definition, Language, Status, TemplateName};
use graph::{TemplateId, WabaId};
use kernel::{RestoreError, Row, Time, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long the name of a template that was approved can't be used again.
pub(crate) const NAME_RESTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Over which time creations are counted.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// How many deleted templates of an account are remembered; the oldest of more can be made again sooner.
const REMEMBERED: usize = 2_500;

/// How often a throttled flow can be used in an hour.
const THROTTLED: usize = 10;

/// All templates.
#[derive(Default)]
pub(crate) struct Templates {
    kept: Register<Kept>,
    accounts: BTreeMap<TemplateId, WabaId>,
    by_name: BTreeMap<(WabaId, TemplateName, Language), TemplateId>,
    timers: BTreeSet<(Time, TemplateKey)>,
    /// When messages of templates with a throttled flow were sent in the last hour.
    throttled: BTreeMap<TemplateKey, Vec<Time>>,
}

impl Templates {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        self.kept.restore(row)
    }

    /// Every account of the file has `hello_world`, unless the API has said otherwise. Makes the indexes, too.
    pub(crate) fn follow(&mut self, tenants: &Tenants, transaction: &mut Transaction) {
        let accounts = tenants.iter().flat_map(|tenant| &tenant.accounts);
        let hellos = accounts.map(|account| Kept::hello(account.id)).map(|kept| (kept.key, kept));
        // What the API has made of one is in force, and nobody has to be told: the file says nothing of templates.
        drop(self.kept.follow(hellos.collect(), transaction));
        let all: Vec<Kept> = self.kept.iter().cloned().collect();
        all.iter().for_each(|kept| self.index(kept));
    }

    /// The template that `id` names, if `grant` opens its account.
    pub(crate) fn target(&self, id: &str, grant: &Grant, directory: &Directory) -> Option<TemplateId> {
        let kept = self.get(id.parse().ok()?)?;
        let account = directory.account(kept.key.account)?;
        grant.opens(account.portfolio, account.id).then_some(kept.key.id)
    }

    /// The one with that id, if it is there.
    pub(crate) fn get(&self, id: TemplateId) -> Option<&Kept> {
        let account = *self.accounts.get(&id)?;
        self.kept.get(TemplateKey { account, id }).filter(|kept| kept.is_there())
    }

    /// The one of that name and language, if it is there.
    pub(crate) fn named(&self, account: WabaId, name: &TemplateName, language: Language) -> Option<&Kept> {
        self.get(*self.by_name.get(&(account, name.clone(), language))?)
    }

    /// Those of an account, in the order of their ids.
    pub(crate) fn of(&self, account: WabaId) -> impl Iterator<Item = &Kept> {
        self.all_of(account).filter(|kept| kept.is_there())
    }

    /// For how long a name can't be used, if somebody deleted the template that had it.
    pub(crate) fn name_rests(
        &self,
        account: WabaId,
        name: &TemplateName,
        language: Language,
    ) -> Option<Time> {
        let of_name = self.all_of(account).filter(|kept| kept.definition.name == *name);
        let (there, gone): (Vec<_>, Vec<_>) = of_name.partition(|kept| kept.is_there());
        let rests =
            |kept: &&Kept| kept.was_approved && (there.is_empty() || kept.definition.language == language);
        gone.into_iter().filter(rests).filter_map(|kept| kept.due).max()
    }

    /// How many were made for an account since.
    pub(crate) fn made_since(&self, account: WabaId, since: Time) -> usize {
        self.all_of(account).filter(|kept| kept.created > since).count()
    }

    /// True if there is one with that id, or there was.
    pub(crate) fn knows(&self, id: TemplateId) -> bool {
        self.accounts.contains_key(&id)
    }

    /// A template is like that from now on.
    pub(crate) fn set(&mut self, kept: Kept, transaction: &mut Transaction) {
        self.unindex(kept.key);
        self.index(&kept);
        let (key, is_there) = (kept.key, kept.is_there());
        self.kept.set(key, kept, transaction);
        if !is_there {
            self.forget_oldest(key.account, transaction);
        }
    }

    /// Forgets that there was a template.
    pub(crate) fn forget(&mut self, key: TemplateKey, transaction: &mut Transaction) {
        self.unindex(key);
        self.kept.remove(key, transaction);
    }

    /// The template to which something happens by itself first, and when.
    pub(crate) fn first_due(&self) -> Option<(Time, TemplateKey)> {
        self.timers.first().copied()
    }

    /// What is kept under a key, whether it is there or there is the memory of it.
    pub(crate) fn kept(&self, key: TemplateKey) -> Option<&Kept> {
        self.kept.get(key)
    }

    /// True if a flow that is throttled can be used once more; then it is.
    pub(crate) fn use_throttled(&mut self, key: TemplateKey, now: Time) -> bool {
        let used = self.throttled.entry(key).or_default();
        used.retain(|at| *at + HOUR > now);
        let can = used.len() < THROTTLED;
        if can {
            used.push(now);
        }
        can
    }

    fn all_of(&self, account: WabaId) -> impl Iterator<Item = &Kept> {
        let from = TemplateKey { account, id: TemplateId::FIRST };
        let from_first = self.kept.starting_at(from);
        from_first.take_while(move |(key, _)| key.account == account).map(|(_, kept)| kept)
    }

    fn index(&mut self, kept: &Kept) {
        let TemplateKey { account, id } = kept.key;
        self.accounts.insert(id, account);
        if kept.is_there() {
            let Definition { name, language, .. } = &kept.definition;
            self.by_name.insert((account, name.clone(), *language), id);
        }
        self.timers.extend(kept.due.map(|due| (due, kept.key)));
    }

    fn unindex(&mut self, key: TemplateKey) {
        let Some(kept) = self.kept.get(key) else { return };
        let Definition { name, language, .. } = &kept.definition;
        let name = (key.account, name.clone(), *language);
        if self.by_name.get(&name) == Some(&key.id) {
            self.by_name.remove(&name);
        }
        if let Some(due) = kept.due {
            self.timers.remove(&(due, key));
        }
        self.accounts.remove(&key.id);
        if !kept.is_there() || kept.status == Status::Disabled {
            self.throttled.remove(&key);
        }
    }

    /// Memory has an end: of an account that deletes without end the oldest can be made again sooner.
    fn forget_oldest(&mut self, account: WabaId, transaction: &mut Transaction) {
        let gone = self.all_of(account).filter(|kept| !kept.is_there());
        let due: BTreeSet<_> = gone.filter_map(|kept| Some((kept.due?, kept.key))).collect();
        let beyond = due.len().saturating_sub(REMEMBERED);
        due.into_iter().take(beyond).for_each(|(_, key)| self.forget(key, transaction));
    }
}
