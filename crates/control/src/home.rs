//! Where a person's app keeps what it has.

use kernel::Rng;
use link::LinkIdentity;
use store::Store;
use wire::Number;

/// What an app has of its own.
pub struct Home {
    /// Who it is to the relay. It stays when everything else is made anew: the relay knows the number by it.
    pub identity: LinkIdentity,
    /// Its rows.
    pub store: Store,
    /// Its randomness.
    pub rng: Rng,
}

/// Why a home can't be opened or changed, for whoever made the call.
#[derive(Debug)]
pub struct HomeError(pub String);

/// The homes of all people.
pub trait Homes: Send + Sync {
    /// Who has one.
    ///
    /// # Errors
    /// They can't be read.
    fn numbers(&self) -> Result<Vec<Number>, HomeError>;

    /// Opens a person's, or makes it. Who had one before is known to the relay as the same.
    ///
    /// # Errors
    /// It can't be opened or made.
    fn open(&self, number: Number) -> Result<Home, HomeError>;

    /// Takes everything away but what the relay knows the person by. The home is closed.
    ///
    /// # Errors
    /// It can't be removed.
    fn clear(&self, number: Number) -> Result<(), HomeError>;

    /// What [`write`](Self::write) has noted; `None` if nothing is.
    ///
    /// # Errors
    /// It can't be read.
    fn read(&self, number: Number) -> Result<Option<String>, HomeError>;

    /// Notes what the control interface wants to know of a person after the next start.
    ///
    /// # Errors
    /// It can't be written.
    fn write(&self, number: Number, note: &str) -> Result<(), HomeError>;
}
