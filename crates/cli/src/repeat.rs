//! The command that does again what was done, as a person types it into a shell.

use std::fmt::Display;
use std::path::Path;

/// A command of ours, word by word.
#[derive(Clone)]
pub(crate) struct Repeat(Vec<String>);

impl Repeat {
    /// `blindpost` with this subcommand.
    pub(crate) fn of(command: &str) -> Self {
        Self(vec!["blindpost".to_owned(), command.to_owned()])
    }

    /// A word that stands for itself.
    pub(crate) fn word(mut self, word: impl Display) -> Self {
        self.0.push(word.to_string());
        self
    }

    /// A flag with its value.
    pub(crate) fn with(self, flag: &str, value: impl Display) -> Self {
        self.word(flag).word(value)
    }

    /// A flag once for each value.
    pub(crate) fn with_each(self, flag: &str, values: &[impl Display]) -> Self {
        values.iter().fold(self, |command, value| command.with(flag, value))
    }

    /// A flag with the values in one word, if there are any.
    pub(crate) fn with_list(self, flag: &str, values: &[impl Display]) -> Self {
        let list: Vec<String> = values.iter().map(ToString::to_string).collect();
        if list.is_empty() { self } else { self.with(flag, list.join(",")) }
    }

    /// A flag with a file, if there is one.
    pub(crate) fn with_file(self, flag: &str, file: Option<&Path>) -> Self {
        match file {
            Some(file) => self.with(flag, file.display()),
            None => self,
        }
    }

    /// A flag without a value, if it was set.
    pub(crate) fn flag(self, flag: &str, set: bool) -> Self {
        if set { self.word(flag) } else { self }
    }

    /// As a POSIX shell takes it: words that it would not leave alone are quoted.
    pub(crate) fn told(&self) -> String {
        // No shell takes a word with a NUL, and no word of ours came with one.
        shlex::try_join(self.0.iter().map(String::as_str)).unwrap_or_else(|_| self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_that_a_shell_would_take_apart_are_quoted() {
        let command =
            Repeat::of("run").word("my day.toml").with("--seed", 7).with_each("--set", &["a=b", "c=$d"]);
        assert_eq!(command.told(), "blindpost run 'my day.toml' --seed 7 --set 'a=b' --set 'c=$d'");
        let nothing = Repeat::of("audit").with_list("--secret", &[] as &[u8]).with_file("--costs", None);
        assert_eq!(nothing.flag("--quick", true).flag("--first", false).told(), "blindpost audit --quick");
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_words_that_were_meant(words in prop::collection::vec("[^\0]{0,12}", 1..5)) {
            let command = words.iter().fold(Repeat::of("run"), |command, word| command.word(word));
            let read = shlex::split(&command.told()).unwrap();
            prop_assert_eq!(&read[2..], &words[..]);
        }
    }
}
