//! Names of other systems, for whom principals and classes are not ours.

use std::{collections::BTreeSet, sync::Mutex};

/// Bytes of a name at most. Every distinct name stays in memory for good.
const LONGEST: usize = 64;
/// Distinct names at most, of all policies that a process reads.
const MOST: usize = 10_000;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The one copy of `name` that lives as long as the process. None if it is no name: lower-case letters, digits, `_` and
/// `-`, beginning with a letter.
pub(super) fn intern(name: &str) -> Option<&'static str> {
    let first = name.bytes().next()?;
    let is_name = first.is_ascii_lowercase()
        && name.len() <= LONGEST
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    if !is_name {
        return None;
    }
    // A thread that panicked here can't have left the set half changed.
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= MOST {
        return None;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let one = intern("help-desk").unwrap();
        let other = intern(&String::from("help-desk")).unwrap();
        assert!(std::ptr::eq(one, other));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", "Help", "2fa", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(intern(name), None, "{name}");
        }
    }
}
