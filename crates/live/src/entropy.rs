//! The operating system's entropy: the one place in the program where secrets come from.

use kernel::Seed;
use std::io;

/// A seed that nobody can guess or repeat. Each process start takes a new one, so that a party that
/// was restored from its rows never draws the same random numbers twice.
///
/// # Errors
/// The operating system has no entropy source.
#[expect(clippy::disallowed_methods, reason = "the one place where ambient randomness enters")]
pub fn entropy() -> io::Result<Seed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(Seed::from_entropy(bytes))
}
