//! Licence expressions as packages write them: SPDX, or the older `MIT/Apache-2.0`.

use std::{iter::Peekable, vec::IntoIter};

/// True if an expression can be satisfied with licences that are allowed. A licence with an exception is
/// one of its own: `Apache-2.0 WITH LLVM-exception`.
pub(crate) fn allows(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut parser = Parser { words: words(expression).into_iter().peekable(), allowed };
    let result = parser.either()?;
    match parser.words.next() {
        None => Ok(result),
        Some(word) => Err(format!("`{word}` was not expected")),
    }
}

struct Parser<'a> {
    words: Peekable<IntoIter<String>>,
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    /// `a OR b`, which binds the least.
    fn either(&mut self) -> Result<bool, String> {
        let mut result = self.both()?;
        while self.words.next_if(|word| word == "OR" || word == "/").is_some() {
            result |= self.both()?;
        }
        Ok(result)
    }

    /// `a AND b`
    fn both(&mut self) -> Result<bool, String> {
        let mut result = self.one()?;
        while self.words.next_if(|word| word == "AND").is_some() {
            result &= self.one()?;
        }
        Ok(result)
    }

    /// A licence, with an exception or without, or an expression in parentheses.
    fn one(&mut self) -> Result<bool, String> {
        match self.words.next().as_deref() {
            Some("(") => {
                let result = self.either()?;
                match self.words.next().as_deref() {
                    Some(")") => Ok(result),
                    _ => Err("a parenthesis is not closed".to_owned()),
                }
            }
            None | Some(")" | "/" | "AND" | "OR" | "WITH") => Err("a licence was expected".to_owned()),
            Some(licence) => {
                if self.words.next_if(|word| word == "WITH").is_none() {
                    return Ok((self.allowed)(licence));
                }
                let exception = self.words.next().ok_or("an exception was expected")?;
                Ok((self.allowed)(&format!("{licence} WITH {exception}")))
            }
        }
    }
}

fn words(expression: &str) -> Vec<String> {
    let mut spaced = expression.to_owned();
    for mark in ["(", ")", "/"] {
        spaced = spaced.replace(mark, &format!(" {mark} "));
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mit_and_isc(expression: &str) -> Result<bool, String> {
        allows(expression, &|licence| ["MIT", "ISC"].contains(&licence))
    }

    #[test]
    fn one_of_several_is_enough() {
        for expression in ["MIT", "GPL-2.0-only OR MIT", "Apache-2.0/MIT", "Apache-2.0 / MIT"] {
            assert_eq!(with_mit_and_isc(expression), Ok(true), "{expression}");
        }
        assert_eq!(with_mit_and_isc("GPL-2.0-only OR Apache-2.0"), Ok(false));
    }

    #[test]
    fn all_that_are_joined_are_needed() {
        assert_eq!(with_mit_and_isc("MIT AND ISC"), Ok(true));
        assert_eq!(with_mit_and_isc("MIT AND Unicode-3.0"), Ok(false));
        assert_eq!(with_mit_and_isc("(MIT OR Apache-2.0) AND (Unicode-3.0 OR ISC)"), Ok(true));
        assert_eq!(with_mit_and_isc("Apache-2.0 OR MIT AND Unicode-3.0"), Ok(false));
    }

    #[test]
    fn an_exception_makes_another_licence() {
        assert_eq!(with_mit_and_isc("MIT WITH some-exception"), Ok(false));
        assert_eq!(with_mit_and_isc("MIT WITH some-exception OR ISC"), Ok(true));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND", "MIT WITH"] {
            assert!(with_mit_and_isc(expression).is_err(), "{expression}");
        }
    }
}
