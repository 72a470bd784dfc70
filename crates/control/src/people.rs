//! All people: made, changed, put away and brought back.

use crate::ask::no_person;
use crate::error::{Error, Outcome};
use crate::home::{HomeError, Homes};
use crate::person::{Person, Settings};
use crate::stack::Stack;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use wire::Number;

/// So many people fit into one process, each with a store of its own.
const MOST: usize = 1_000;

/// All people who have the app.
pub(crate) struct People {
    homes: Arc<dyn Homes>,
    people: Mutex<BTreeMap<Number, Arc<Person>>>,
}

impl From<HomeError> for Error {
    fn from(error: HomeError) -> Self {
        Self::unavailable(error.0)
    }
}

impl People {
    pub(crate) fn new(homes: Arc<dyn Homes>) -> Self {
        Self { homes, people: Mutex::default() }
    }

    /// Starts the apps of all who have one.
    pub(crate) async fn resume(&self, stack: &Stack) -> Outcome<()> {
        let mut people = self.people.lock().await;
        for number in self.homes.numbers()? {
            let settings = self.homes.read(number)?.and_then(|note| serde_json::from_str(&note).ok());
            let settings = settings.unwrap_or_default();
            let person = Person::start(number, self.homes.open(number)?, settings, stack).await?;
            people.insert(number, Arc::new(person));
        }
        Ok(())
    }

    /// Ends all apps; they are there again after [`resume`](Self::resume).
    pub(crate) async fn stop(&self) {
        let people = std::mem::take(&mut *self.people.lock().await);
        for person in people.into_values() {
            end(person).await;
        }
    }

    /// Ends all apps for good.
    pub(crate) async fn clear(&self) -> Outcome<()> {
        self.stop().await;
        for number in self.homes.numbers()? {
            self.homes.clear(number)?;
        }
        Ok(())
    }

    /// Somebody gets the app.
    pub(crate) async fn add(
        &self,
        number: Number,
        settings: Settings,
        stack: &Stack,
    ) -> Outcome<Arc<Person>> {
        let mut people = self.people.lock().await;
        if people.contains_key(&number) {
            let message = format!("there is a person with the number {} already", number.digits());
            return Err(Error::conflict(message, "change them with PATCH, or DELETE them first"));
        }
        if people.len() >= MOST {
            let message = format!("there are {MOST} people");
            return Err(Error::conflict(message, "remove some with DELETE /control/v1/consumers/{number}"));
        }
        self.homes.write(number, &note(&settings))?;
        let is_online = settings.online;
        let person = Person::start(number, self.homes.open(number)?, settings, stack).await?;
        if is_online && !person.is_registered().await {
            person.stop().await;
            self.homes.clear(number)?;
            let message = format!("the number {} is another device's at the relay", number.digits());
            return Err(Error::conflict(message, "take another number"));
        }
        let person = Arc::new(person);
        people.insert(number, Arc::clone(&person));
        Ok(person)
    }

    pub(crate) async fn get(&self, number: Number) -> Outcome<Arc<Person>> {
        self.people.lock().await.get(&number).cloned().ok_or_else(|| no_person(&number.digits()))
    }

    pub(crate) async fn all(&self) -> Vec<Arc<Person>> {
        self.people.lock().await.values().cloned().collect()
    }

    /// Somebody's phone is gone.
    pub(crate) async fn remove(&self, number: Number) -> Outcome<()> {
        let mut people = self.people.lock().await;
        let person = people.remove(&number).ok_or_else(|| no_person(&number.digits()))?;
        end(person).await;
        Ok(self.homes.clear(number)?)
    }

    /// Somebody installs the app anew: other keys, and nothing that was said before.
    pub(crate) async fn reinstall(&self, number: Number, stack: &Stack) -> Outcome<Arc<Person>> {
        let mut people = self.people.lock().await;
        let person = people.remove(&number).ok_or_else(|| no_person(&number.digits()))?;
        let settings = person.settings();
        end(person).await;
        self.homes.clear(number)?;
        self.homes.write(number, &note(&settings))?;
        let is_online = settings.online;
        let person = Person::start(number, self.homes.open(number)?, settings, stack).await?;
        if is_online {
            person.is_registered().await;
        }
        let person = Arc::new(person);
        people.insert(number, Arc::clone(&person));
        Ok(person)
    }

    /// Somebody has other habits from now on.
    pub(crate) async fn change(&self, number: Number, settings: Settings) -> Outcome<Arc<Person>> {
        let person = self.get(number).await?;
        self.homes.write(number, &note(&settings))?;
        person.change(settings);
        Ok(person)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: None, reply: "none".into(), read_receipts: true, online: true }
    }
}

/// Ends an app, as soon as nobody asks it for anything any more.
async fn end(mut person: Arc<Person>) {
    loop {
        match Arc::try_unwrap(person) {
            Ok(person) => return person.stop().await,
            Err(shared) => person = shared,
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn note(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap_or_default()
}
