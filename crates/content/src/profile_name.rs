//! The name that a person has given themselves: it travels beside their messages, from end to end, and nobody between
//! the ends knows it.

use std::fmt;

/// The longest name, in characters: as the app lets people type it.
const LONGEST: usize = 25;

/// A person's name as their profile has it: 1 to 25 characters. `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileName(String);

/// A profile can't have this name. Safe to log: the name is not in it.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("a profile's name has 1 to {LONGEST} characters")]
pub struct ProfileNameError;

impl ProfileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What another app says that its person is called: of one that is too long the beginning; `None` if it says nothing.
    pub(crate) fn of_another(name: &str) -> Option<Self> {
        let end = name.char_indices().nth(LONGEST).map_or(name.len(), |(end, _)| end);
        name.get(..end).filter(|name| !name.is_empty()).map(|name| Self(name.to_owned()))
    }
}

impl std::str::FromStr for ProfileName {
    type Err = ProfileNameError;

    fn from_str(name: &str) -> Result<Self, ProfileNameError> {
        Self::of_another(name).filter(|read| read.0 == name).ok_or(ProfileNameError)
    }
}

impl fmt::Debug for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_as_many_characters_as_the_app_lets_people_type() {
        let longest = "ü".repeat(LONGEST);
        assert_eq!(longest.parse::<ProfileName>().unwrap().as_str(), longest);
        assert_eq!("".parse::<ProfileName>(), Err(ProfileNameError));
        assert_eq!(format!("{longest}x").parse::<ProfileName>(), Err(ProfileNameError));
    }

    #[test]
    fn of_what_another_app_says_the_beginning_is_taken() {
        let name = ProfileName::of_another(&"é".repeat(1000)).unwrap();
        assert_eq!(name.as_str(), "é".repeat(LONGEST));
        assert_eq!(ProfileName::of_another(""), None);
        assert_eq!(format!("{name:?}"), "ProfileName(…)");
    }
}
